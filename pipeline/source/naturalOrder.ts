const collator = new Intl.Collator('en', { numeric: true });

/** Orders names as a person would: `frame2` before `frame10`. Names that differ only in leading zeros keep a fixed order too. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
