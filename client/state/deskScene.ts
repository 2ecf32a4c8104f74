/**
 * The scene to draw, from what the desk holds.
 */

import { flaggedPixels, noiseModel } from '../draw/flags.ts';
import { LUTS } from '../draw/lut.ts';
import type { StagePane } from '../draw/panes.ts';
import type { Layer, Scene } from '../draw/scene.ts';
import { mappingOf } from '../draw/viewport.ts';
import type { LiveFrame } from './liveFrames.svelte.ts';
import type { Desk } from './desk.svelte.ts';

const BACKGROUND = { dark: [5, 6, 7], light: [213, 216, 220] } as const;
/** A difference of this many standard deviations of the noise has the strongest colour. */
const DIFFERENCE_SIGMAS = 6;

/** `density`: canvas pixels per screen pixel. Undefined before the first frame. */
export function deskScene(desk: Desk, panes: readonly StagePane[], density = 1): Scene | undefined {
  const layers = layersOf(desk);
  if (layers.length === 0) return undefined;
  const { stage, display } = desk;
  const ratio = stage.devicePixelRatio * density;
  const device = (cssPixels: number): number => Math.round(cssPixels * ratio);
  return {
    width: Math.max(device(stage.width), 1),
    height: Math.max(device(stage.height), 1),
    panes: panes.map(({ showing, clip, box }) => ({
      showing,
      x: device(clip.x),
      y: device(clip.y),
      width: device(clip.x + clip.width) - device(clip.x),
      height: device(clip.y + clip.height) - device(clip.y),
      mapping: mappingOf(stage.view, box, ratio),
    })),
    layers,
    sampling: display.settings.sampling,
    highlightLimits: display.settings.highlightLimits,
    saturatedFrom: desk.saturatedFrom,
    // Read only where it is shown: it changes apart from the frames, and each change is a paint.
    differenceRange: panes.some(({ showing }) => showing === 'difference') ? differenceRange(desk) : 1,
    background: BACKGROUND[display.settings.theme],
  };
}

function layersOf(desk: Desk): Layer[] {
  return desk.frames.byChannel.flatMap((frame, channel) => {
    if (!frame) return [];
    const { lut, gamma, visible } = desk.display.channel(channel, desk.channelCount);
    if (!visible && desk.channelCount > 1) return [];
    const flags = desk.display.settings.showFlags ? flagsOf(frame) : undefined;
    const { raw, enhanced } = frame;
    return [{ raw, enhanced, window: desk.window(channel), gamma, lut: LUTS[lut], flags }];
  });
}

/** A frame is drawn more often than it changes. */
const flagsByFrame = new WeakMap<LiveFrame, Uint8Array>();

function flagsOf(frame: LiveFrame): Uint8Array | undefined {
  const noise = noiseModel(frame.header.quality?.measured);
  if (!noise || !frame.enhanced) return undefined;
  const held = flagsByFrame.get(frame) ?? flaggedPixels(frame.raw, frame.enhanced, noise);
  flagsByFrame.set(frame, held);
  return held;
}

/** Raw units at the ends of the colours of a difference. */
export function differenceRange(desk: Desk): number {
  const sigma = desk.frames.calm?.header.quality?.measured.noiseSigma;
  if (sigma !== undefined && sigma > 0) return DIFFERENCE_SIGMAS * sigma;
  const [low, high] = desk.window(0);
  return (high - low) / 4;
}
