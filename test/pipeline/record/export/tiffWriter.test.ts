import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countPages, decodePayload } from '../../../../pipeline/decode/registry.ts';
import type { PixelType, Plane } from '../../../../pipeline/frame.ts';
import {
  imageJTextOf,
  omeXmlOf,
  resolutionOf,
  type TiffImage,
} from '../../../../pipeline/record/export/tiffDescription.ts';
import { TiffWriter, type TiffWriterOptions } from '../../../../pipeline/record/export/tiffWriter.ts';
import { python } from '../../../fixtures/python.ts';
import { temporaryFolder } from '../../../fixtures/temporaryFolder.ts';

const folder = temporaryFolder('writer');
let files = 0;

const FORMS = [
  ['uint8', 1],
  ['uint16', 1],
  ['float32', 1],
  ['uint8', 3],
  ['uint16', 3],
] as const;

function planeOf(pixelType: PixelType, samplesPerPixel: 1 | 3, seed: number, sizeX = 13, sizeY = 7): Plane {
  const Pixels = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array }[pixelType];
  const data = new Pixels(sizeX * sizeY * samplesPerPixel).map((_, i) => (i + 1) * 2654435.761 * (seed + 1));
  return { sizeX, sizeY, samplesPerPixel, pixelType, data };
}

const bytesOf = ({ data }: Plane): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

async function write(planes: readonly Plane[], description: string, options: TiffWriterOptions = {}): Promise<string> {
  const path = join(folder, `${files++}.ome.tif`);
  const writer = await TiffWriter.open(path, planes[0], options);
  for (const plane of planes) await writer.writePlane(plane);
  await writer.close(description);
  return path;
}

/** Two channels, two time points, sections left at one; written t by t. */
function imageOf([plane]: readonly Plane[], count: number): TiffImage {
  return {
    name: 'a <cell> & "friends"',
    ...plane!,
    significantBits: plane!.pixelType === 'uint16' ? 12 : undefined,
    physicalSizeX: 0.065,
    physicalSizeY: 0.13,
    timeIncrement: 0.05,
    startedAt: '2026-11-21T00:45:12Z',
    channels: [{ name: 'GFP', emissionWavelength: 509 }, { name: 'mCherry µ' }],
    planes: Array.from({ length: count }, (_, i) => ({
      index: { t: Math.floor(i / 2), c: i % 2, z: 0 },
      deltaT: i / 40,
      exposureTime: 0.01,
    })),
  };
}

describe('The TIFF writer', () => {
  it.each(FORMS)('gives %s x %i back to the bit, as TIFF and as BigTIFF', async (pixelType, samplesPerPixel) => {
    const planes = [0, 1, 2].map((seed) => planeOf(pixelType, samplesPerPixel, seed));
    for (const big of [false, true]) {
      const path = await write(planes, 'three planes', { big });
      expect(readFileSync(path)[2]).toBe(big ? 43 : 42);
      expect(await countPages(path)).toBe(3);
      for (const [page, plane] of planes.entries()) {
        const read = (await decodePayload({ kind: 'file', path, page }, path)).plane;
        expect({ ...read, data: undefined }).toEqual({ ...plane, data: undefined });
        expect(bytesOf(read).equals(bytesOf(plane))).toBe(true);
      }
    }
  });

  it('carries what OME-XML says to our own decoder', async () => {
    const planes = [0, 1, 2, 3].map((seed) => planeOf('uint16', 1, seed));
    const path = await write(planes, omeXmlOf(imageOf(planes, 4), { software: 'Scopestream test' }));
    const { description } = await decodePayload({ kind: 'file', path, page: 3 }, path);
    expect(description).toEqual({
      index: { t: 1, c: 1 },
      acquisitionName: 'a <cell> & "friends"',
      significantBits: 12,
      physicalSizeX: 0.065,
      physicalSizeY: 0.13,
      timeIncrement: 0.05,
      channelName: 'mCherry µ',
      channelNames: ['GFP', 'mCherry µ'],
      deltaT: 0.075,
      exposureTime: 0.01,
    });
  });

  it('carries what ImageJ says to our own decoder', async () => {
    const planes = [0, 1, 2, 3].map((seed) => planeOf('uint16', 1, seed));
    const image = imageOf(planes, 4);
    const path = await write(planes, imageJTextOf(image), { resolution: resolutionOf(image, 'imageJ') });
    const { description } = await decodePayload({ kind: 'file', path, page: 3 }, path);
    expect(description).toMatchObject({ index: { t: 1, c: 1 }, timeIncrement: 0.05 });
    expect(description.physicalSizeX).toBeCloseTo(0.065, 6);
    expect(description.physicalSizeY).toBeCloseTo(0.13, 6);
  });

  it('is a whole file to a reader at every moment: complete planes only', async () => {
    const path = join(folder, 'growing.tif');
    const writer = await TiffWriter.open(path, planeOf('uint16', 1, 0));
    for (let count = 1; count <= 3; count++) {
      await writer.writePlane(planeOf('uint16', 1, count));
      expect(await countPages(`${path}.partial`)).toBe(count);
      expect(writer.planesWritten).toBe(count);
    }
    expect(existsSync(path)).toBe(false);
    await writer.close('');
    expect(await countPages(path)).toBe(3);
  });

  it('chooses BigTIFF when the planes need it, or when nobody knows how many will come', async () => {
    const form = planeOf('uint16', 1, 0, 1024, 1024);
    for (const [planes, magic] of [
      [10, 42],
      [3000, 43],
      [undefined, 43],
    ] as const) {
      const path = join(folder, `chosen-${planes}.tif`);
      const writer = await TiffWriter.open(path, form, { planes });
      await writer.writePlane(form);
      await writer.close('');
      expect(readFileSync(path)[2]).toBe(magic);
    }
  });

  it('refuses planes of another form, by name', async () => {
    const writer = await TiffWriter.open(join(folder, 'formed.tif'), planeOf('uint16', 1, 0));
    await expect(writer.writePlane(planeOf('uint8', 1, 0))).rejects.toThrow(/formed\.tif: takes 13 x 7 uint16 planes/);
    await writer.abandon();
    expect(existsSync(join(folder, 'formed.tif.partial'))).toBe(false);
  });

  it('leaves nothing behind when it is closed without planes, and names a folder that is not there', async () => {
    const path = join(folder, 'nothing.tif');
    await (await TiffWriter.open(path, planeOf('uint8', 1, 0))).close('');
    expect(existsSync(path) || existsSync(`${path}.partial`)).toBe(false);
    const nowhere = join(folder, 'no', 'such', 'folder.tif');
    await expect(TiffWriter.open(nowhere, planeOf('uint8', 1, 0))).rejects.toMatchObject({ tag: 'record' });
  });

  it('keeps pixel sizes of any magnitude in the resolution tags', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 1e-4, max: 15, noNaN: true }), async (physicalSizeX) => {
        const path = await write([planeOf('uint8', 1, 0)], '', { resolution: resolutionOf({ physicalSizeX }, 'ome') });
        const { description } = await decodePayload({ kind: 'file', path, page: 0 }, path);
        expect(description.physicalSizeX! / physicalSizeX).toBeCloseTo(1, 5);
      }),
      { numRuns: 20 },
    );
  });

  it('links annotations to the image, and to the planes that name them', () => {
    const image = imageOf([planeOf('uint8', 1, 0)], 2);
    const planes = [{ ...image.planes[0]!, annotations: ['b'] }, image.planes[1]!];
    const annotations = [
      { id: 'a', namespace: 'test', description: 'who & why', value: { model: '<m>', tiles: 4, absent: undefined } },
      { id: 'b', namespace: 'test', value: 'text' },
    ];
    const xml = omeXmlOf({ ...image, planes }, { software: 'test', annotations });
    expect(xml).toContain(
      '</Pixels><AnnotationRef ID="Annotation:a"/><AnnotationRef ID="Annotation:b"/></Image><StructuredAnnotations>' +
        '<MapAnnotation ID="Annotation:a" Namespace="test"><Description>who &amp; why</Description>' +
        '<Value><M K="model">&lt;m&gt;</M><M K="tiles">4</M></Value></MapAnnotation>' +
        '<CommentAnnotation ID="Annotation:b" Namespace="test"><Value>text</Value></CommentAnnotation>' +
        '</StructuredAnnotations></OME>',
    );
    expect(xml.match(/<Plane [^>]*><AnnotationRef ID="Annotation:b"\/><\/Plane>/g)).toHaveLength(1);
  });

  it('drops what XML cannot hold', () => {
    const image = { ...imageOf([planeOf('uint8', 1, 0)], 1), name: 'a\u0000b\u0008c\nd' };
    expect(omeXmlOf(image, { software: 'test' })).toContain('Name="abc d"');
  });
});

describe.skipIf(!python)('Files of the TIFF writer in tifffile (needs Python)', () => {
  const READ = `
import hashlib, json, sys, tifffile
files = []
for path in sys.argv[1:]:
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        pixels = series.asarray()
        files.append({
            'isOme': tif.is_ome, 'isImageJ': tif.is_imagej, 'isBig': tif.is_bigtiff, 'pages': len(tif.pages),
            'axes': series.axes, 'shape': list(series.shape), 'type': pixels.dtype.name,
            'sha256': hashlib.sha256(pixels.tobytes()).hexdigest(),
            'imageJ': {k: v for k, v in (tif.imagej_metadata or {}).items() if isinstance(v, (int, float, str))},
        })
json.dump(files, sys.stdout)
`;
  const readBack = (paths: readonly string[]): unknown[] =>
    JSON.parse(execFileSync(python!, ['-c', READ, ...paths], { maxBuffer: 1 << 24 }).toString()) as unknown[];
  const sha256 = (planes: readonly Plane[]): string =>
    createHash('sha256')
      .update(Buffer.concat(planes.map(bytesOf)))
      .digest('hex');

  it('are OME-TIFF with the right axes and pixels, of every form', async () => {
    const paths: string[] = [];
    const expected: unknown[] = [];
    for (const [pixelType, samplesPerPixel] of FORMS) {
      const planes = [0, 1, 2, 3, 4, 5].map((seed) => planeOf(pixelType, samplesPerPixel, seed));
      const image = imageOf(planes, 6);
      const colour: TiffImage = {
        ...image,
        channels: [{ name: 'colour' }],
        planes: image.planes.map((plane, t) => ({ ...plane, index: { t, c: 0, z: 0 } })),
      };
      const rgb = samplesPerPixel === 3;
      paths.push(await write(planes, omeXmlOf(rgb ? colour : image, { software: 'Scopestream test' }), { big: rgb }));
      expected.push({
        isOme: true,
        isBig: rgb,
        pages: 6,
        axes: rgb ? 'TYXS' : 'TCYX',
        shape: rgb ? [6, 7, 13, 3] : [3, 2, 7, 13],
        type: pixelType,
        sha256: sha256(planes),
      });
    }
    expect(readBack(paths)).toMatchObject(expected);
  });

  it('are ImageJ hyperstacks with the right axes and pixels', async () => {
    const planes = [0, 1, 2, 3, 4, 5].map((seed) => planeOf('uint16', 1, seed));
    const image = imageOf(planes, 6);
    const path = await write(planes, imageJTextOf(image), { planes: 6, resolution: resolutionOf(image, 'imageJ') });
    expect(readBack([path])).toMatchObject([
      {
        isImageJ: true,
        axes: 'TCYX',
        shape: [3, 2, 7, 13],
        sha256: sha256(planes),
        imageJ: { unit: 'um', finterval: 0.05 },
      },
    ]);
  });
});

describe('A file of the TIFF writer', () => {
  it('is as large as its pixels and little more', async () => {
    const planes = Array.from({ length: 20 }, (_, seed) => planeOf('uint16', 1, seed, 128, 128));
    const path = await write(planes, omeXmlOf(imageOf(planes, 20), { software: 'test' }));
    expect(statSync(path).size).toBeLessThan(20 * 128 * 128 * 2 * 1.05);
  });
});
