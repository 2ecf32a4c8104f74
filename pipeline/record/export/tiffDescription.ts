import type { Channel, FrameIndex, PixelType } from '../../frame.ts';
import { annotationRef, structuredAnnotations, type OmeAnnotation } from './omeAnnotations.ts';
import type { TiffWriterOptions } from './tiffWriter.ts';
import { escapeXml, xmlAttributes } from './xml.ts';

/** What a TIFF file can say about the picture in it: OME's names and units. */
export interface TiffImage {
  readonly name: string;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  readonly significantBits?: number;
  /** micrometre */
  readonly physicalSizeX?: number;
  readonly physicalSizeY?: number;
  readonly physicalSizeZ?: number;
  /** second */
  readonly timeIncrement?: number;
  /** ISO 8601 */
  readonly startedAt?: string;
  readonly channels: readonly Channel[];
  /** One for each plane, in the order in which they were written. */
  readonly planes: readonly TiffPlane[];
}

export interface TiffPlane {
  readonly index: FrameIndex;
  /** second */
  readonly deltaT?: number;
  readonly exposureTime?: number;
  /** micrometre */
  readonly position?: { readonly x: number; readonly y: number; readonly z?: number };
  /** Ids of the annotations that count for this plane. */
  readonly annotations?: readonly string[];
}

export interface OmeXmlOptions {
  readonly software: string;
  /** The image refers to all of them, a plane to those that it names. */
  readonly annotations?: readonly OmeAnnotation[];
}

const OME = 'http://www.openmicroscopy.org/Schemas/OME/2016-06';
const OME_TYPES: Readonly<Record<PixelType, string>> = { uint8: 'uint8', uint16: 'uint16', float32: 'float' };

/**
 * The OME-XML of a file with one image. Planes may be in any order, and some may be missing: each says where it belongs. An
 * RGB plane is one channel of three samples.
 */
export function omeXmlOf(image: TiffImage, { software, annotations = [] }: OmeXmlOptions): string {
  const { sizeT, sizeC, sizeZ } = sizesOf(image);
  const pixels = xmlAttributes({
    ID: 'Pixels:0',
    DimensionOrder: 'XYCZT',
    Type: OME_TYPES[image.pixelType],
    BigEndian: 'false',
    SizeX: image.sizeX,
    SizeY: image.sizeY,
    SizeC: sizeC * image.samplesPerPixel,
    SizeZ: sizeZ,
    SizeT: sizeT,
    SignificantBits: image.significantBits,
    PhysicalSizeX: image.physicalSizeX,
    PhysicalSizeY: image.physicalSizeY,
    PhysicalSizeZ: image.physicalSizeZ,
    TimeIncrement: image.timeIncrement,
  });
  const channels = Array.from({ length: sizeC }, (_, c) => {
    const channel = image.channels[c];
    return `<Channel${xmlAttributes({
      ID: `Channel:0:${c}`,
      Name: channel?.name,
      SamplesPerPixel: image.samplesPerPixel,
      ExcitationWavelength: channel?.excitationWavelength,
      EmissionWavelength: channel?.emissionWavelength,
    })}/>`;
  });
  const tiffData = image.planes.map(
    ({ index: { t, c, z } }, ifd) =>
      `<TiffData${xmlAttributes({ IFD: ifd, PlaneCount: 1, FirstC: c, FirstZ: z, FirstT: t })}/>`,
  );
  const planes = image.planes.map(
    ({ index: { t, c, z }, deltaT, exposureTime, position, annotations: named = [] }) =>
      `<Plane${xmlAttributes({
        TheC: c,
        TheZ: z,
        TheT: t,
        DeltaT: deltaT,
        ExposureTime: exposureTime,
        PositionX: position?.x,
        PositionXUnit: position && 'µm',
        PositionY: position?.y,
        PositionYUnit: position && 'µm',
        PositionZ: position?.z,
        PositionZUnit: position?.z === undefined ? undefined : 'µm',
      })}>${named.map(annotationRef).join('')}</Plane>`,
  );
  const started = image.startedAt ? `<AcquisitionDate>${escapeXml(image.startedAt)}</AcquisitionDate>` : '';
  const ofImage = annotations.map(({ id }) => annotationRef(id));
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<OME xmlns="${OME}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${OME} ${OME}/ome.xsd"`,
    `${xmlAttributes({ Creator: software })}>`,
    `<Image${xmlAttributes({ ID: 'Image:0', Name: image.name })}>${started}`,
    `<Pixels${pixels}>${channels.join('')}${tiffData.join('')}${planes.join('')}</Pixels>${ofImage.join('')}</Image>`,
    `${structuredAnnotations(annotations)}</OME>`,
  ].join('');
}

/**
 * ImageJ's text for a stack. ImageJ finds a plane by counting (channels first, then slices, then frames), so this holds only
 * for planes written in that order with none missing.
 */
export function imageJTextOf(image: TiffImage): string {
  const { sizeT, sizeC, sizeZ } = sizesOf(image);
  const unit = image.physicalSizeX === undefined ? undefined : 'um';
  const lines: [key: string, value: string | number | undefined][] = [
    ['ImageJ', '1.54f'],
    ['images', image.planes.length],
    ['channels', sizeC],
    ['slices', sizeZ],
    ['frames', sizeT],
    ['hyperstack', 'true'],
    ['mode', 'grayscale'],
    ['unit', unit],
    ['spacing', unit && image.physicalSizeZ],
    ['finterval', image.timeIncrement],
    ['loop', 'false'],
  ];
  return lines.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`])).join('');
}

/** Resolution tags beside OME-XML (pixels per cm), and beside ImageJ's text (pixels per its own unit). */
export function resolutionOf(
  { physicalSizeX, physicalSizeY = physicalSizeX }: Pick<TiffImage, 'physicalSizeX' | 'physicalSizeY'>,
  beside: 'ome' | 'imageJ',
): TiffWriterOptions['resolution'] {
  if (physicalSizeX === undefined || physicalSizeY === undefined) return undefined;
  const MICROMETRES_PER_CM = 10_000;
  return beside === 'ome'
    ? { x: MICROMETRES_PER_CM / physicalSizeX, y: MICROMETRES_PER_CM / physicalSizeY, unit: 'cm' }
    : { x: 1 / physicalSizeX, y: 1 / physicalSizeY, unit: 'none' };
}

function sizesOf({ planes, channels }: TiffImage): { sizeT: number; sizeC: number; sizeZ: number } {
  const sizes = { sizeT: 1, sizeC: Math.max(1, channels.length), sizeZ: 1 };
  for (const { index } of planes) {
    sizes.sizeT = Math.max(sizes.sizeT, index.t + 1);
    sizes.sizeC = Math.max(sizes.sizeC, index.c + 1);
    sizes.sizeZ = Math.max(sizes.sizeZ, index.z + 1);
  }
  return sizes;
}
