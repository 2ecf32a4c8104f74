import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * A real disk with a real file system (ext4 on a loop device), that can be pulled out, fail or stop answering as disks do.
 * Making one takes the right to mount.
 */
export interface LoopDisk {
  readonly mountPoint: string;
  /** Pulls the disk out: whatever is written from now on fails. `rough`: what was not flushed before is lost. */
  pull(how: 'rough' | 'flushed'): void;
  /** Takes the disk off its place while programs still have files open there, as `umount -l` does. */
  unmount(): void;
  /** Puts it back where it was. */
  replug(): void;
  /** What the kernel does to a disk with a bad block: it may be read from now on, and no longer written to. */
  failToReadOnly(): void;
  /** Nothing that is written gets an answer until `thaw`. */
  freeze(): void;
  thaw(): void;
  destroy(): void;
}

/** FS_IOC_SHUTDOWN (`_IOR('X', 125, __u32)`), which `xfs_io -x -c shutdown` calls, with 2: do not flush the log. */
const SHUT_DOWN = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack("I", int(sys.argv[2])))`;

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });

/** Undefined where loop devices, ext4 or Python are not to be had. */
export function makeLoopDisk(folder: string, megabytes: number): LoopDisk | undefined {
  const image = join(folder, 'disk.img');
  const mountPoint = join(folder, 'disk');
  let device = '';
  const unmount = () => void run('umount', '-l', mountPoint);
  const isMounted = () => {
    try {
      return run('findmnt', mountPoint).length > 0;
    } catch {
      return false;
    }
  };
  const mount = () => {
    run('mount', '-o', 'loop,errors=remount-ro', image, mountPoint);
    device = String(run('findmnt', '-n', '-o', 'SOURCE', mountPoint)).trim();
  };
  try {
    mkdirSync(mountPoint);
    writeFileSync(image, '');
    truncateSync(image, megabytes * 2 ** 20);
    run('mkfs.ext4', '-q', image);
    run('fsfreeze', '--version');
    run('python3', '--version');
    mount();
  } catch {
    return undefined;
  }
  return {
    mountPoint,
    pull: (how) => void run('python3', '-c', SHUT_DOWN, mountPoint, how === 'rough' ? '2' : '0'),
    unmount,
    replug: () => {
      if (isMounted()) unmount();
      mount();
    },
    failToReadOnly: () => writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'a test of failing disks'),
    freeze: () => void run('fsfreeze', '-f', mountPoint),
    thaw: () => void run('fsfreeze', '-u', mountPoint),
    destroy: () => {
      try {
        run('fsfreeze', '-u', mountPoint);
      } catch {
        // It was not frozen.
      }
      if (isMounted()) unmount();
    },
  };
}
