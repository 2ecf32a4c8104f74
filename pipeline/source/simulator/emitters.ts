import { defocus, psfSigma } from './optics.ts';
import type { Grid, View } from './view.ts';

/**
 * Renders fluorescent structures that are made of Gaussian spots. A Gaussian seen through a Gaussian point spread function
 * is a Gaussian, so each spot is drawn with its final width straight onto the samples: no fine grid, no resampling, and the
 * same scene can be drawn exactly on any grid.
 */

/**
 * Adds one spot: centre and standard deviation in micrometre, z above the specimen's middle plane, and its light in
 * intensity times square micrometre (the peak in focus is `light / (2 pi sigma^2)` with the final sigma).
 */
export type Brush = (x: number, y: number, z: number, sigma: number, light: number) => void;

/** Beyond this many standard deviations a spot is not drawn. */
const REACH = 4;
/** Spots this wide, in units of `COARSE_SPACING`, are drawn on the coarse grid. */
const COARSE_FROM = 1;
/** micrometre */
const COARSE_SPACING = 1.2;

/** The light of everything that `draw` paints, as intensity on `view.grid`, row-major. */
export function renderEmitters(draw: (brush: Brush) => void, view: View): Float32Array {
  const { grid, optics, stage, rowShift } = view;
  const image = new Float32Array(grid.sizeX * grid.sizeY);
  const coarse = new CoarseLayer(view);
  const apertureX = grid.apertureX ** 2 / 12;
  const apertureY = grid.apertureY ** 2 / 12;
  // Most spots share the focus of their neighbours: the optics are worked out once for each new z.
  let lastZ = NaN;
  let seen = defocus(optics, 0);

  draw((sceneX, sceneY, sceneZ, sigma, light) => {
    if (sceneZ !== lastZ) {
      lastZ = sceneZ;
      seen = defocus(optics, sceneZ + stage.z);
    }
    const x = sceneX + stage.x;
    const y = sceneY + stage.y;
    coarse.haze(x, y, light);
    const variance = sigma * sigma + seen.variance;
    if (variance >= (COARSE_FROM * COARSE_SPACING) ** 2) coarse.spot(x, y, variance, light * seen.transmitted);
    else
      addSpot(image, view.grid, x, y, variance + apertureX, variance + apertureY, light * seen.transmitted, rowShift);
  });
  coarse.addTo(image);
  return image;
}

/** exp(-u) for 0 <= u < `END` in steps of 1 / `STEPS`: corrected to first order, within 1e-5. */
const END = REACH ** 2 / 2;
const STEPS = 256;
const DECAY = Float64Array.from({ length: END * STEPS + 1 }, (_, i) => Math.exp(-i / STEPS));

/** Adds a Gaussian of total `light`, with variances in square micrometre. */
function addSpot(
  image: Float32Array,
  grid: Grid,
  x: number,
  y: number,
  varianceX: number,
  varianceY: number,
  light: number,
  rowShift: Float64Array | undefined,
): void {
  const { sizeX, pixelSize } = grid;
  const column = (x - grid.x0) / pixelSize;
  const row = (y - grid.y0) / pixelSize;
  // Exponents in steps of the table, per squared pixel.
  const scaleX = (STEPS * pixelSize * pixelSize) / (2 * varianceX);
  const scaleY = (STEPS * pixelSize * pixelSize) / (2 * varianceY);
  const end = END * STEPS;
  const peak = light / (2 * Math.PI * Math.sqrt(varianceX * varianceY));
  const reachY = Math.sqrt(end / scaleY);
  const firstRow = Math.max(0, Math.ceil(row - reachY));
  const lastRow = Math.min(grid.sizeY - 1, Math.floor(row + reachY));

  for (let j = firstRow; j <= lastRow; j++) {
    const down = (j - row) * (j - row) * scaleY;
    const centre = rowShift === undefined ? column : column - rowShift[j]! / pixelSize;
    const reachX = Math.sqrt(Math.max(0, end - down) / scaleX);
    const first = Math.max(0, Math.ceil(centre - reachX));
    const last = Math.min(sizeX - 1, Math.floor(centre + reachX));
    for (let i = first, k = j * sizeX + first; i <= last; i++, k++) {
      const exponent = down + (i - centre) * (i - centre) * scaleX;
      const step = exponent | 0;
      image[k]! += peak * DECAY[step]! * (1 - (exponent - step) / STEPS);
    }
  }
}

/** Broad spots and out-of-focus haze, on a grid of `COARSE_SPACING` that reaches past the field on every side. */
class CoarseLayer {
  readonly #view: View;
  readonly #grid: Grid;
  readonly #spots: Float32Array;
  readonly #hazeLight: Float32Array;

  constructor(view: View) {
    const { grid, optics } = view;
    this.#view = view;
    const margin = Math.ceil((3 * optics.outOfFocusSigma) / COARSE_SPACING) + 2;
    this.#grid = {
      sizeX: Math.ceil((grid.sizeX * grid.pixelSize) / COARSE_SPACING) + 2 * margin,
      sizeY: Math.ceil((grid.sizeY * grid.pixelSize) / COARSE_SPACING) + 2 * margin,
      pixelSize: COARSE_SPACING,
      x0: grid.x0 - margin * COARSE_SPACING,
      y0: grid.y0 - margin * COARSE_SPACING,
      apertureX: 0,
      apertureY: 0,
    };
    this.#spots = new Float32Array(this.#grid.sizeX * this.#grid.sizeY);
    this.#hazeLight = new Float32Array(this.#spots.length);
  }

  spot(x: number, y: number, variance: number, light: number): void {
    addSpot(this.#spots, this.#grid, x, y, variance, variance, light, undefined);
  }

  /** Leaves light for the out-of-focus blur, shared between the four nearest samples. */
  haze(x: number, y: number, light: number): void {
    const { sizeX, sizeY, x0, y0 } = this.#grid;
    const column = (x - x0) / COARSE_SPACING;
    const row = (y - y0) / COARSE_SPACING;
    const i = Math.floor(column);
    const j = Math.floor(row);
    if (i < 0 || j < 0 || i + 1 >= sizeX || j + 1 >= sizeY) return;
    const right = column - i;
    const down = row - j;
    const at = j * sizeX + i;
    this.#hazeLight[at]! += light * (1 - right) * (1 - down);
    this.#hazeLight[at + 1]! += light * right * (1 - down);
    this.#hazeLight[at + sizeX]! += light * (1 - right) * down;
    this.#hazeLight[at + sizeX + 1]! += light * right * down;
  }

  addTo(image: Float32Array): void {
    const { optics } = this.#view;
    const { sizeX, sizeY } = this.#grid;
    const sum = this.#spots;
    if (optics.outOfFocusShare > 0) {
      const blurred = gaussianBlur(this.#hazeLight, sizeX, sizeY, optics.outOfFocusSigma / COARSE_SPACING);
      const scale = optics.outOfFocusShare / COARSE_SPACING ** 2;
      for (let k = 0; k < sum.length; k++) sum[k]! += scale * blurred[k]!;
    }
    this.#upsampleInto(image, sum);
  }

  /** Catmull-Rom interpolation: down the columns first, then along the rows. */
  #upsampleInto(image: Float32Array, coarse: Float32Array): void {
    const { grid } = this.#view;
    const { sizeX: coarseX, x0, y0 } = this.#grid;
    const across = catmullRom(grid.sizeX, (grid.x0 - x0) / COARSE_SPACING, grid.pixelSize / COARSE_SPACING);
    const down = catmullRom(grid.sizeY, (grid.y0 - y0) / COARSE_SPACING, grid.pixelSize / COARSE_SPACING);
    const line = new Float32Array(coarseX);
    for (let j = 0; j < grid.sizeY; j++) {
      line.fill(0);
      for (let n = 0; n < 4; n++) {
        const weight = down.weights[4 * j + n]!;
        const row = (down.first[j]! + n) * coarseX;
        for (let i = 0; i < coarseX; i++) line[i]! += weight * coarse[row + i]!;
      }
      const { first, weights } = across;
      for (let i = 0, w = 0, k = j * grid.sizeX; i < grid.sizeX; i++, w += 4, k++) {
        const c = first[i]!;
        image[k]! +=
          weights[w]! * line[c]! +
          weights[w + 1]! * line[c + 1]! +
          weights[w + 2]! * line[c + 2]! +
          weights[w + 3]! * line[c + 3]!;
      }
    }
  }
}

/** For samples at `start + i * step`: the first of the four neighbours of each, and their weights. */
function catmullRom(count: number, start: number, step: number): { first: Int32Array; weights: Float64Array } {
  const first = new Int32Array(count);
  const weights = new Float64Array(4 * count);
  for (let i = 0; i < count; i++) {
    const position = start + i * step;
    const t = position - Math.floor(position);
    first[i] = Math.floor(position) - 1;
    weights[4 * i] = (((2 - t) * t - 1) * t) / 2;
    weights[4 * i + 1] = ((3 * t - 5) * t * t + 2) / 2;
    weights[4 * i + 2] = (((4 - 3 * t) * t + 1) * t) / 2;
    weights[4 * i + 3] = ((t - 1) * t * t) / 2;
  }
  return { first, weights };
}

/** Separable Gaussian blur, `sigma` in samples; what lies outside is dark. */
export function gaussianBlur(image: Float32Array, sizeX: number, sizeY: number, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const alongX = new Float32Array(image.length);
  const result = new Float32Array(image.length);
  for (let d = -reach; d <= reach; d++) {
    const weight = kernel[d + reach]! / total;
    const first = Math.max(0, -d);
    const last = Math.min(sizeX, sizeX - d);
    for (let j = 0; j < sizeY; j++) {
      const row = j * sizeX;
      for (let i = row + first; i < row + last; i++) alongX[i]! += weight * image[i + d]!;
    }
  }
  for (let d = -reach; d <= reach; d++) {
    const weight = kernel[d + reach]! / total;
    const first = Math.max(0, -d) * sizeX;
    const last = Math.min(sizeY, sizeY - d) * sizeX;
    for (let k = first; k < last; k++) result[k]! += weight * alongX[k + d * sizeX]!;
  }
  return result;
}

/** Light of one micrometre of a thread of standard deviation `sigma` whose image in focus peaks at 1. */
export function lightPerMicrometre(sigma: number, view: Pick<View, 'optics'>): number {
  return Math.sqrt(2 * Math.PI * (sigma * sigma + psfSigma(view.optics) ** 2));
}
