import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { decodeArrived } from '../../pipeline/decode/registry.ts';
import { DecodeError } from '../../pipeline/errors.ts';
import type {
  Acquisition,
  Enhanced,
  Frame,
  NormalisedFrame,
  PixelArray,
  PixelType,
  Plane,
  Prediction,
} from '../../pipeline/frame.ts';
import { agreed, describeAcquisition, Placement } from '../../pipeline/place.ts';
import type { Enhancer } from '../../pipeline/ports.ts';
import { predictionAnnotation } from '../../pipeline/record/export/omeAnnotations.ts';
import {
  omeXmlOf,
  resolutionOf,
  type TiffImage,
  type TiffPlane,
} from '../../pipeline/record/export/tiffDescription.ts';
import { TiffWriter } from '../../pipeline/record/export/tiffWriter.ts';
import { SOFTWARE_VERSION } from '../packageRoot.ts';

/** The live path without a server, for one file: decode -> normalise -> enhance -> write. */

export const ENHANCE_STAGES = ['decode', 'normalise', 'enhance', 'write'] as const;
export type EnhanceStage = (typeof ENHANCE_STAGES)[number];

/** Durations, ms, of each stage; one entry a plane. */
export type EnhanceTimes = Readonly<Record<EnhanceStage, number[]>>;

export interface EnhanceJob {
  readonly input: string;
  readonly output: string;
  readonly pages: number;
}

export interface EnhancedFile {
  readonly planes: number;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly pixelType: PixelType;
  readonly prediction: Prediction;
}

export interface EnhanceMeans {
  readonly enhancer: Pick<Enhancer, 'enhance'>;
  readonly normalise: (frame: Frame) => NormalisedFrame;
  readonly times: EnhanceTimes;
  readonly planeDone: () => void;
}

/**
 * Enhances all planes of a file into one OME-TIFF, in the intensity units and the pixel type of the input. Throws the error of
 * the first plane that fails, and then leaves no output.
 */
export async function enhanceFile(job: EnhanceJob, means: EnhanceMeans): Promise<EnhancedFile> {
  const placement = new Placement();
  const planes: TiffPlane[] = [];
  let acquisition: Acquisition | undefined;
  let writer: TiffWriter | undefined;
  let last: Enhanced | undefined;
  const timed = async <T>(stage: EnhanceStage, work: () => T | Promise<T>): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    means.times[stage].push(performance.now() - startedMs);
    return result;
  };
  try {
    for (let page = 0; page < job.pages; page++) {
      const decoded = await timed('decode', () => decodePage(job.input, page));
      const { plane, description } = decoded;
      acquisition ??= describeAcquisition(plane, description, { kind: 'file', name: basename(job.input) });
      const { deltaT, exposureTime, position } = description;
      const index = placement.place(description);
      const name = `${job.input}${page === 0 ? '' : `[${page}]`}`;
      const meta = { sequence: page, index, name, arrivedMs: Date.now(), completedBy: 'file' };
      const frame: Frame = { meta, raw: plane, description: agreed(description, acquisition, index.c), times: {} };
      const normalised = await timed('normalise', () => means.normalise(frame));
      const enhanced = await timed('enhance', () => means.enhancer.enhance(normalised));
      last = enhanced;
      await timed('write', async () => {
        const output = inUnitsOf(plane, enhanced);
        writer ??= await openWriter(job, output, acquisition!, enhanced);
        await writer.writePlane(output);
      });
      planes.push({ index, deltaT, exposureTime, position });
      means.planeDone();
    }
    if (!writer || !acquisition || !last) throw new DecodeError(job.input, 'has no planes');
    const { plane, prediction } = last;
    const { pixelType } = acquisition;
    await writer.close(
      omeXmlOf(imageOf(acquisition, last, planes), {
        software: `Scopestream ${SOFTWARE_VERSION}`,
        annotations: [predictionAnnotation('prediction', prediction, { source: basename(job.input) })],
      }),
    );
    return { planes: planes.length, sizeX: plane.sizeX, sizeY: plane.sizeY, pixelType, prediction };
  } catch (error) {
    // What went wrong first is what is told.
    await writer?.abandon().catch(() => undefined);
    throw error;
  }
}

function decodePage(path: string, page: number) {
  const payload = { kind: 'file', path, page } as const;
  return decodeArrived({
    type: 'frame',
    name: path,
    arrivedMs: Date.now(),
    payload,
    description: {},
    completedBy: 'file',
  });
}

/** The enhanced plane with raw intensities, rounded to the pixel type of the raw plane. */
export function inUnitsOf(raw: Plane, { plane, intensityScale }: Enhanced): Plane {
  const { pixelType } = raw;
  const { data } = plane;
  const Pixels = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }[pixelType];
  const pixels: PixelArray = new Pixels(data.length);
  const most = pixelType === 'float32' ? Infinity : 2 ** (8 * pixels.BYTES_PER_ELEMENT) - 1;
  for (let i = 0; i < data.length; i++) {
    const intensity = data[i] * intensityScale;
    pixels[i] = pixelType === 'float32' ? intensity : Math.min(Math.round(intensity), most);
  }
  return { ...plane, pixelType, data: pixels };
}

async function openWriter(
  job: EnhanceJob,
  form: Plane,
  acquisition: Acquisition,
  enhanced: Enhanced,
): Promise<TiffWriter> {
  await mkdir(dirname(job.output), { recursive: true });
  return TiffWriter.open(job.output, form, {
    planes: job.pages,
    resolution: resolutionOf(sizesOf(acquisition, enhanced), 'ome'),
    software: `Scopestream ${SOFTWARE_VERSION}`,
  });
}

/** Pixel sizes of the enhanced picture: more pixels over the same field of view. */
function sizesOf({ physicalSizeX, physicalSizeY }: Acquisition, { magnification }: Enhanced) {
  return {
    physicalSizeX: physicalSizeX && physicalSizeX / magnification,
    physicalSizeY: physicalSizeY && physicalSizeY / magnification,
  };
}

function imageOf(acquisition: Acquisition, enhanced: Enhanced, planes: readonly TiffPlane[]): TiffImage {
  const { name, pixelType, significantBits, physicalSizeZ, timeIncrement, channels } = acquisition;
  const { sizeX, sizeY, samplesPerPixel } = enhanced.plane;
  return {
    name: `${name}, enhanced by ${enhanced.prediction.modelId}`,
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType,
    significantBits,
    ...sizesOf(acquisition, enhanced),
    physicalSizeZ,
    timeIncrement,
    channels,
    planes,
  };
}
