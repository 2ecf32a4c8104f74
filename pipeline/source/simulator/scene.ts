import type { View } from './view.ts';

/** A structure of the truth, at one time. */
export interface SceneObject {
  readonly id: string;
  readonly kind: 'mitochondrion' | 'nucleus' | 'membrane' | 'bead' | 'rod' | 'red cell' | 'white cell';
  /** Which one of its kind: `neutrophil`. */
  readonly label?: string;
  /** Along its middle, or its outline: x0, y0, x1, y1 ... in micrometre, in the scene's own frame (without the stage). */
  readonly path: Float32Array;
  /** micrometre */
  readonly radius: number;
  /** Intensity relative to the reference structure, whose image in focus peaks at 1. */
  readonly brightness: number;
  /** micrometre above the middle plane of the specimen */
  readonly z: number;
}

/** Something that happens to objects of the truth. */
export interface SceneEvent {
  readonly kind: 'fission' | 'fusion';
  /** second */
  readonly time: number;
  readonly x: number;
  readonly y: number;
  readonly ids: readonly string[];
}

/** What lies under the microscope: a pure function of time, the same for the same seed. */
export interface Scene {
  readonly name: string;
  readonly samplesPerPixel: 1 | 3;
  /**
   * Noise-free intensity on `view.grid`, row-major, samples interleaved. Fluorescence: 1 is the peak of the reference
   * structure in focus. Transmitted light (3 samples): 1 is the empty field.
   */
  render(view: View): Float32Array;
  objects(time: number): readonly SceneObject[];
  /** Events with from <= time < to, in order. */
  events(from: number, to: number): readonly SceneEvent[];
}
