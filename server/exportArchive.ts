import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/**
 * Files as one ZIP, made while it is read. They are stored as they are: pictures and movies do not shrink. `sizeBytes` is known
 * beforehand, so that a browser can show progress.
 */
export async function archiveOf(
  folder: string,
  names: readonly string[],
): Promise<{ readonly stream: Readable; readonly sizeBytes: number }> {
  const archive = new ZipFile();
  for (const name of names) archive.addFile(join(folder, name), name, { compress: false });
  const sizeBytes = await new Promise<number>((resolve, reject) => {
    archive.once('error', reject);
    // It is called with the size, which its types leave out.
    archive.end(undefined, resolve as () => void);
  });
  return { stream: archive.outputStream as Readable, sizeBytes };
}
