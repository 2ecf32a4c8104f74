/** The recording thread: compression, checksums and all file access of one session, one task after the other. */

import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { BusyShare } from './busyShare.ts';
import { describeDiskTrouble } from './diskTrouble.ts';
import type { FromThread, RecordOrder, ToThread } from './messages.ts';
import { SessionWriter } from './sessionWriter.ts';

const TICK_MS = 500;
/** Above this share of its time at work the thread stores planes uncompressed: any reader reads them, and it keeps up. */
const HURRY_ABOVE_BUSY_SHARE = 0.5;

const port = parentPort!;
const order = workerData as RecordOrder;

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function record(writer: SessionWriter): void {
  let last = Promise.resolve();
  let ticking = false;
  let failure: string | undefined;
  const busy = new BusyShare(performance.now());
  const isHurried = () => busy.share > HURRY_ABOVE_BUSY_SHARE;
  const fail = (error: unknown) => {
    failure ??= describeDiskTrouble(error, writer.folder);
    tell({ type: 'failed', problem: failure });
  };
  const inTurn = (work: () => void | Promise<void>) => {
    last = last.then(async () => {
      const startedMs = performance.now();
      try {
        await work();
      } catch (error) {
        fail(error);
      }
      busy.worked(startedMs, performance.now());
    });
    return last;
  };

  const ticks = setInterval(() => {
    if (ticking) return;
    ticking = true;
    void inTurn(() => writer.tick()).then(() => (ticking = false));
  }, TICK_MS);

  const { fsync, fsyncIntervalMs } = order.settings;
  // Under `every-frame` the planes are there already, and this is for the ledger.
  const flushes = fsync === 'close' ? undefined : setInterval(() => writer.flush().catch(fail), fsyncIntervalMs);

  const write = async (id: number, pixels: Uint8Array, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failure ??= describeDiskTrouble(error, writer.folder);
      tell({ type: 'refused', id, problem: failure });
      return;
    }
    tell({ type: 'written', id, pixels }, [pixels.buffer as ArrayBuffer]);
  };

  port.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'raw':
        void inTurn(() => write(message.id, message.task.pixels, () => writer.writeRaw(message.task, isHurried())));
        break;
      case 'enhanced':
        void inTurn(() =>
          write(message.id, message.task.pixels, () => writer.writeEnhanced(message.task, isHurried())),
        );
        break;
      case 'row':
        void inTurn(() => writer.writeRow(message.row));
        break;
      case 'missing':
        void inTurn(() => writer.writeMissing(message.missing));
        break;
      case 'close':
        clearInterval(ticks);
        clearInterval(flushes);
        writer.stopWaiting();
        void inTurn(() => writer.close(message.totals, failure)).then(() => {
          tell({ type: 'closed' });
          port.close();
        });
        break;
    }
  });
  tell({ type: 'opened', folder: writer.folder });
}

try {
  record(new SessionWriter(order, (report) => tell({ type: 'disk', report })));
} catch (error) {
  const { code, path } = error as NodeJS.ErrnoException;
  const folder = join(order.settings.root, order.acquisition.id);
  const problem =
    code === 'EEXIST' && path === folder ? `${folder}: a session of this name is there already` : undefined;
  tell({ type: 'failed', problem: problem ?? describeDiskTrouble(error, folder) });
}
