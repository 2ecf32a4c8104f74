/**
 * Percentiles (0..100) of `values` with numpy's `linear` interpolation between ranks. Hoare's selection on a copy: linear
 * time, where sorting four million pixels would hold up the thread. `values` must not be empty.
 */
export function percentiles(values: Float32Array, percents: readonly number[]): number[] {
  const scratch = values.slice();
  return percents.map((percent) => {
    const rank = ((scratch.length - 1) * percent) / 100;
    const below = Math.floor(rank);
    const low = select(scratch, below);
    if (rank === below) return low;
    let high = Infinity; // After selection everything to the right is at least `low`; the next rank is its smallest.
    for (let i = below + 1; i < scratch.length; i++) if (scratch[i] < high) high = scratch[i];
    return low + (high - low) * (rank - below);
  });
}

/** The value of rank `rank`; reorders `values` so that smaller ones are to its left. */
function select(values: Float32Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[(left + right) >>> 1];
    let i = left;
    let j = right;
    while (i <= j) {
      while (values[i] < pivot) i += 1;
      while (values[j] > pivot) j -= 1;
      if (i <= j) {
        const swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank];
}
