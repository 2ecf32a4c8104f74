import type { Optics } from './optics.ts';

/**
 * Where a picture is sampled. Positions are in micrometre, x to the right and y down, with the origin at the middle of the
 * field. Sample (column i, row j) is centred at (x0 + i * pixelSize, y0 + j * pixelSize).
 */
export interface Grid {
  readonly sizeX: number;
  readonly sizeY: number;
  /** micrometre */
  readonly pixelSize: number;
  /** Centre of the first sample, micrometre. */
  readonly x0: number;
  readonly y0: number;
  /** Widths over which a sample integrates light, micrometre: a camera pixel both ways, a scanned point only along its line. */
  readonly apertureX: number;
  readonly apertureY: number;
}

/** How a scene is looked at. */
export interface View {
  readonly grid: Grid;
  readonly optics: Optics;
  /** Scene time in second at which the height y (micrometre) is read: a scan comes to lower lines later. */
  readonly timeAt: (y: number) => number;
  /** Where the stage stands, micrometre: added to the position of everything in the scene. */
  readonly stage: { readonly x: number; readonly y: number; readonly z: number };
  /** How far to the right of its place each row is read, micrometre; absent = nowhere. */
  readonly rowShift?: Float64Array;
}

/** The grid of twice as many samples each way: sample k of `grid` is sample 2k of it. */
export function gridTwiceAsFine(grid: Grid): Grid {
  return {
    ...grid,
    sizeX: grid.sizeX * 2,
    sizeY: grid.sizeY * 2,
    pixelSize: grid.pixelSize / 2,
    apertureX: grid.apertureX / 2,
    apertureY: grid.apertureY / 2,
  };
}

/** A rectangle in the scene, micrometre. */
export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The part of the scene that can send light into the view, haze included. */
export function boundsOfField({ grid, optics, stage }: View): Bounds {
  const reach = 3 * optics.outOfFocusSigma;
  const left = grid.x0 - stage.x;
  const top = grid.y0 - stage.y;
  return {
    left: left - reach,
    right: left + grid.sizeX * grid.pixelSize + reach,
    top: top - reach,
    bottom: top + grid.sizeY * grid.pixelSize + reach,
  };
}

export function overlap(a: Bounds, b: Bounds): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
