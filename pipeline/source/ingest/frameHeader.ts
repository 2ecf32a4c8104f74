import { endianness } from 'node:os';
import { z } from 'zod';
import { SourceError } from '../../errors.ts';
import type { ArrivedFrame, PixelType, Plane, PlaneDescription } from '../../frame.ts';

/**
 * What a sender says of a frame, over TCP and over socket.io alike; `docs/protocols.md` tells senders the same. Names and
 * units are those of `frame.ts`. An unknown field is refused by name: a misspelt pixel size must not be lost in silence.
 */
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters');
const axis = z.int().min(0).max(0x7fffffff);
const side = z.int().min(1).max(65_535);

export const frameHeader = z.strictObject({
  /** Counts the sender's frames; a number that is passed over is a lost frame. */
  sequence: z.int().min(0),
  sizeX: side,
  sizeY: side,
  pixelType: z.enum(['uint8', 'uint16', 'float32']),
  samplesPerPixel: z.union([z.literal(1), z.literal(3)]).default(1),
  /** Bits that the detector really uses. */
  significantBits: z.int().min(1).max(32).optional(),
  t: axis.optional(),
  c: axis.optional(),
  z: axis.optional(),
  /** micrometre */
  physicalSizeX: z.number().positive().optional(),
  physicalSizeY: z.number().positive().optional(),
  physicalSizeZ: z.number().positive().optional(),
  /** second */
  exposureTime: z.number().min(0).optional(),
  /** second since the start of the acquisition, on the instrument's clock. */
  deltaT: z.number().optional(),
  /** second between time points. */
  timeIncrement: z.number().positive().optional(),
  channelName: text(200).optional(),
  /** nm */
  emissionWavelength: z.number().positive().optional(),
  lensNA: z.number().positive().optional(),
  /** micrometre */
  position: z.strictObject({ x: z.number(), y: z.number(), z: z.number().optional() }).optional(),
  acquisitionName: text(200).optional(),
  /** Who sends: numbers go on over a reconnection under the same name. */
  sender: text(100).optional(),
  /** Anything else worth keeping. */
  metadata: z.record(z.string(), z.unknown()).optional(),
  /** The service's token, if it asks for one. */
  token: z.string().max(1000).optional(),
});
export type FrameHeader = z.output<typeof frameHeader>;

const BYTES_PER_SAMPLE: Readonly<Record<PixelType, number>> = { uint8: 1, uint16: 2, float32: 4 };

/** Throws SourceError with one line that names what is wrong and where. */
export function parseFrameHeader(header: unknown): FrameHeader {
  const parsed = frameHeader.safeParse(header);
  if (parsed.success) {
    const { significantBits, pixelType } = parsed.data;
    const bits = BYTES_PER_SAMPLE[pixelType] * 8;
    if (significantBits === undefined || significantBits <= bits) return parsed.data;
    throw new SourceError(`significantBits ${significantBits} is more than ${pixelType} has`);
  }
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length ? `${path.join('.')}: ${message}` : message,
  );
  throw new SourceError(problems.join('; '));
}

/** Bytes of pixels that a frame with this header has. Throws SourceError when they are more than `maxFrameBytes`. */
export function pixelBytesOf(header: FrameHeader, maxFrameBytes: number): number {
  const { sizeX, sizeY, samplesPerPixel, pixelType } = header;
  const bytes = sizeX * sizeY * samplesPerPixel * BYTES_PER_SAMPLE[pixelType];
  if (bytes <= maxFrameBytes) return bytes;
  throw new SourceError(
    `a frame of ${sizeX} x ${sizeY} ${pixelType} has ${bytes} bytes, more than ${maxFrameBytes} are taken`,
  );
}

/** `pixels`: little-endian, row by row, samples interleaved, exactly as many bytes as the header says. */
export function frameFrom(header: FrameHeader, pixels: Uint8Array, peer: string, transport: string): ArrivedFrame {
  return {
    type: 'frame',
    name: `${header.sender ?? peer}#${header.sequence}`,
    arrivedMs: Date.now(),
    payload: { kind: 'plane', plane: planeFrom(header, pixels) },
    description: describe(header),
    completedBy: transport,
  };
}

function planeFrom({ sizeX, sizeY, samplesPerPixel, pixelType }: FrameHeader, pixels: Uint8Array): Plane {
  const bytesPerSample = BYTES_PER_SAMPLE[pixelType];
  const needsSwap = endianness() === 'BE' && bytesPerSample > 1;
  // A typed array must begin at a multiple of its sample size; a piece of a larger message may not.
  const own = pixels.byteOffset % bytesPerSample === 0 && !needsSwap ? pixels : Uint8Array.from(pixels);
  if (needsSwap) swapSamples(own, bytesPerSample);
  const samples = own.byteLength / bytesPerSample;
  const view = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }[pixelType];
  return {
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType,
    data: new view(own.buffer as ArrayBuffer, own.byteOffset, samples),
  };
}

function swapSamples(pixels: Uint8Array, bytesPerSample: number): void {
  const buffer = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  if (bytesPerSample === 2) buffer.swap16();
  else buffer.swap32();
}

function describe(header: FrameHeader): PlaneDescription {
  const { t, c, z, metadata } = header;
  const index = { ...(t !== undefined && { t }), ...(c !== undefined && { c }), ...(z !== undefined && { z }) };
  return {
    ...(Object.keys(index).length > 0 && { index }),
    significantBits: header.significantBits,
    physicalSizeX: header.physicalSizeX,
    physicalSizeY: header.physicalSizeY,
    physicalSizeZ: header.physicalSizeZ,
    timeIncrement: header.timeIncrement,
    channelName: header.channelName,
    emissionWavelength: header.emissionWavelength,
    lensNA: header.lensNA,
    deltaT: header.deltaT,
    exposureTime: header.exposureTime,
    position: header.position,
    acquisitionName: header.acquisitionName,
    statedMetadata: metadata,
  };
}
