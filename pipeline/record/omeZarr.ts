/**
 * The metadata of an OME-Zarr 0.5 store as plain objects (https://ngff.openmicroscopy.org/0.5, Zarr v3 with the
 * `sharding_indexed` codec). Nothing here touches a file.
 *
 *     images.ome.zarr/          group, "bioformats2raw.layout": 3
 *       OME/                    group, "series": ["raw", "enhanced"]
 *       raw/                    group, multiscales, omero
 *         0/                    array t, c, z, y, x
 *         times/                array t, c, z: when each plane was taken
 *       enhanced/               the same; its own sizes and its own pixel size
 *
 * A colour plane is stored as three channels (R, G, B), because OME-Zarr has no samples; its three samples share a chunk.
 */

import type { Channel, PixelType } from '../frame.ts';

export const IMAGES_FOLDER = 'images.ome.zarr';
/** Path of the full-resolution array inside an image's group. */
export const ARRAY_NAME = '0';
export const RAW_IMAGE = 'raw';
export const ENHANCED_IMAGE = 'enhanced';
/** Our own attributes, beside `ome`. */
export const OWN_ATTRIBUTES = 'scopestream';

/** What does not change in one image of a session. */
export interface ImageDescription {
  readonly name: string;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
  /** micrometre per pixel of this image. */
  readonly physicalSizeX?: number;
  readonly physicalSizeY?: number;
  readonly physicalSizeZ?: number;
  /** Where the first sample lies along x and y on the raw image, micrometre; absent: on its first sample. */
  readonly firstSampleX?: number;
  readonly firstSampleY?: number;
  /** second */
  readonly timeIncrement?: number;
  readonly channels: readonly Channel[];
  /** Intensities shown at first as black and white, stored units. */
  readonly window: readonly [number, number];
  /** Range of stored values. */
  readonly range: readonly [number, number];
  readonly planesPerShard: number;
  readonly codecs: readonly object[];
  /** Under `scopestream` in the attributes. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** Number of planes along each; grows while the session is recorded. */
export interface ImageExtent {
  readonly sizeT: number;
  readonly sizeC: number;
  readonly sizeZ: number;
}

export function rootGroup(): object {
  return group({ ome: { version: '0.5', 'bioformats2raw.layout': 3 } });
}

export function seriesGroup(images: readonly string[]): object {
  return group({ ome: { version: '0.5', series: images } });
}

export function imageGroup(image: ImageDescription, extent: ImageExtent): object {
  const space = (known: number | undefined) => (known === undefined ? {} : { unit: 'micrometer' });
  const multiscale = {
    name: image.name,
    axes: [
      { name: 't', type: 'time', ...(image.timeIncrement === undefined ? {} : { unit: 'second' }) },
      { name: 'c', type: 'channel' },
      { name: 'z', type: 'space', ...space(image.physicalSizeZ) },
      { name: 'y', type: 'space', ...space(image.physicalSizeY) },
      { name: 'x', type: 'space', ...space(image.physicalSizeX) },
    ],
    datasets: [{ path: ARRAY_NAME, coordinateTransformations: transformationsOf(image) }],
  };
  const omero = { channels: channelsOf(image, extent.sizeC), rdefs: { model: 'color' } };
  return group({
    ome: { version: '0.5', multiscales: [multiscale], omero },
    [OWN_ATTRIBUTES]: { ...image.own, channels: image.channels },
  });
}

export function imageArray(image: ImageDescription, extent: ImageExtent): object {
  const chunk = [1, image.samplesPerPixel, 1, image.sizeY, image.sizeX];
  return {
    zarr_format: 3,
    node_type: 'array',
    shape: [extent.sizeT, extent.sizeC * image.samplesPerPixel, extent.sizeZ, image.sizeY, image.sizeX],
    data_type: image.pixelType,
    chunk_grid: { name: 'regular', configuration: { chunk_shape: [image.planesPerShard, ...chunk.slice(1)] } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 0,
    codecs: [
      {
        name: 'sharding_indexed',
        configuration: {
          chunk_shape: chunk,
          codecs: image.codecs,
          index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }, { name: 'crc32c' }],
          index_location: 'end',
        },
      },
    ],
    attributes: {},
    dimension_names: ['t', 'c', 'z', 'y', 'x'],
  };
}

/** True times of planes, s: one chunk of float64. */
export function timesArray(shape: readonly number[], startedAt: string): object {
  return {
    zarr_format: 3,
    node_type: 'array',
    shape,
    data_type: 'float64',
    chunk_grid: { name: 'regular', configuration: { chunk_shape: shape } },
    chunk_key_encoding: { name: 'default', configuration: { separator: '/' } },
    fill_value: 'NaN',
    codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
    attributes: { unit: 'second', since: startedAt },
    dimension_names: ['t', 'c', 'z'],
  };
}

/** Path of a shard under its image's array: the chunk key of Zarr's default encoding. */
export function shardKey(shard: number, c: number, z: number): string {
  return `c/${shard}/${c}/${z}/0/0`;
}

function group(attributes: object): object {
  return { zarr_format: 3, node_type: 'group', attributes };
}

function transformationsOf(image: ImageDescription): object[] {
  const { timeIncrement = 1, physicalSizeZ = 1, physicalSizeY = 1, physicalSizeX = 1 } = image;
  const { firstSampleY = 0, firstSampleX = 0 } = image;
  const scale = { type: 'scale', scale: [timeIncrement, 1, physicalSizeZ, physicalSizeY, physicalSizeX] };
  if (firstSampleX === 0 && firstSampleY === 0) return [scale];
  return [scale, { type: 'translation', translation: [0, 0, 0, firstSampleY, firstSampleX] }];
}

const COLOURS = ['00FF00', 'FF00FF', '00FFFF', 'FFFF00', 'FF0000', '0000FF'];
const SAMPLES = [
  { suffix: ' R', color: 'FF0000' },
  { suffix: ' G', color: '00FF00' },
  { suffix: ' B', color: '0000FF' },
];

function channelsOf(image: ImageDescription, sizeC: number): object[] {
  const [start, end] = image.window;
  const [min, max] = image.range;
  const style = { active: true, coefficient: 1, family: 'linear', inverted: false, window: { start, end, min, max } };
  return Array.from({ length: sizeC }, (_, c) => {
    const label = image.channels[c]?.name ?? `channel ${c}`;
    if (image.samplesPerPixel === 3)
      return SAMPLES.map(({ suffix, color }) => ({ label: label + suffix, color, ...style }));
    const color = sizeC === 1 ? 'FFFFFF' : COLOURS[c % COLOURS.length];
    return [{ label, color, ...style }];
  }).flat();
}
