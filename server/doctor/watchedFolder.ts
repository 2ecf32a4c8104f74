import { readdir, stat, statfs } from 'node:fs/promises';
import { messageOf } from '../../pipeline/errors.ts';
import type { Config } from '../config/schema.ts';
import { readIfThere } from './computer.ts';
import type { Finding } from './finding.ts';

const FEW_WATCHES = 8192;

/** Linux: `f_type` of file systems that tell nobody of changes made elsewhere (statfs(2), linux/magic.h). */
const WITHOUT_EVENTS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x517b: 'SMB',
  0x65735546: 'FUSE',
  0x01021997: '9P',
};

/** The folder that a session would watch: there, readable, and whether its changes are told of. */
export async function watchedFolder({ source }: Config): Promise<Finding[]> {
  const { path, polling } = source.folder;
  if (source.kind !== 'folder') return [];
  const what = 'watched folder';
  if (path === undefined) {
    return [{ what, ok: false, found: 'none is set', advice: 'set source.folder.path' }];
  }
  try {
    if (!(await stat(path)).isDirectory()) {
      return [{ what, ok: false, found: `${path} is a file`, advice: 'choose its folder' }];
    }
    const entries = (await readdir(path)).length;
    const { type } = await statfs(path);
    const share = WITHOUT_EVENTS[type];
    const ok = share === undefined || polling;
    return [
      {
        what,
        ok,
        found: `${path}: ${entries} entries${share ? `, on ${share}` : ''}${polling ? ', polled' : ''}`,
        advice: ok ? undefined : 'a network share sends no events: set source.folder.polling',
      },
      ...(polling ? [] : [watches()]),
    ];
  } catch (error) {
    return [{ what, ok: false, found: messageOf(error), advice: `choose a folder that can be read: ${path}` }];
  }
}

function watches(): Finding {
  const what = 'folder watching';
  const limit = Number(readIfThere('/proc/sys/fs/inotify/max_user_watches'));
  if (!limit) return { what, ok: true, found: 'no limit known on this system' };
  const ok = limit >= FEW_WATCHES;
  const advice = ok ? undefined : `raise it: sysctl fs.inotify.max_user_watches=${FEW_WATCHES * 8}`;
  return { what, ok, found: `${limit} watches`, advice };
}
