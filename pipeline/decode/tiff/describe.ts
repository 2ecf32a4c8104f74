import { basename } from 'node:path';
import type { PlaneDescription } from '../../frame.ts';
import type { ByteSource } from '../byteSource.ts';
import { mergeDescriptions } from '../mergeDescriptions.ts';
import { type Ifd, readNumbers, readText, TAG } from './ifd.ts';
import { describeImageJ, describeImageJInfo } from './imageJ.ts';
import { describeMetaMorph } from './metaMorph.ts';
import { describeMicroManagerPlane, parseJsonObject } from './microManager.ts';
import { companionName, describeOmeXml, isOmeXml } from './omeXml.ts';
import { positive, toMicrometres } from './units.ts';

/** Longer texts are left unread: a description is never worth the memory of a hundred frames. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
const MAX_PLANE_TEXT_BYTES = 1024 * 1024;

/** Says what the first directory of a file states of each of its pages. */
export type FileDescription = (page: number) => PlaneDescription;

/** Reads what the first directory says, in whichever dialect it is written. */
export async function describeFile(source: ByteSource, first: Ifd): Promise<FileDescription> {
  const description = (await readDescription(source, first)) ?? '';
  const resolution = {
    x: positive((await readNumbers(source, first, TAG.xResolution, 1))[0]),
    y: positive((await readNumbers(source, first, TAG.yResolution, 1))[0]),
  };
  const [maxSample] = await readNumbers(source, first, TAG.maxSampleValue, 1);
  const plain: PlaneDescription = {
    ...(await describeResolution(source, first, resolution)),
    significantBits: significantBitsOf(maxSample),
  };
  if (isOmeXml(description)) {
    const ome = describeOmeXml(description, basename(source.name));
    return (page) => mergeDescriptions(plain, ome(page));
  }
  if (description.startsWith('ImageJ=')) {
    const info = await describeImageJInfo(source, first);
    const imageJ = describeImageJ(description, resolution);
    return (page) => mergeDescriptions(plain, info, imageJ(page));
  }
  if (first.entries.has(TAG.metaMorphUic1)) {
    const metaMorph = await describeMetaMorph(source, first, description);
    return (page) => mergeDescriptions(plain, metaMorph(page));
  }
  return () => mergeDescriptions(plain);
}

/** What the directory of a page says of this page alone. */
export async function describePage(source: ByteSource, ifd: Ifd): Promise<PlaneDescription> {
  const text = await readText(source, ifd, TAG.microManagerMetadata, MAX_PLANE_TEXT_BYTES);
  const plane = text === undefined ? undefined : parseJsonObject(text);
  return plane ? describeMicroManagerPlane(plane) : {};
}

/** The description tag, or the companion file that it refers to. */
async function readDescription(source: ByteSource, first: Ifd): Promise<string | undefined> {
  const description = await readText(source, first, TAG.imageDescription, MAX_TEXT_BYTES);
  const companion = description && companionName(description);
  return (companion && (await source.readCompanion(companion, MAX_TEXT_BYTES))) || description;
}

/** 4095 means 12 bits; anything but a power of two less one is the brightest value of this picture, and says nothing. */
function significantBitsOf(maxSample: number | undefined): number | undefined {
  const bits = Math.log2((maxSample ?? 0) + 1);
  return bits > 1 && Number.isInteger(bits) ? bits : undefined;
}

/**
 * Pixel size from the resolution tags, when they are in cm or inch. Print resolutions (72 to 600 dpi, 353 to 42 um) are
 * defaults of software, not of a microscope: sizes above 20 um are taken for those.
 */
async function describeResolution(
  source: ByteSource,
  ifd: Ifd,
  pixelsPerUnit: { readonly x?: number; readonly y?: number },
): Promise<PlaneDescription> {
  const [code] = await readNumbers(source, ifd, TAG.resolutionUnit, 1);
  const unit = code === 2 ? 'inch' : code === 3 ? 'cm' : '';
  const size = (perUnit: number | undefined): number | undefined => {
    const micrometres = toMicrometres(perUnit && 1 / perUnit, unit);
    return micrometres !== undefined && micrometres <= 20 ? micrometres : undefined;
  };
  return { physicalSizeX: size(pixelsPerUnit.x), physicalSizeY: size(pixelsPerUnit.y) };
}
