import { basename, resolve } from 'node:path';
import { watch } from 'chokidar';

/** ms between looks at the folder where the system sends no events: one `stat` each. */
const POLL_MS = 100;

export interface SessionFolderWatch {
  close(): void;
}

/**
 * Tells at once of folders that appear directly in `root`, those there already among them, and of folders that go. What it
 * tells is a hint to look, by name: a listing of `root` remains the truth.
 *
 * Only for a folder in which folders appear: chokidar reads the whole folder again for each event in it and watches each
 * file, so in a folder that fills with frames the cost of one frame grows with the number of those before it. `depth: 0`
 * keeps it out of the session folders, where the frames land.
 */
export function watchSessionFolders(
  root: string,
  polling: boolean,
  noticed: (name: string) => void,
  failed: (error: unknown) => void,
): SessionFolderWatch {
  const watcher = watch(root, {
    depth: 0,
    usePolling: polling,
    interval: POLL_MS,
    ignored: (_, stats) => stats !== undefined && !stats.isDirectory(),
  });
  const tell = (path: string): void => {
    if (resolve(path) !== root) noticed(basename(path));
  };
  watcher.on('addDir', tell).on('unlinkDir', tell).on('error', failed);
  return {
    close() {
      void watcher.close();
      watcher.on('error', () => undefined); // closing removes the listener above, and a reading under way may still fail
    },
  };
}
