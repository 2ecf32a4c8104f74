import type { PlaneDescription } from '../../frame.ts';
import { positive } from './units.ts';

/** A JSON object, or undefined for anything else. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Summary metadata of a Micro-Manager acquisition: what holds for all its planes. */
export function describeMicroManagerSummary(summary: Record<string, unknown>): PlaneDescription {
  const names = summary.ChNames;
  const interval = positive(summary.Interval_ms);
  return {
    acquisitionName: text(summary.Prefix),
    channelNames: Array.isArray(names) ? names.map(String) : undefined,
    physicalSizeX: positive(summary.PixelSize_um),
    physicalSizeY: positive(summary.PixelSize_um),
    physicalSizeZ: positive(Math.abs(Number(summary['z-step_um']))),
    timeIncrement: interval && interval / 1000,
    significantBits: positive(summary.BitDepth),
    statedMetadata: { microManager: summary },
  };
}

/**
 * Metadata of one plane, as Micro-Manager and NDTiff (tag 51123) write it. `Axes` is NDTiff's, and is right where the older
 * indices are left at 0. A channel that is only named has no number here.
 */
export function describeMicroManagerPlane(plane: Record<string, unknown>): PlaneDescription {
  const axes = (typeof plane.Axes === 'object' && plane.Axes !== null ? plane.Axes : {}) as Record<string, unknown>;
  const place = (axis: string, olderKey: string): number | undefined =>
    index(axes[axis]) ?? (plane.Axes ? undefined : index(plane[olderKey]));
  const exposureMs = positive(plane['Exposure-ms']) ?? positive(plane.Exposure);
  const elapsedMs = finite(plane['ElapsedTime-ms']);
  const [x, y, z] = ['XPositionUm', 'YPositionUm', 'ZPositionUm'].map((key) => finite(plane[key]));
  const pixelSize = positive(plane.PixelSizeUm) ?? positive(plane.PixelSize_um);
  return {
    index: { t: place('time', 'FrameIndex'), c: place('channel', 'ChannelIndex'), z: place('z', 'SliceIndex') },
    channelName: text(axes.channel) ?? text(plane.Channel),
    significantBits: positive(plane.BitDepth),
    physicalSizeX: pixelSize,
    physicalSizeY: pixelSize,
    deltaT: elapsedMs === undefined ? undefined : elapsedMs / 1000,
    exposureTime: exposureMs && exposureMs / 1000,
    position: x === undefined || y === undefined ? undefined : { x, y, ...(z === undefined ? {} : { z }) },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function index(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
