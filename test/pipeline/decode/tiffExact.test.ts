import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countPages, decodePayload } from '../../../pipeline/decode/registry.ts';
import type { PixelType, Plane } from '../../../pipeline/frame.ts';
import { python } from '../../fixtures/python.ts';
import { hasSharedData, SHARED_DATA } from '../../fixtures/sharedData.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

interface Written {
  readonly name: string;
  readonly pages: number;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly pixelType: PixelType;
}

const page = async (path: string, number: number): Promise<Plane> =>
  (await decodePayload({ kind: 'file', path, page: number }, path)).plane;

/** Bytes of a plane, for comparing a megabyte in one go. */
const bytesOf = ({ data }: Plane): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

describe.skipIf(!python)('TIFF files that tifffile writes (needs Python)', () => {
  const folder = temporaryFolder('tiff');

  it(
    'are read to the bit: types, layouts, methods, byte orders, BigTIFF, pages, RGB',
    { timeout: 60_000 },
    async () => {
      const script = join(import.meta.dirname, 'writeTiffs.py');
      const listing = execFileSync(python!, [script, folder], { maxBuffer: 1 << 24 });
      const written = JSON.parse(listing.toString()) as Written[];
      expect(written.length).toBeGreaterThan(200);
      const wrong: string[] = [];
      for (const file of written) {
        const path = join(folder, `${file.name}.tif`);
        const truth = readFileSync(join(folder, `${file.name}.raw`));
        const { name: _, pages: pagesWritten, ...shape } = file;
        expect(await countPages(path), file.name).toBe(pagesWritten);
        const pageBytes = truth.length / pagesWritten;
        for (let number = 0; number < pagesWritten; number++) {
          const plane = await page(path, number);
          expect(plane, file.name).toMatchObject(shape);
          const same = bytesOf(plane).equals(truth.subarray(number * pageBytes, (number + 1) * pageBytes));
          if (!same) wrong.push(`${file.name}, page ${number}`);
        }
      }
      expect(wrong).toEqual([]);
    },
  );
});

describe.skipIf(!python || !hasSharedData)('TIFF files from microscopes (needs Python and ../shared/data)', () => {
  /** SHA-256 of what tifffile reads from every page of every file; signed integers as float32. */
  const READ_ALL = `
import hashlib, json, sys, tifffile
digests = {}
for path in sys.stdin.read().split('\\n'):
    with tifffile.TiffFile(path) as tif:
        pages = [page.asarray() for page in tif.pages]
    pages = [page.astype('float32') if page.dtype.kind == 'i' else page for page in pages]
    digests[path] = [hashlib.sha256(page.astype(page.dtype.newbyteorder('<')).tobytes()).hexdigest() for page in pages]
json.dump(digests, sys.stdout)
`;

  it('are read to the bit, every page of every file', { timeout: 120_000 }, async () => {
    const paths = readdirSync(SHARED_DATA, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tiff?$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
    const digests = JSON.parse(
      execFileSync(python!, ['-c', READ_ALL], { input: paths.join('\n'), maxBuffer: 1 << 26 }).toString(),
    ) as Record<string, string[]>;
    for (const path of paths) {
      const ours: string[] = [];
      const pages = await countPages(path);
      for (let number = 0; number < pages; number++) {
        ours.push(
          createHash('sha256')
            .update(bytesOf(await page(path, number)))
            .digest('hex'),
        );
      }
      expect(ours, path).toEqual(digests[path]);
    }
  });
});
