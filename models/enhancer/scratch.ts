/** Memory that is reused while the length asked for stays the same. */
export function createScratch<T>(allocate: (length: number) => T): (length: number) => T {
  let length = -1;
  let memory: T;
  return (wanted) => {
    if (wanted !== length) memory = allocate(wanted);
    length = wanted;
    return memory;
  };
}
