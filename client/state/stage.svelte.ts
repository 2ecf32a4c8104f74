/**
 * The stage that the image stands on: its size, what part of the picture it shows, and in how many panes.
 */

import { fit, pan, zoomAbout, type Box, type Point, type View } from '../draw/viewport.ts';
import { CanvasDensity } from './canvasDensity.ts';
import type { Display } from './display.svelte.ts';

export class Stage {
  /** CSS pixels. */
  width = $state(1);
  height = $state(1);
  devicePixelRatio = $state(1);
  /** Canvas pixels per screen pixel while pictures move, 0.5 to 1. */
  density = $state(1);
  /** A processor draws the picture. */
  onProcessor = $state(false);
  /** Raw samples of the picture on show. */
  sizeX = $state(1);
  sizeY = $state(1);

  readonly #display: Display;
  readonly #density = new CanvasDensity();

  constructor(display: Display) {
    this.#display = display;
  }

  get sideBySide(): boolean {
    return this.#display.settings.comparison === 'side';
  }

  /** The boxes that each show the view around their own middle: one, or two side by side. */
  boxes: readonly Box[] = $derived.by(() => {
    const { width, height } = this;
    if (!this.sideBySide) return [{ x: 0, y: 0, width, height }];
    if (width >= height) {
      const half = Math.floor(width / 2);
      return [
        { x: 0, y: 0, width: half, height },
        { x: half, y: 0, width: width - half, height },
      ];
    }
    const half = Math.floor(height / 2);
    return [
      { x: 0, y: 0, width, height: half },
      { x: 0, y: half, width, height: height - half },
    ];
  });

  view: View = $derived.by(() => {
    const { zoom, centreX, centreY } = this.#display.settings;
    return zoom === 0 ? fit(this.boxes[0]!, this.sizeX, this.sizeY) : { zoom, centreX, centreY };
  });

  /** CSS pixels, and device pixels for one of them. */
  resized(width: number, height: number, devicePixelRatio: number): void {
    this.width = width;
    this.height = height;
    this.devicePixelRatio = devicePixelRatio;
    this.#density.restart();
    this.density = 1;
  }

  /** A frame of a stream was painted, after so many that were passed over for this viewer. */
  painted(missed: number, nowMs: number): void {
    if (!this.onProcessor) return;
    this.#density.painted(missed, nowMs);
    this.density = this.#density.value;
  }

  /** The box under a point of the stage. */
  boxAt(screen: Point): Box {
    const [first, second] = this.boxes;
    return second && screen.x >= second.x && screen.y >= second.y ? second : first!;
  }

  zoomAbout(screen: Point, factor: number): void {
    this.#look(zoomAbout(this.view, this.boxAt(screen), screen, factor));
  }

  /** About the middle of the stage. */
  zoomBy(factor: number): void {
    const box = this.boxes[0]!;
    this.zoomAbout({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, factor);
  }

  /** CSS pixels. */
  panBy(by: Point): void {
    this.#look(pan(this.view, by, this.sizeX, this.sizeY));
  }

  fit(): void {
    this.#display.change({ zoom: 0 });
  }

  /** One sample of a picture of this magnification on one device pixel. */
  oneToOne(magnification: number): void {
    this.#look({ ...this.view, zoom: magnification / this.devicePixelRatio });
  }

  #look(view: View): void {
    this.#display.change({ zoom: view.zoom, centreX: view.centreX, centreY: view.centreY });
  }
}
