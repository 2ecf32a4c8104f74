import { resolve } from 'node:path';
import type { Source } from '../../ports.ts';
import { singleUse } from '../singleUse.ts';
import { FolderFollower } from './folderFollower.ts';

export interface FolderSourceOptions {
  readonly path: string;
  /** Pages that are complete in a file now; rejects while there are none. */
  readonly countPages: (path: string) => Promise<number>;
  /** What to do with files that are there already: nothing, the newest one, all in natural order. Default `ignore`. */
  readonly existing?: 'ignore' | 'newest' | 'all';
  /** Sub-folders too. Default false. */
  readonly recursive?: boolean;
  /** For network shares, which send no events: listings only. Default false. */
  readonly polling?: boolean;
  /** ms between listings. Default 1000, with `polling` 500. */
  readonly listEveryMs?: number;
  /** A whole file that has not changed for so long is complete, ms. Default 25, with `polling` 1000. */
  readonly settleMs?: number;
  /** A file that is not whole and has not changed for so long is handed on as it is, ms. Default 10 000. */
  readonly deadlineMs?: number;
  /** Told of things that a person may want to know: a folder that is gone, files that are passed over. */
  readonly note?: (message: string) => void;
}

export type FolderSettings = Required<FolderSourceOptions>;

/**
 * Watches a folder into which another program writes images. Each file arrives once, when it is complete (`completion.ts`
 * has the rules), each page of a stack as soon as it is; files that are not whole are tried again and hold nobody up.
 * Nothing is ever written to the folder, and only names are kept in memory: the consumer's pace is the pace of reading.
 *
 * A name is known for as long as it is in the folder: a file that is rewritten in place under the same name is no new frame.
 */
export function createFolderSource(options: FolderSourceOptions): Source {
  const path = resolve(options.path);
  const polling = options.polling ?? false;
  const settings: FolderSettings = {
    path,
    polling,
    countPages: options.countPages,
    existing: options.existing ?? 'ignore',
    recursive: options.recursive ?? false,
    listEveryMs: options.listEveryMs ?? (polling ? 500 : 1000),
    settleMs: options.settleMs ?? (polling ? 1000 : 25),
    deadlineMs: options.deadlineMs ?? 10_000,
    note: options.note ?? (() => undefined),
  };
  return singleUse('folder', path, (signal) => new FolderFollower(settings, signal).events());
}
