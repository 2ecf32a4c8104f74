/** The images of a session that is being recorded: `raw`, and one `enhanced` for each shape that a model makes. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Acquisition, Channel, PixelType } from '../frame.ts';
import { withChannel } from '../place.ts';
import { firstSampleAt } from '../registration.ts';
import { planeCodec, type PlaneCodec } from './codec.ts';
import { enhancedImageName } from './frameIndex.ts';
import { ImageWriter } from './imageWriter.ts';
import { writeJsonAtomically } from './jsonFile.ts';
import type { EnhancedTask, RawTask } from './messages.ts';
import { RAW_IMAGE, rootGroup, seriesGroup, type ImageDescription } from './omeZarr.ts';
import { viewPixels } from './pixels.ts';
import { planesPerShard, type RecordSettings } from './settings.ts';

const BYTES_PER_PIXEL: Readonly<Record<PixelType, number>> = { uint8: 1, uint16: 2, float32: 4 };

export class SessionImages {
  readonly #folder: string;
  /** With the channels that are known by now. */
  #acquisition: Acquisition;
  readonly #settings: Pick<RecordSettings, 'codec' | 'planesPerShard'>;
  readonly #codec: PlaneCodec;
  readonly #images: ImageWriter[] = [];
  #seriesStale = true;

  constructor(folder: string, acquisition: Acquisition, settings: Pick<RecordSettings, 'codec' | 'planesPerShard'>) {
    this.#folder = folder;
    this.#acquisition = acquisition;
    this.#settings = settings;
    this.#codec = planeCodec(settings.codec);
    mkdirSync(join(folder, 'OME'), { recursive: true });
    writeJsonAtomically(join(folder, 'zarr.json'), rootGroup());
    this.writeMetadata();
  }

  /** The image for raw planes. The first plane sets the window that viewers open with. */
  raw(task: RawTask): ImageWriter {
    this.#learnChannel(task);
    return this.#images[0] ?? this.#add(describeRaw(this.#acquisition, task), { measured: true });
  }

  /** The image that takes enhanced planes of this shape and scale. */
  enhanced(task: EnhancedTask): ImageWriter {
    const fits = ({ description: d }: ImageWriter) =>
      d.name !== RAW_IMAGE &&
      d.sizeX === task.sizeX &&
      d.sizeY === task.sizeY &&
      d.samplesPerPixel === task.samplesPerPixel &&
      d.pixelType === task.pixelType &&
      d.own['intensityScale'] === task.intensityScale;
    const number = Math.max(0, this.#images.length - 1);
    return (
      this.#images.find(fits) ??
      this.#add(describeEnhanced(this.#acquisition, task, enhancedImageName(number)), {
        predicted: true,
        intensityScale: task.intensityScale,
        magnification: task.magnification,
      })
    );
  }

  flushNow(): void {
    for (const image of this.#images) image.flushNow();
  }

  async flush(): Promise<void> {
    await Promise.all(this.#images.map((image) => image.flush()));
  }

  writeMetadata(): void {
    for (const image of this.#images) image.writeShape();
    if (!this.#seriesStale) return;
    const names = this.#images.map((image) => image.description.name);
    writeJsonAtomically(join(this.#folder, 'OME', 'zarr.json'), seriesGroup(names));
    this.#seriesStale = false;
  }

  abandon(): void {
    for (const image of this.#images) image.abandon();
  }

  close(): void {
    for (const image of this.#images) image.close();
    this.writeMetadata();
  }

  #learnChannel({ index, channel }: RawTask): void {
    if (!channel) return;
    const { name: channelName, emissionWavelength } = channel;
    const acquisition = withChannel(this.#acquisition, index.c, { channelName, emissionWavelength });
    if (acquisition === this.#acquisition) return;
    this.#acquisition = acquisition;
    for (const image of this.#images) image.nameChannels(channelsOf(acquisition, image.description.name));
  }

  #add(
    description: Omit<ImageDescription, 'planesPerShard' | 'codecs' | 'own'>,
    own: Record<string, unknown>,
  ): ImageWriter {
    const image = new ImageWriter(
      this.#folder,
      { ...description, planesPerShard: this.#planesPerShard(description), codecs: this.#codec.metadata, own },
      this.#codec,
    );
    this.#images.push(image);
    this.#seriesStale = true;
    return image;
  }

  #planesPerShard({ sizeX, sizeY, samplesPerPixel, pixelType }: PlaneShape): number {
    const planeBytes = sizeX * sizeY * samplesPerPixel * BYTES_PER_PIXEL[pixelType];
    return this.#settings.planesPerShard ?? planesPerShard(planeBytes);
  }
}

type PlaneShape = Pick<ImageDescription, 'sizeX' | 'sizeY' | 'samplesPerPixel' | 'pixelType'>;
type Described = Omit<ImageDescription, 'planesPerShard' | 'codecs' | 'own'>;

function describeRaw(acquisition: Acquisition, first: RawTask): Described {
  const { sizeX, sizeY, samplesPerPixel, pixelType, significantBits } = acquisition;
  return {
    name: RAW_IMAGE,
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType,
    channels: channelsOf(acquisition, RAW_IMAGE),
    ...physicalSizes(acquisition, 1),
    window: windowOf(first.pixels, pixelType),
    range: [0, pixelType === 'float32' ? 1 : 2 ** significantBits - 1],
  };
}

function describeEnhanced(acquisition: Acquisition, first: EnhancedTask, name: string): Described {
  const { sizeX, sizeY, samplesPerPixel, pixelType, magnification } = first;
  return {
    name,
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType,
    channels: channelsOf(acquisition, name),
    ...physicalSizes(acquisition, magnification),
    ...firstSample(acquisition, firstSampleAt(samplesPerPixel, magnification)),
    window: windowOf(first.pixels, pixelType),
    range: [0, pixelType === 'float32' ? 1 : 2 ** (8 * BYTES_PER_PIXEL[pixelType]) - 1],
  };
}

function channelsOf({ channels }: Acquisition, image: string): readonly Channel[] {
  if (image === RAW_IMAGE) return channels;
  return channels.map((channel) => ({ ...channel, name: `${channel.name} (predicted)` }));
}

function physicalSizes(acquisition: Acquisition, magnification: number): Partial<Described> {
  const { physicalSizeX, physicalSizeY, physicalSizeZ, timeIncrement } = acquisition;
  return {
    ...(physicalSizeX !== undefined && { physicalSizeX: physicalSizeX / magnification }),
    ...(physicalSizeY !== undefined && { physicalSizeY: physicalSizeY / magnification }),
    ...(physicalSizeZ !== undefined && { physicalSizeZ }),
    ...(timeIncrement !== undefined && { timeIncrement }),
  };
}

/** `at` in raw samples. */
function firstSample({ physicalSizeX, physicalSizeY }: Acquisition, at: number): Partial<Described> {
  if (at === 0 || physicalSizeX === undefined || physicalSizeY === undefined) return {};
  return { firstSampleX: at * physicalSizeX, firstSampleY: at * physicalSizeY };
}

/** Smallest and largest intensity of a plane. */
function windowOf(pixels: Uint8Array, pixelType: PixelType): [number, number] {
  const values = viewPixels(pixels, pixelType);
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [low, low + 1];
}
