/** A frame as people are shown it outside the viewer: with time, scale bar, and the mark of predicted pixels burnt in. */

import { toGrey, windowOf } from '../picture.ts';
import type { ReadPlane, RecordedSession, Which } from '../review.ts';
import { GLYPH_HEIGHT } from './bitmapFont.ts';
import {
  type Colour,
  drawText,
  emptyPicture,
  fillRectangle,
  paste,
  type RgbPicture,
  textWidth,
  WHITE,
} from './drawing.ts';
import type { SelectedFrame } from './selection.ts';

/** The colour of predicted pixels' mark. */
const PREDICTED: Colour = [255, 176, 32];
/** Pixels of the shown picture for one pixel of the font, at least 1. */
const PIXELS_PER_FONT_PIXEL = 256;
/** The scale bar is the longest round length of at most this share of the width. */
const MAX_BAR_SHARE = 0.3;

/** What is the same for all pictures of an export. */
export interface PictureStyle {
  readonly which: readonly Which[];
  /** Raw intensities shown as black and white, so that brightness can be compared from frame to frame. */
  readonly window: readonly [number, number];
  /** Size of one panel, pixels: that of the largest plane, so that all frames have one size. */
  readonly panelWidth: number;
  readonly panelHeight: number;
  /** Shown pixels per raw pixel. */
  readonly magnification: number;
  readonly startMs: number;
}

/** The style for a selection: the window of its first frame, the size of the largest enhanced plane. */
export async function styleFor(
  session: RecordedSession,
  selected: readonly SelectedFrame[],
  which: readonly Which[],
  window?: readonly [number, number],
): Promise<PictureStyle> {
  const { sizeX, sizeY } = session.acquisition;
  const magnifications = which.includes('enhanced')
    ? session.images.map((name) => session.image(name)?.magnification ?? 1)
    : [1];
  const magnification = Math.max(...magnifications);
  const first = selected[0] && (await session.planeOf(selected[0].entry.sequence, 'raw'));
  return {
    which,
    window: window ?? (first ? windowOf(first.plane) : [0, 1]),
    panelWidth: sizeX * magnification,
    panelHeight: sizeY * magnification,
    magnification,
    startMs: selected[0]?.entry.arrivedMs ?? 0,
  };
}

/** The panels of a frame side by side. A frame that has no enhanced pixels shows raw ones there, and says so. */
export async function framePicture(
  session: RecordedSession,
  { entry }: SelectedFrame,
  style: PictureStyle,
): Promise<RgbPicture> {
  const { panelWidth, panelHeight, which } = style;
  const picture = emptyPicture(panelWidth * which.length, panelHeight);
  const size = Math.max(1, Math.floor(panelWidth / PIXELS_PER_FONT_PIXEL));
  const margin = 3 * size;
  const row = session.row(entry.sequence);
  const raw = await session.planeOf(entry.sequence, 'raw');

  for (const [panel, kind] of which.entries()) {
    const enhanced = kind === 'enhanced' ? await session.planeOf(entry.sequence, 'enhanced') : undefined;
    const read = enhanced ?? raw;
    if (!read) continue;
    const left = panel * panelWidth;
    const shown = toRgb(read, style.window);
    paste(picture, shown, left, 0, Math.max(1, Math.floor(panelWidth / shown.width)));
    const [label, colour] = labelOf(kind, enhanced, row?.prediction?.modelId);
    drawText(picture, label, left + margin, margin, size, colour);
    drawScaleBar(picture, session.acquisition.physicalSizeX, style, left, size);
  }
  const seconds = row?.meta?.deltaT ?? (entry.arrivedMs - style.startMs) / 1000;
  drawText(picture, clock(seconds), margin, panelHeight - margin - GLYPH_HEIGHT * size, size, WHITE);
  return picture;
}

function labelOf(kind: Which, enhanced: ReadPlane | undefined, model: string | undefined): [string, Colour] {
  if (kind === 'raw') return ['RAW', WHITE];
  return enhanced ? [`PREDICTED ${model ?? ''}`.trim(), PREDICTED] : ['RAW - NOT ENHANCED', WHITE];
}

function drawScaleBar(
  picture: RgbPicture,
  physicalSizeX: number | undefined,
  { panelWidth, panelHeight, magnification }: PictureStyle,
  left: number,
  size: number,
): void {
  if (physicalSizeX === undefined) return;
  const micrometre = physicalSizeX / magnification;
  const length = roundLength(MAX_BAR_SHARE * panelWidth * micrometre);
  const width = Math.round(length / micrometre);
  const label = length < 1 ? `${Math.round(length * 1000)} nm` : `${length} µm`;
  const x = left + panelWidth - 3 * size - width;
  const y = panelHeight - 5 * size;
  fillRectangle(picture, x, y, width, 2 * size, WHITE);
  const textX = Math.max(left + size, x + Math.round((width - textWidth(label, size)) / 2));
  drawText(picture, label, textX, y - (GLYPH_HEIGHT + 2) * size, size, WHITE);
}

/** The longest of 1, 2, 5, 10, 20, 50 ... (or their fractions) that is not above `most`. */
function roundLength(most: number): number {
  const decade = 10 ** Math.floor(Math.log10(most));
  const factor = [5, 2, 1].find((step) => step * decade <= most) ?? 1;
  return Number((factor * decade).toPrecision(1));
}

/** `0:01:07.35` */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  const hundredths = pad(Math.floor((seconds - whole) * 100));
  return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}.${hundredths}`;
}

/** The window is of raw intensities; a stored value is one of them divided by its scale. */
function toRgb({ plane, intensityScale }: ReadPlane, [low, high]: readonly [number, number]): RgbPicture {
  const { sizeX: width, sizeY: height, samplesPerPixel } = plane;
  const data = new Uint8Array(width * height * 3);
  if (samplesPerPixel === 3) {
    data.set(plane.data);
    return { width, height, data };
  }
  const grey = toGrey(plane, [low / intensityScale, high / intensityScale]);
  for (let k = 0; k < data.length; k++) data[k] = grey[Math.floor(k / 3)]!;
  return { width, height, data };
}
