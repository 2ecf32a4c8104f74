/** Where a plane belongs in the image, and what its acquisition looks like. */

import type { Acquisition, ArrivedFrame, Channel, FrameIndex, FrameMeta, Plane, PlaneDescription } from './frame.ts';
import { believableBits } from './significantBits.ts';

/** Larger stated indices are not believed: they would make the stored image absurdly large. */
const MOST_TIME_POINTS = 50_000_000;
const MOST_CHANNELS_OR_SECTIONS = 4096;

/**
 * Gives each plane a place of its own: where its file or sender says, if that place is free; otherwise the next free time
 * point of its channel and section. No plane ever takes the place of another. A channel may have a name and no number.
 */
export class Placement {
  readonly #lines = new Map<string, Line>();
  /** Numbers of the channels that are known by name alone. */
  readonly #channels = new Map<string, number>();

  place(description: PlaneDescription): FrameIndex {
    const { index } = description;
    const c = believable(index?.c, MOST_CHANNELS_OR_SECTIONS) ?? this.#channelByName(description);
    const z = believable(index?.z, MOST_CHANNELS_OR_SECTIONS) ?? 0;
    const line = this.#line(`${c}/${z}`);
    const t = believable(index?.t, MOST_TIME_POINTS);
    const free = t !== undefined && !isTaken(line, t) ? t : line.next;
    take(line, free);
    return { t: free, c, z };
  }

  /** Its place in the list of names, if there is one; otherwise names are numbered as they first appear. */
  #channelByName({ channelName, channelNames }: PlaneDescription): number {
    if (channelName === undefined) return 0;
    const listed = channelNames?.indexOf(channelName) ?? -1;
    const known = listed >= 0 ? listed : this.#channels.get(channelName);
    const c = believable(known ?? this.#channels.size, MOST_CHANNELS_OR_SECTIONS);
    if (c === undefined) return 0;
    this.#channels.set(channelName, c);
    return c;
  }

  #line(key: string): Line {
    let line = this.#lines.get(key);
    if (!line) {
      line = { pages: new Map(), next: 0 };
      this.#lines.set(key, line);
    }
    return line;
  }
}

/**
 * Taken time points of one channel and section, as bits in pages: an eight-hour run at 20 frames/s takes 72 kB, and a sender
 * that states distant time points takes one page for each.
 */
interface Line {
  readonly pages: Map<number, Uint8Array>;
  /** After the last that is taken. */
  next: number;
}

const PAGE_BYTES = 256;
const PAGE_TIME_POINTS = PAGE_BYTES * 8;

function isTaken({ pages }: Line, t: number): boolean {
  const byte = pages.get(Math.floor(t / PAGE_TIME_POINTS))?.[(t % PAGE_TIME_POINTS) >> 3] ?? 0;
  return (byte & (1 << (t & 7))) !== 0;
}

function take(line: Line, t: number): void {
  const number = Math.floor(t / PAGE_TIME_POINTS);
  const page = line.pages.get(number) ?? new Uint8Array(PAGE_BYTES);
  page[(t % PAGE_TIME_POINTS) >> 3] |= 1 << (t & 7);
  line.pages.set(number, page);
  line.next = Math.max(line.next, t + 1);
}

function believable(value: number | undefined, limit: number): number | undefined {
  return value !== undefined && Number.isInteger(value) && value >= 0 && value < limit ? value : undefined;
}

/** Settings that a person may state when the files do not, or state wrongly. */
export interface StatedAcquisition {
  readonly name?: string;
  /** micrometre per raw pixel */
  readonly physicalSize?: number;
  readonly significantBits?: number;
  readonly lensNA?: number;
  /** nm */
  readonly emissionWavelength?: number;
}

/** The acquisition that a first plane opens. */
export function describeAcquisition(
  plane: Plane,
  description: PlaneDescription,
  source: { readonly kind: string; readonly name: string },
  stated: StatedAcquisition = {},
  now = new Date(),
): Acquisition {
  const c = description.index?.c ?? 0;
  const names = description.channelNames ?? [unnamed(0)];
  const channels: Channel[] = names.map((name, at) => ({
    name,
    emissionWavelength: stated.emissionWavelength ?? (at === c ? description.emissionWavelength : undefined),
  }));
  const acquisition: Acquisition = {
    id: `${now.toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').slice(0, 19)}-${source.kind}`,
    name: stated.name ?? description.acquisitionName ?? shortName(source.name),
    sourceKind: source.kind,
    startedAt: now.toISOString(),
    sizeX: plane.sizeX,
    sizeY: plane.sizeY,
    samplesPerPixel: plane.samplesPerPixel,
    pixelType: plane.pixelType,
    significantBits: stated.significantBits ?? believableBits(plane, description.significantBits) ?? bitsOf(plane),
    physicalSizeX: stated.physicalSize ?? description.physicalSizeX,
    physicalSizeY: stated.physicalSize ?? description.physicalSizeY,
    physicalSizeZ: description.physicalSizeZ,
    timeIncrement: description.timeIncrement,
    channels,
    lensNA: stated.lensNA ?? description.lensNA,
    statedMetadata: description.statedMetadata,
  };
  return withChannel(acquisition, c, description);
}

/**
 * The acquisition with what a plane says of its channel, which may be one that no plane before it was of; the same one when it
 * says nothing new. What was said first stands.
 */
export function withChannel(
  acquisition: Acquisition,
  c: number,
  { channelName, emissionWavelength }: Pick<PlaneDescription, 'channelName' | 'emissionWavelength'>,
): Acquisition {
  const { channels } = acquisition;
  const known = channels[c] ?? { name: unnamed(c) };
  const name = known.name === unnamed(c) ? (channelName ?? known.name) : known.name;
  const channel: Channel = { ...known, name, emissionWavelength: known.emissionWavelength ?? emissionWavelength };
  if (channel.name === channels[c]?.name && channel.emissionWavelength === known.emissionWavelength) return acquisition;
  const length = Math.max(channels.length, c + 1);
  const all = Array.from({ length }, (_, at) => (at === c ? channel : (channels[at] ?? { name: unnamed(at) })));
  return { ...acquisition, channels: all };
}

/** What a plane says of itself, with what holds for the whole session in place of what single files say of it. */
export function agreed(description: PlaneDescription, acquisition: Acquisition, c: number): PlaneDescription {
  const { significantBits, channels } = acquisition; // The depth scales the enhanced pixels.
  const { name: channelName, emissionWavelength } = channels[c] ?? {};
  return { ...description, significantBits, channelName, emissionWavelength };
}

export function metaOf(
  sequence: number,
  { name, arrivedMs, completedBy }: ArrivedFrame,
  index: FrameIndex,
  { channelName, deltaT, exposureTime, position }: PlaneDescription,
): FrameMeta {
  return { sequence, index, name, arrivedMs, completedBy, channelName, deltaT, exposureTime, position };
}

/** `/data/2026/HeLa 3/export` -> `HeLa 3/export`: the end of a path is what tells folders apart. */
function shortName(sourceName: string): string {
  const isPath = /^(\/|[A-Za-z]:\\|\\\\)/.test(sourceName);
  return isPath ? sourceName.split(/[\\/]/).filter(Boolean).slice(-2).join('/') : sourceName;
}

/** A channel that nobody has named. */
function unnamed(c: number): string {
  return `channel ${c}`;
}

function bitsOf(plane: Plane): number {
  return { uint8: 8, uint16: 16, float32: 32 }[plane.pixelType];
}

/** True when a plane can be kept in this acquisition. */
export function fits(plane: Plane, acquisition: Acquisition): boolean {
  return (
    plane.sizeX === acquisition.sizeX &&
    plane.sizeY === acquisition.sizeY &&
    plane.samplesPerPixel === acquisition.samplesPerPixel &&
    plane.pixelType === acquisition.pixelType
  );
}
