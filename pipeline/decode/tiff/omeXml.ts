import type { PlaneDescription } from '../../frame.ts';
import { positive, toMicrometres, toSeconds } from './units.ts';

/**
 * What OME-XML says of a plane. A scan for the few elements that matter: it expands no entities beyond XML's own five and
 * character references, follows no references, and takes time linear in the text, which the caller bounds.
 */

type Attributes = ReadonlyMap<string, string>;

interface OmeImage {
  readonly name: string | undefined;
  readonly pixels: Attributes;
  readonly channels: Attributes[];
  /** By `z,c,t`. */
  readonly planes: Map<string, Attributes>;
}

interface PageRange {
  readonly image: OmeImage;
  readonly firstPage: number;
  readonly pages: number;
  /** Place of the first page in the order of dimensions. */
  readonly rank: number;
}

const ELEMENT =
  /<(?:\w+:)?(Image|Pixels|Channel|Plane|TiffData|Objective)(\s[^<>]*?)?\/?>|<(?:\w+:)?UUID\s[^<>]*?FileName\s*=\s*["']([^"']*)["']/g;
// A name must follow a space: otherwise a long word without `=` would be tried from each of its letters.
const ATTRIBUTE = /\s([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

export function isOmeXml(description: string): boolean {
  return /<(?:\w+:)?OME[\s>]/.test(description.slice(0, 4096));
}

/** The file that holds the description of a set of files, for one that only refers to it; undefined for all others. */
export function companionName(description: string): string | undefined {
  const name = /<(?:\w+:)?BinaryOnly\s[^<>]*?MetadataFile\s*=\s*["']([^"']*)["']/.exec(description.slice(0, 4096))?.[1];
  return name === undefined ? undefined : baseName(unescapeXml(name));
}

/** @param fileName name of this file, without its folder: other files of the same image have pages of their own. */
export function describeOmeXml(xml: string, fileName: string): (page: number) => PlaneDescription {
  const { ranges, lensNA } = scan(xml, fileName);
  return (page) => {
    const range = ranges.find(({ firstPage, pages }) => page >= firstPage && page < firstPage + pages);
    if (!range) return {};
    return { ...describePlane(range.image, range.rank + page - range.firstPage), lensNA };
  };
}

function scan(xml: string, fileName: string): { ranges: PageRange[]; lensNA: number | undefined } {
  const ranges: PageRange[] = [];
  let lensNA: number | undefined;
  let image: OmeImage | undefined;
  let name: string | undefined;
  for (const [, element, text = '', uuidFileName] of xml.matchAll(ELEMENT)) {
    const attributes = attributesOf(text);
    if (uuidFileName !== undefined) {
      // Names the file that the TiffData before it means.
      if (baseName(unescapeXml(uuidFileName)) !== fileName) ranges.pop();
    } else if (element === 'Objective') {
      lensNA ??= positive(attributes.get('LensNA'));
    } else if (element === 'Image') {
      name = attributes.get('Name');
    } else if (element === 'Pixels') {
      image = { name, pixels: attributes, channels: [], planes: new Map() };
    } else if (!image) {
      continue;
    } else if (element === 'Channel') {
      image.channels.push(attributes);
    } else if (element === 'Plane') {
      image.planes.set(['TheZ', 'TheC', 'TheT'].map((key) => whole(attributes.get(key))).join(), attributes);
    } else if (element === 'TiffData') {
      ranges.push(pageRange(image, attributes));
    }
  }
  return { ranges, lensNA };
}

/** Without an IFD a TiffData means all pages of the file, with one a single page, unless it says otherwise. */
function pageRange(image: OmeImage, tiffData: Attributes): PageRange {
  const first = {
    z: whole(tiffData.get('FirstZ')),
    c: whole(tiffData.get('FirstC')),
    t: whole(tiffData.get('FirstT')),
  };
  let rank = 0;
  let step = 1;
  for (const { axis, size } of dimensions(image)) {
    rank += first[axis] * step;
    step *= size;
  }
  const pages = tiffData.has('PlaneCount') ? whole(tiffData.get('PlaneCount')) : tiffData.has('IFD') ? 1 : Infinity;
  return { image, firstPage: whole(tiffData.get('IFD')), pages, rank };
}

/** The axes behind X and Y, fastest first. A channel with three samples (RGB) is one plane. */
function dimensions({ pixels, channels }: OmeImage): { axis: 'z' | 'c' | 't'; size: number }[] {
  const order = (pixels.get('DimensionOrder') ?? 'XYCZT').toLowerCase();
  const samples = Math.max(1, whole(channels[0]?.get('SamplesPerPixel') ?? '1'));
  return [...order]
    .filter((axis) => axis === 'z' || axis === 'c' || axis === 't')
    .map((axis) => {
      const size = Math.max(1, whole(pixels.get(`Size${axis.toUpperCase()}`) ?? '1'));
      return { axis, size: axis === 'c' ? Math.max(1, Math.floor(size / samples)) : size };
    });
}

function describePlane(image: OmeImage, rank: number): PlaneDescription {
  const index = { t: 0, c: 0, z: 0 };
  let rest = rank;
  for (const { axis, size } of dimensions(image)) {
    index[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  // Along an axis with one place nothing is stated: in a folder of single pictures it is the file name that knows.
  const severalAxes = dimensions(image).filter(({ size }) => size > 1);
  const { pixels, channels } = image;
  const channel = channels[index.c];
  const plane = image.planes.get([index.z, index.c, index.t].join());
  const length = (from: Attributes | undefined, key: string, unit: string): number | undefined =>
    toMicrometres(number(from?.get(key)), from?.get(`${key}Unit`) ?? unit);
  const time = (from: Attributes | undefined, key: string): number | undefined =>
    toSeconds(number(from?.get(key)), from?.get(`${key}Unit`) ?? 's');
  // Stage positions have no unit of their own: without one they are counted in whatever the stage counts in.
  const [x, y, z] = ['PositionX', 'PositionY', 'PositionZ'].map((key) => length(plane, key, 'reference frame'));
  const emissionMicrometres = length(channel, 'EmissionWavelength', 'nm');
  const names = channels.map((each) => each.get('Name'));
  return {
    index: Object.fromEntries(severalAxes.map(({ axis }) => [axis, index[axis]])),
    acquisitionName: image.name,
    significantBits: positive(pixels.get('SignificantBits')),
    physicalSizeX: positive(length(pixels, 'PhysicalSizeX', 'µm')),
    physicalSizeY: positive(length(pixels, 'PhysicalSizeY', 'µm')),
    physicalSizeZ: positive(length(pixels, 'PhysicalSizeZ', 'µm')),
    timeIncrement: positive(time(pixels, 'TimeIncrement')),
    channelName: channel?.get('Name'),
    channelNames: names.every((each) => each !== undefined) && names.length > 0 ? names : undefined,
    emissionWavelength: emissionMicrometres && emissionMicrometres * 1000,
    deltaT: time(plane, 'DeltaT'),
    exposureTime: positive(time(plane, 'ExposureTime')),
    position: x === undefined || y === undefined ? undefined : { x, y, ...(z === undefined ? {} : { z }) },
  };
}

function attributesOf(text: string): Attributes {
  return new Map(Array.from(text.matchAll(ATTRIBUTE), ([, key, a, b]) => [key!, unescapeXml(a ?? b ?? '')]));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi, (whole, hex, decimal, name) => {
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    if (name) return ENTITIES[name] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

/** A count or an index; 0 for anything that is none. */
function whole(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
