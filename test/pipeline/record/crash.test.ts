import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { chainStart, readLedger } from '../../../pipeline/record/ledgerFile.ts';
import { lockState } from '../../../pipeline/record/lock.ts';
import { recoverSession } from '../../../pipeline/record/recover.ts';
import { StoredImage } from '../../../pipeline/record/storedImage.ts';
import { startProcess } from '../../../pipeline/thread.ts';
import { plane, samePixels } from './frames.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/**
 * Kills a recording process at random moments. Set SCOPESTREAM_CRASH_TRIALS for more trials than a quick few.
 */
const TRIALS = Number(process.env['SCOPESTREAM_CRASH_TRIALS'] ?? 6);
const AT_ONCE = 3;
const CHILD = new URL('./recordingChild.ts', import.meta.url);

let root: string;
beforeAll(() => {
  root = temporaryFolder('crash');
});

interface Acknowledged {
  raw: number;
  enhanced: number;
}

/** Records in a child process and kills it some ms after the session was opened. */
async function recordAndKill(id: string, afterMs: number): Promise<Acknowledged> {
  const child = startProcess(CHILD, [root, id], { silent: true });
  let said = '';
  await new Promise<void>((resolve) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.startsWith('open')) resolve();
    });
  });
  await sleep(afterMs);
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await gone;
  const last = (kind: string) => Number([...said.matchAll(new RegExp(`^${kind} (\\d+)\\n`, 'gm'))].at(-1)?.[1] ?? -1);
  return { raw: last('raw'), enhanced: last('enhanced') };
}

/** Every plane that was acknowledged reads back to the bit, and no stored plane is anything else than what was recorded. */
async function checkImage(folder: string, name: string, lastAcknowledged: number, offset: number): Promise<void> {
  if (lastAcknowledged < 0 && !existsSync(join(folder, 'images.ome.zarr', name, '0', 'zarr.json'))) return;
  const image = new StoredImage(join(folder, 'images.ome.zarr'), name);
  for (let t = 0; t <= lastAcknowledged + 8; t++) {
    const stored = await image.readPlane({ t, c: 0, z: 0 });
    if (t <= lastAcknowledged) expect(stored, `${name} ${t} of ${lastAcknowledged}`).toBeDefined();
    if (stored) expect(samePixels(stored, plane(t + offset, image.sizeX)), `${name} ${t}`).toBe(true);
  }
  image.close();
}

function sizeT(folder: string): number {
  const metadata = readFileSync(join(folder, 'images.ome.zarr/raw/0/zarr.json'), 'utf8');
  return (JSON.parse(metadata) as { shape: [number] }).shape[0];
}

describe('a recorder killed at any moment', () => {
  it(
    `loses nothing that it had acknowledged, ${TRIALS} times`,
    async () => {
      const trial = async (number: number) => {
        const id = `trial-${number}`;
        const folder = join(root, id);
        const acknowledged = await recordAndKill(id, Math.random() * 600);
        expect(lockState(folder)).toBe('left');

        const found = await recoverSession(folder);
        expect(found).toMatchObject({ damagedPlanes: 0 });
        await checkImage(folder, 'raw', acknowledged.raw, 0);
        await checkImage(folder, 'enhanced', acknowledged.enhanced, 1000);

        const sequences = new Set<number>();
        for await (const { content, linked } of readLedger(
          join(folder, 'frames.jsonl'),
          chainStart(join(folder, 'session.json')),
        )) {
          expect(linked).toBe(true);
          if ('sequence' in content) sequences.add(content['sequence'] as number);
        }
        // Every raw plane has a line: its own row, or one from the recovery.
        for (let sequence = 0; sequence <= acknowledged.raw; sequence++) expect(sequences).toContain(sequence);
        if (acknowledged.raw >= 0) expect(sizeT(folder)).toBeGreaterThan(acknowledged.raw);
        expect(statSync(join(folder, 'frames.index')).size % 64).toBe(0);
        expect(await recoverSession(folder)).toBeUndefined();
      };
      for (let first = 0; first < TRIALS; first += AT_ONCE) {
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, TRIALS - first) }, (_, k) => trial(first + k)));
      }
    },
    TRIALS * 10_000,
  );
});
