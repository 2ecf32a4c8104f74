/**
 * From raw samples to the screen and back. Screen lengths are CSS pixels unless a name says `device`.
 */

/** What part of the picture is looked at. `centre` is a position in raw samples; `zoom` is CSS pixels per raw sample. */
export interface View {
  readonly centreX: number;
  readonly centreY: number;
  readonly zoom: number;
}

/** A rectangle of the stage that shows the view around its own middle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const MIN_ZOOM = 0.02;
export const MAX_ZOOM = 64;

const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export function toScreen(view: View, box: Box, at: Point): Point {
  return {
    x: box.x + box.width / 2 + (at.x - view.centreX) * view.zoom,
    y: box.y + box.height / 2 + (at.y - view.centreY) * view.zoom,
  };
}

export function toRaw(view: View, box: Box, screen: Point): Point {
  return {
    x: view.centreX + (screen.x - box.x - box.width / 2) / view.zoom,
    y: view.centreY + (screen.y - box.y - box.height / 2) / view.zoom,
  };
}

/** The whole picture, centred. */
export function fit(box: Box, sizeX: number, sizeY: number): View {
  return {
    centreX: (sizeX - 1) / 2,
    centreY: (sizeY - 1) / 2,
    zoom: within(Math.min(box.width / sizeX, box.height / sizeY), MIN_ZOOM, MAX_ZOOM),
  };
}

/** Zooms so that the point of the picture under `screen` stays under it. */
export function zoomAbout(view: View, box: Box, screen: Point, factor: number): View {
  const zoom = within(view.zoom * factor, MIN_ZOOM, MAX_ZOOM);
  const held = toRaw(view, box, screen);
  return {
    centreX: held.x - (screen.x - box.x - box.width / 2) / zoom,
    centreY: held.y - (screen.y - box.y - box.height / 2) / zoom,
    zoom,
  };
}

/** Moves by screen pixels, and never so far that the middle of the box leaves the picture. */
export function pan(view: View, by: Point, sizeX: number, sizeY: number): View {
  return {
    centreX: within(view.centreX - by.x / view.zoom, -0.5, sizeX - 0.5),
    centreY: within(view.centreY - by.y / view.zoom, -0.5, sizeY - 0.5),
    zoom: view.zoom,
  };
}

/** How a drawn pane samples the picture, in device pixels from the top left of the canvas. */
export interface Mapping {
  /** Where the top left corner of raw sample (0, 0) lies; whole numbers, so that pixels stay crisp. */
  readonly originX: number;
  readonly originY: number;
  /** Device pixels per raw sample. */
  readonly scale: number;
}

export function mappingOf(view: View, box: Box, devicePixelRatio: number): Mapping {
  const scale = view.zoom * devicePixelRatio;
  return {
    originX: Math.round((box.x + box.width / 2) * devicePixelRatio - (view.centreX + 0.5) * scale),
    originY: Math.round((box.y + box.height / 2) * devicePixelRatio - (view.centreY + 0.5) * scale),
    scale,
  };
}
