/**
 * What is to be drawn, as plain data. A renderer draws a scene and knows nothing of the page.
 */

import type { Lut } from './lut.ts';
import type { Picture } from './picture.ts';
import type { Mapping } from './viewport.ts';

export type Showing = 'raw' | 'enhanced' | 'difference';

/** One channel: its pictures and how its intensities become colours. Layers add up. */
export interface Layer {
  readonly raw: Picture;
  readonly enhanced?: Picture | undefined;
  /** Raw intensities shown as the first and the last colour of the table. */
  readonly window: readonly [low: number, high: number];
  /** Applied after the window: shown = t ^ gamma. */
  readonly gamma: number;
  readonly lut: Lut;
  /** One byte a raw pixel: 1 where the prediction disagrees with raw beyond noise. Hatched over predicted pixels. */
  readonly flags?: Uint8Array | undefined;
}

/** A rectangle of the canvas, in device pixels from its top left. */
export interface Pane {
  readonly showing: Showing;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly mapping: Mapping;
}

export interface Scene {
  /** Device pixels. */
  readonly width: number;
  readonly height: number;
  readonly panes: readonly Pane[];
  readonly layers: readonly Layer[];
  /** `smooth`: Catmull-Rom between samples, area means when there are more samples than pixels. `exact`: nearest sample. */
  readonly sampling: 'smooth' | 'exact';
  /** Paints saturated raw pixels red and pixels at zero blue. */
  readonly highlightLimits: boolean;
  /** Raw intensity from which on a pixel counts as saturated. */
  readonly saturatedFrom: number;
  /** Raw intensity difference at the ends of the diverging table. */
  readonly differenceRange: number;
  /** 0..255 each, where there is no picture. */
  readonly background: readonly [number, number, number];
}

/** Draws scenes on one canvas. */
export interface Renderer {
  readonly kind: 'webgl2' | 'canvas2d';
  /** There is no GPU, or none for this page: a processor computes every pixel. */
  readonly onProcessor: boolean;
  draw(scene: Scene): void;
  dispose(): void;
}

/** Position of a layer's value between its window's ends, 0..1, with gamma: the definition that every renderer follows. */
export function shade(intensity: number, window: readonly [number, number], gamma: number): number {
  const width = Math.max(window[1] - window[0], 1e-6);
  return Math.min(Math.max((intensity - window[0]) / width, 0), 1) ** gamma;
}

/** Colours of limits, 0..255. */
export const SATURATED_COLOUR = [255, 64, 64] as const;
export const FLAG_COLOUR = [232, 176, 79] as const;
export const ZERO_COLOUR = [64, 110, 255] as const;
