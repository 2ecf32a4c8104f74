import type { Acquisition, ClassifiedFrame, FrameIndex, Plane } from '../../../pipeline/frame.ts';
import { bytesOf } from '../../../pipeline/record/pixels.ts';
import type { FrameEnd, LedgerRow, LedgerTotals } from '../../../pipeline/ledger.ts';

/** Frames whose pixels say where they belong, so that a misplaced one is caught by its values. */

export const SIZE = 16;

export function acquisition(changes: Partial<Acquisition> = {}): Acquisition {
  return {
    id: '20261121-010203-test',
    name: 'test',
    sourceKind: 'simulator',
    startedAt: '2026-11-21T01:02:03.000Z',
    sizeX: SIZE,
    sizeY: SIZE,
    samplesPerPixel: 1,
    pixelType: 'uint16',
    significantBits: 12,
    physicalSizeX: 0.1,
    physicalSizeY: 0.1,
    timeIncrement: 0.05,
    channels: [{ name: 'mito' }],
    ...changes,
  };
}

/** Pixel (x, y) of the plane with this sequence: never zero, so that it differs from a hole. */
export function pixelValue(sequence: number, x: number, y: number): number {
  return 1 + ((sequence * 31 + x * 7 + y * 13) % 4000);
}

export function plane(sequence: number, size = SIZE): Plane {
  const data = new Uint16Array(size * size);
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) data[y * size + x] = pixelValue(sequence, x, y);
  return { sizeX: size, sizeY: size, samplesPerPixel: 1, pixelType: 'uint16', data };
}

/** True when both hold the same pixels: much faster than comparing them one by one in a matcher. */
export function samePixels(a: Plane | undefined, b: Plane): boolean {
  return a !== undefined && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

export function colourPlane(sequence: number): Plane {
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, k) => 1 + ((k + sequence) % 250));
  return { sizeX: SIZE, sizeY: SIZE, samplesPerPixel: 3, pixelType: 'uint8', data };
}

export function frame(
  sequence: number,
  index: Partial<FrameIndex> = {},
  raw: Plane = plane(sequence),
): ClassifiedFrame {
  return {
    meta: {
      sequence,
      index: { t: sequence, c: 0, z: 0, ...index },
      name: `frame-${sequence}.tif`,
      arrivedMs: 1_800_000_000_000 + sequence * 50,
      completedBy: 'rename',
    },
    raw,
    description: {},
    times: {},
    normalisation: { offset: 100, scale: 900, source: 'first-frame' },
    history: [],
    enhanced: {
      plane: plane(sequence + 1000, raw.sizeX * 2),
      intensityScale: 1 / 16,
      magnification: 2,
      prediction: {
        predicted: true,
        modelId: 'bicubic',
        modelVersion: '1.0.0',
        modelSha256: 'ab'.repeat(32),
        license: 'Apache-2.0',
        precision: 'float32',
        provider: 'cpu',
        ladderStep: 0,
        tiles: 1,
      },
    },
  };
}

export function row({ meta, enhanced }: ClassifiedFrame, end: FrameEnd = 'enhanced'): LedgerRow {
  return {
    sequence: meta.sequence,
    end,
    name: meta.name,
    meta,
    recorded: true,
    times: { decode: 1, enhance: 20 },
    endedMs: meta.arrivedMs + 30,
    ...(end === 'enhanced' && enhanced && { prediction: enhanced.prediction }),
  };
}

export function totals(changes: Partial<LedgerTotals>): LedgerTotals {
  const none = { enhanced: 0, unenhanced: 0, superseded: 0, corrupt: 0, unrecorded: 0, carried: 0 };
  return { arrived: 0, missing: 0, recorded: 0, inFlight: 0, ...none, ...changes };
}
