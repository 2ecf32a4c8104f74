import { isScopestreamError } from '../../errors.ts';
import { type ByteSource, refused, torn } from '../byteSource.ts';
import { type Ifd, readHeader, readIfd, readText, TAG, type TiffHeader } from './ifd.ts';
import { COMPRESSION, isInside, readLayout, type TiffLayout } from './layout.ts';

/** One plane of a TIFF file: its directory, and where its own pixels are. */
export interface TiffPage {
  readonly ifd: Ifd;
  readonly layout: TiffLayout;
}

const MAX_PAGES = 1 << 20;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * Where the pages of a TIFF file are. Directories are a linked list, so finding page 999 means visiting 999 others: the
 * table remembers them, and goes on from the last one when the file has grown. Only complete pages are in it: their
 * directory and every strip or tile lie inside the file.
 *
 * MetaMorph stacks, and ImageJ stacks beyond 4 GB, have one directory for many planes stored one behind the other.
 */
export class TiffPageTable {
  readonly #header: TiffHeader;
  /** As it was when the table was begun: a file that was written anew has another one. */
  readonly firstIfd: Ifd;
  /** The version of the file in which that was last seen. */
  #seenVersion: string | undefined;
  /** The page that was read last, and from which version of the file: it is often asked for next. */
  #lastRead: { readonly version: string | undefined; readonly page: TiffPage } | undefined;
  readonly #ifdOffsets: number[] = [];
  readonly #visited = new Set<number>();
  /** The directory to look at next; 0 when the last one ended the chain. */
  #nextOffset: number;
  /** Planes of the only directory. */
  #planes = 1;
  #planeBytes = 0;
  /** Ends when the last search that was begun has ended: two at a time would find each page twice. */
  #search: Promise<void> = Promise.resolve();
  /** Why the table ends where it ends. */
  #problem: unknown;

  private constructor(source: ByteSource, firstIfd: Ifd) {
    this.#seenVersion = source.file?.version;
    this.#header = firstIfd.header;
    this.firstIfd = firstIfd;
    this.#nextOffset = firstIfd.offset;
  }

  /** Throws a DecodeError when the source has not even one directory. */
  static async open(source: ByteSource): Promise<TiffPageTable> {
    return new TiffPageTable(source, await readFirstIfd(source));
  }

  /** False when the file that this table was made from was written anew; true when it only grew. */
  async describes(source: ByteSource): Promise<boolean> {
    if (source.file?.version === this.#seenVersion) return true;
    this.#seenVersion = source.file?.version;
    return fingerprint(await readFirstIfd(source)) === fingerprint(this.firstIfd);
  }

  /** Complete pages known so far. */
  get count(): number {
    return this.#ifdOffsets.length === 1 ? this.#planes : this.#ifdOffsets.length;
  }

  /** Looks for pages that are complete now, until `wanted` are known or there are no more. Throws when they form a loop. */
  refresh(source: ByteSource, wanted = Infinity): Promise<void> {
    const search = this.#search.then(() => this.#goOn(source, wanted));
    this.#search = search.catch(() => undefined);
    return search;
  }

  async #goOn(source: ByteSource, wanted: number): Promise<void> {
    this.#problem = undefined;
    if (this.#nextOffset === 0 && this.#ifdOffsets.length > 0) {
      this.#nextOffset = (await readIfd(source, this.#header, this.#ifdOffsets.at(-1)!)).nextOffset;
    }
    while (this.#nextOffset !== 0 && this.#ifdOffsets.length < wanted) {
      const page = await this.#completePage(source, this.#nextOffset);
      if (!page) return;
      if (this.#ifdOffsets.length >= MAX_PAGES) throw refused(source, `has more than ${MAX_PAGES} pages`);
      this.#ifdOffsets.push(page.ifd.offset);
      this.#visited.add(page.ifd.offset);
      this.#nextOffset = page.ifd.nextOffset;
      if (this.#visited.has(this.#nextOffset)) throw refused(source, 'has image directories that form a loop');
    }
    if (this.#nextOffset === 0 && this.#ifdOffsets.length === 1) await this.#countPlanes(source);
  }

  /** Page `index`, counted from 0. Throws a DecodeError when it is not there, or not complete. */
  async page(source: ByteSource, index: number): Promise<TiffPage> {
    if (index >= this.count) await this.refresh(source, index + 1);
    if (index >= this.count) {
      if (this.#problem) throw this.#problem;
      throw torn(source, `has ${this.count} complete pages, so none with number ${index}`);
    }
    const { ifd, layout } = await this.#read(source, this.#ifdOffsets[index] ?? this.#ifdOffsets[0]);
    const shift = index < this.#ifdOffsets.length ? 0 : index * this.#planeBytes;
    if (!isInside(source, layout, shift)) throw torn(source, `ends inside the pixels of page ${index}`);
    const segments = layout.segments.map(({ offset, sizeBytes }) => ({ offset: offset + shift, sizeBytes }));
    return { ifd, layout: shift === 0 ? layout : { ...layout, segments } };
  }

  /** The page whose directory is at `offset`; undefined (and a problem) when it is not wholly there. */
  async #completePage(source: ByteSource, offset: number): Promise<TiffPage | undefined> {
    try {
      const page = await this.#read(source, offset);
      if (isInside(source, page.layout)) return page;
      this.#problem = torn(source, `ends inside the pixels of page ${this.#ifdOffsets.length}`);
    } catch (error) {
      if (!isScopestreamError(error, 'decode')) throw error;
      this.#problem = error;
    }
    return undefined;
  }

  async #read(source: ByteSource, offset: number): Promise<TiffPage> {
    const version = source.file?.version;
    if (this.#lastRead?.version === version && this.#lastRead?.page.ifd.offset === offset) return this.#lastRead.page;
    const ifd = await readIfd(source, this.#header, offset);
    const page = { ifd, layout: await readLayout(source, ifd) };
    this.#lastRead = { version, page };
    return page;
  }

  async #countPlanes(source: ByteSource): Promise<void> {
    const { ifd, layout } = await this.#read(source, this.#ifdOffsets[0]);
    const stated = await statedPlanes(source, ifd);
    const first = layout.segments[0];
    const last = layout.segments.at(-1)!;
    this.#planeBytes = last.offset + last.sizeBytes - first.offset;
    if (stated <= 1 || layout.compression !== COMPRESSION.none || this.#planeBytes <= 0) return;
    const present = Math.floor((source.sizeBytes - first.offset) / this.#planeBytes);
    this.#planes = Math.max(1, Math.min(stated, present));
  }
}

/** How many planes follow one another behind a file's only directory, as MetaMorph or ImageJ state it. */
async function statedPlanes(source: ByteSource, ifd: Ifd): Promise<number> {
  const metaMorph = ifd.entries.get(TAG.metaMorphUic2) ?? ifd.entries.get(TAG.metaMorphUic3);
  if (metaMorph) return metaMorph.count;
  const text = (await readText(source, ifd, TAG.imageDescription, MAX_TEXT_BYTES)) ?? '';
  if (!text.startsWith('ImageJ=')) return 1;
  return Number(/^images=(\d+)/m.exec(text)?.[1] ?? 1);
}

async function readFirstIfd(source: ByteSource): Promise<Ifd> {
  const header = await readHeader(source);
  return readIfd(source, header, header.firstIfdOffset);
}

function fingerprint({ header, entries }: Ifd): string {
  return JSON.stringify([header, ...entries]);
}
