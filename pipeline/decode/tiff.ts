import type { Decoder } from '../ports.ts';
import type { ByteSource } from './byteSource.ts';
import { mergeDescriptions } from './mergeDescriptions.ts';
import { describeFile, describePage, type FileDescription } from './tiff/describe.ts';
import { isTiff } from './tiff/ifd.ts';
import { TiffPageTable } from './tiff/pageTable.ts';
import { readPixels } from './tiff/pixels.ts';

/** What is known of a file: kept, because the pages of a stack are read one by one. */
interface KnownFile {
  readonly table: TiffPageTable;
  describe?: FileDescription;
}

const MAX_KNOWN_FILES = 32;
const knownFiles = new Map<string, KnownFile>();

/** TIFF 6.0 and BigTIFF, with the metadata of ImageJ, OME, Micro-Manager (and NDTiff) and MetaMorph. */
export const decoder: Decoder = {
  id: 'tiff',
  recognises: isTiff,

  async countPages(source) {
    const { table } = await known(source);
    await table.refresh(source);
    if (table.count === 0) await table.page(source, 0); // Throws, and says why there is none.
    return table.count;
  },

  async decode(source, pageNumber, limits) {
    const file = await known(source);
    const { ifd, layout } = await file.table.page(source, pageNumber);
    const plane = await readPixels(source, ifd, layout, limits);
    file.describe ??= await describeFile(source, file.table.firstIfd);
    return { plane, description: mergeDescriptions(file.describe(pageNumber), await describePage(source, ifd)) };
  },
};

async function known(source: ByteSource): Promise<KnownFile> {
  if (!source.file) return { table: await TiffPageTable.open(source) };
  const { identity } = source.file;
  const before = knownFiles.get(identity);
  knownFiles.delete(identity);
  const file = before && (await before.table.describes(source)) ? before : { table: await TiffPageTable.open(source) };
  knownFiles.set(identity, file);
  if (knownFiles.size > MAX_KNOWN_FILES) knownFiles.delete(knownFiles.keys().next().value!);
  return file;
}
