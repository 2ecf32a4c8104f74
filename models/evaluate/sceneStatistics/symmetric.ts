/** A symmetric matrix as rows. */
export type Matrix = readonly Float64Array[];

/** Off-diagonal rest, over the diagonal, at which a matrix counts as diagonal. */
const DIAGONAL = 1e-24;
const SWEEPS = 60;
/** Eigenvalues below this share of the largest count as zero. */
const LEAST_EIGENVALUE = 1e-12;

/** v' A+ v, where A+ is the pseudo-inverse of a symmetric A: by Jacobi's rotations. */
export function inverseForm(matrix: Matrix, vector: Float64Array): number {
  const { values, vectors } = eigen(matrix);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let sum = 0;
  for (const [k, value] of values.entries()) {
    if (Math.abs(value) <= LEAST_EIGENVALUE * largest) continue;
    let along = 0;
    for (let i = 0; i < vector.length; i++) along += vectors[i][k] * vector[i];
    sum += along ** 2 / value;
  }
  return sum;
}

/** Eigenvalues, and eigenvectors in columns. */
function eigen(matrix: Matrix): { values: Float64Array; vectors: Float64Array[] } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const vectors = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let [off, on] = [0, 0];
    for (let p = 0; p < n; p++) {
      on += a[p][p] ** 2;
      for (let q = p + 1; q < n; q++) off += a[p][q] ** 2;
    }
    if (off <= DIAGONAL * on) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  }
  return { values: Float64Array.from(a, (row, i) => row[i]), vectors };
}

/** Brings a[p][q] to zero (Golub and Van Loan, Matrix Computations, 8.5). */
function rotate(a: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  if (a[p][q] === 0) return;
  const tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (const row of [...a, ...vectors]) {
    const [x, y] = [row[p], row[q]];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[p][k], a[q][k]];
    a[p][k] = c * x - s * y;
    a[q][k] = s * x + c * y;
  }
}
