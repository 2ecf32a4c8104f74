/** How the logits of a classifier become probabilities and an energy, with the temperature of its package. */

/** exp(z / T) / sum of exp(z / T): temperature scaling (Guo et al., ICML 2017). Sum 1. */
export function probabilitiesOf(logits: ArrayLike<number>, temperature: number): number[] {
  const highest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (value) => Math.exp((value - highest) / temperature));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** T ln(sum of exp(z / T)), the free energy of Liu et al. (NeurIPS 2020) with its sign turned: low for the unknown. */
export function energyOf(logits: ArrayLike<number>, temperature: number): number {
  const highest = Math.max(...Array.from(logits));
  const sum = Array.from(logits).reduce((total, value) => total + Math.exp((value - highest) / temperature), 0);
  return highest + temperature * Math.log(sum);
}
