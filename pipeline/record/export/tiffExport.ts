/** Planes of a session as one TIFF file: OME-TIFF, or a stack for ImageJ. */

import { writeFile } from 'node:fs/promises';
import type { Channel } from '../../frame.ts';
import type { RecordedSession, Which } from '../review.ts';
import { RAW_IMAGE } from '../omeZarr.ts';
import { exportStep, type ExportProgress } from './progress.ts';
import { provenanceOf, type ExportProvenance } from './provenance.ts';
import type { SelectedFrame } from './selection.ts';
import { predictionAnnotation, type OmeAnnotation } from './omeAnnotations.ts';
import { imageJTextOf, omeXmlOf, resolutionOf, type TiffImage } from './tiffDescription.ts';
import { TiffWriter } from './tiffWriter.ts';

/** One file for each image of the store that the selection touches. Returns the files written. */
export async function exportTiff(
  session: RecordedSession,
  selected: readonly SelectedFrame[],
  which: Which,
  format: 'ome-tiff' | 'tiff',
  basePath: string,
  progress: ExportProgress,
): Promise<string[]> {
  const files: string[] = [];
  for (const [imageName, frames] of byImage(selected, which)) {
    const path = `${basePath}-${imageName}${format === 'ome-tiff' ? '.ome.tif' : '.tif'}`;
    await writeStack(session, frames, which, imageName, format, path, progress);
    files.push(path);
    if (format === 'ome-tiff') continue;
    const provenance = provenanceOf(session, frames, which);
    await writeFile(`${path}.json`, `${JSON.stringify(provenance, null, 2)}\n`);
    files.push(`${path}.json`);
  }
  return files;
}

async function writeStack(
  session: RecordedSession,
  frames: readonly SelectedFrame[],
  which: Which,
  imageName: string,
  format: 'ome-tiff' | 'tiff',
  path: string,
  progress: ExportProgress,
): Promise<void> {
  const image = describe(session, frames, imageName);
  const resolution = resolutionOf(image, format === 'ome-tiff' ? 'ome' : 'imageJ');
  const software = `Scopestream ${session.constants.software.version}`;
  const writer = await TiffWriter.open(path, image, { planes: frames.length, resolution, software });
  try {
    for (const { entry } of frames) {
      exportStep(progress);
      const read = await session.readImage(imageName, entry);
      if (read) await writer.writePlane(read.plane);
    }
    await writer.close(
      format === 'ome-tiff'
        ? omeXmlOf(image, { software, annotations: annotationsOf(session, frames, which) })
        : stackText(image),
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

function describe(session: RecordedSession, frames: readonly SelectedFrame[], imageName: string): TiffImage {
  const { acquisition } = session;
  const { sizeX, sizeY, samplesPerPixel, pixelType, magnification } = session.image(imageName)!;
  const isRaw = imageName === RAW_IMAGE;
  const { prediction } = session.row(frames[0]!.entry.sequence) ?? {};
  const mark = prediction ? `[PREDICTED ${prediction.modelId}@${prediction.modelVersion}]` : '[PREDICTED]';
  const scaled = (size: number | undefined) => (size === undefined ? undefined : size / magnification);
  const predictedChannel = (channel: Channel): Channel => ({ ...channel, name: `${channel.name} predicted` });
  return {
    name: isRaw ? acquisition.name : `${acquisition.name} ${mark}`,
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType,
    ...(isRaw && { significantBits: acquisition.significantBits }),
    physicalSizeX: scaled(acquisition.physicalSizeX),
    physicalSizeY: scaled(acquisition.physicalSizeY),
    physicalSizeZ: acquisition.physicalSizeZ,
    timeIncrement: acquisition.timeIncrement,
    startedAt: acquisition.startedAt,
    channels: isRaw ? acquisition.channels : acquisition.channels.map(predictedChannel),
    planes: frames.map(({ entry, index }) => {
      const { meta } = session.row(entry.sequence) ?? {};
      const arrived = (entry.arrivedMs - Date.parse(acquisition.startedAt)) / 1000;
      const provenance = isRaw ? undefined : session.provenanceOf(entry.sequence);
      return {
        index,
        deltaT: meta?.deltaT ?? arrived,
        exposureTime: meta?.exposureTime,
        position: meta?.position,
        ...(provenance && { annotations: [predictionId(provenance.id)] }),
      };
    }),
  };
}

/** Keys and values for people, one annotation for each model with its constants, and the whole provenance as JSON. */
function annotationsOf(session: RecordedSession, frames: readonly SelectedFrame[], which: Which): OmeAnnotation[] {
  const provenance = provenanceOf(session, frames, which);
  const { name, sourceKind, startedAt } = session.acquisition;
  const { version } = session.constants.software;
  const pixels = which === 'raw' ? 'measured' : 'predicted';
  const origin = { session: session.id, name, sourceKind, startedAt, pixels, software: `Scopestream ${version}` };
  return [
    {
      id: 'origin',
      namespace: 'scopestream/origin',
      value: { ...origin, exportedAt: provenance.exportedAt, verifyWith: provenance.verifyWith },
    },
    { id: 'provenance', namespace: 'scopestream/provenance', value: JSON.stringify(provenance) },
    ...usedPredictions(provenance).map(({ id, prediction, normalisation, intensityScale, magnification }) =>
      predictionAnnotation(predictionId(id), prediction, {
        ...{ source: session.id, intensityScale, magnification },
        ...{ normalisationOffset: normalisation?.offset, normalisationScale: normalisation?.scale },
      }),
    ),
  ];
}

function usedPredictions({ provenances, frames }: ExportProvenance): ExportProvenance['provenances'] {
  const used = new Set(frames.map(({ predictedBy }) => predictedBy));
  return provenances.filter(({ id }) => used.has(id));
}

function predictionId(provenance: number): string {
  return `prediction-${provenance}`;
}

/** ImageJ finds planes by counting, so a selection with holes is a plain list of pages; the sidecar file says what each is. */
function stackText(image: TiffImage): string {
  const sizes = ['t', 'c', 'z'] as const;
  const full = sizes.reduce((product, axis) => product * new Set(image.planes.map(({ index }) => index[axis])).size, 1);
  return full === image.planes.length ? imageJTextOf(image) : image.name;
}

/** Selected frames by the image that holds their planes; enhanced planes of one session may lie in several. */
function byImage(selected: readonly SelectedFrame[], which: Which): Map<string, SelectedFrame[]> {
  const images = new Map<string, SelectedFrame[]>();
  for (const frame of selected) {
    if (which === 'enhanced' && !frame.entry.hasEnhanced) continue;
    const name = which === 'raw' ? RAW_IMAGE : frame.entry.enhancedImage;
    const frames = images.get(name);
    if (frames) frames.push(frame);
    else images.set(name, [frame]);
  }
  return images;
}
