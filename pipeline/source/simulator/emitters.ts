import { defocus, psfSigma } from './optics.ts';
import type { View } from './view.ts';

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
const COARSE_FROM = 1.4;
/** micrometre */
const COARSE_SPACING = 0.8;

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

/** Adds a Gaussian of total `light`, with variances in square micrometre. */
function addSpot(
  image: Float32Array,
  grid: View['grid'],
  x: number,
  y: number,
  varianceX: number,
  varianceY: number,
  light: number,
  rowShift: Float64Array | undefined,
): void {
  const { sizeX, sizeY, pixelSize } = grid;
  const column = (x - grid.x0) / pixelSize;
  const row = (y - grid.y0) / pixelSize;
  const vx = varianceX / (pixelSize * pixelSize);
  const vy = varianceY / (pixelSize * pixelSize);
  const reachX = REACH * Math.sqrt(vx);
  const reachY = REACH * Math.sqrt(vy);
  const firstRow = Math.max(0, Math.ceil(row - reachY));
  const lastRow = Math.min(sizeY - 1, Math.floor(row + reachY));
  const peak = light / (2 * Math.PI * Math.sqrt(varianceX * varianceY));
  const curve = Math.exp(-1 / vx);

  for (let j = firstRow; j <= lastRow; j++) {
    const centre = rowShift ? column - rowShift[j]! / pixelSize : column;
    const first = Math.max(0, Math.ceil(centre - reachX));
    const last = Math.min(sizeX - 1, Math.floor(centre + reachX));
    if (first > last) continue;
    // exp(-d^2 / 2v) along a row by recurrence: the ratio of neighbours is itself a geometric series.
    const d = first - centre;
    let value = peak * Math.exp(-((j - row) ** 2 / vy + (d * d) / vx) / 2);
    let ratio = Math.exp(-(2 * d + 1) / (2 * vx));
    const end = j * sizeX + last;
    for (let k = j * sizeX + first; k <= end; k++) {
      image[k]! += value;
      value *= ratio;
      ratio *= curve;
    }
  }
}

/** Broad spots and out-of-focus haze, on a grid of `COARSE_SPACING` that reaches past the field on every side. */
class CoarseLayer {
  readonly #view: View;
  readonly #grid: View['grid'];
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
    const line = new Float32Array(coarseX);
    const columns = Array.from({ length: grid.sizeX }, (_, i) =>
      catmullRom((grid.x0 + i * grid.pixelSize - x0) / COARSE_SPACING),
    );
    const from = Int32Array.from(columns, ({ first }) => first);
    const weights = Float32Array.from(columns.flatMap(({ weights }) => weights));
    for (let j = 0; j < grid.sizeY; j++) {
      const { first, weights: w } = catmullRom((grid.y0 + j * grid.pixelSize - y0) / COARSE_SPACING);
      const [w0, w1, w2, w3] = w;
      for (let i = 0, k = first * coarseX; i < coarseX; i++, k++) {
        line[i] =
          w0 * coarse[k]! + w1 * coarse[k + coarseX]! + w2 * coarse[k + 2 * coarseX]! + w3 * coarse[k + 3 * coarseX]!;
      }
      for (let i = 0, k = j * grid.sizeX; i < grid.sizeX; i++, k++) {
        const c = from[i]!;
        const v = 4 * i;
        image[k]! +=
          weights[v]! * line[c]! +
          weights[v + 1]! * line[c + 1]! +
          weights[v + 2]! * line[c + 2]! +
          weights[v + 3]! * line[c + 3]!;
      }
    }
  }
}

/** The four samples around `position`, and their weights. */
function catmullRom(position: number): { first: number; weights: [number, number, number, number] } {
  const i = Math.floor(position);
  const t = position - i;
  return {
    first: i - 1,
    weights: [
      ((2 - t) * t - 1) * t * 0.5,
      ((3 * t - 5) * t * t + 2) * 0.5,
      ((4 - 3 * t) * t + 1) * t * 0.5,
      (t - 1) * t * t * 0.5,
    ],
  };
}

/** Separable Gaussian blur, `sigma` in samples; what lies outside is dark. */
export function gaussianBlur(image: Float32Array, sizeX: number, sizeY: number, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const alongX = new Float32Array(image.length);
  const result = new Float32Array(image.length);
  for (let j = 0; j < sizeY; j++) {
    for (let i = 0; i < sizeX; i++) {
      let sum = 0;
      for (let d = Math.max(-reach, -i); d <= Math.min(reach, sizeX - 1 - i); d++) {
        sum += kernel[d + reach]! * image[j * sizeX + i + d]!;
      }
      alongX[j * sizeX + i] = sum / total;
    }
  }
  for (let j = 0; j < sizeY; j++) {
    for (let d = Math.max(-reach, -j); d <= Math.min(reach, sizeY - 1 - j); d++) {
      const weight = kernel[d + reach]! / total;
      for (let i = 0, k = j * sizeX, source = (j + d) * sizeX; i < sizeX; i++, k++, source++) {
        result[k]! += weight * alongX[source]!;
      }
    }
  }
  return result;
}

/** Light of one micrometre of a thread of standard deviation `sigma` whose image in focus peaks at 1. */
export function lightPerMicrometre(sigma: number, view: Pick<View, 'optics'>): number {
  return Math.sqrt(2 * Math.PI * (sigma * sigma + psfSigma(view.optics) ** 2));
}
