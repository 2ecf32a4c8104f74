import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LadderEnhancer } from '../../models/enhancer/enhancer.ts';
import { createControls } from '../../server/controls.ts';
import type { SessionRunner } from '../../server/session.ts';

/** Controls over an enhancer that takes `loadMs` for a model, and a session; what they do is noted in turn. */
function controlsOver(loadMs: number) {
  const done: string[] = [];
  const magnificationOf = (id: string) => ({ magnification: id === 'denoiser' ? 1 : 2 });
  const enhancer = {
    model: magnificationOf('m'),
    registry: { get: magnificationOf },
    prepareModel: async (id: string) => {
      await sleep(loadMs);
      done.push(`loaded ${id}`);
      return () => void done.push(`switched to ${id}`);
    },
  } as unknown as LadderEnhancer;
  const session = {
    betweenSessions: async (action: () => Promise<void>) => {
      done.push('the source waits');
      await action();
      done.push('the source goes on');
    },
    tellOfChange: () => void done.push('told'),
  } as unknown as SessionRunner;
  const controls = createControls(
    session,
    enhancer,
    undefined as never,
    () => undefined,
    () => undefined,
  );
  return { controls, done };
}

describe('choosing a model', () => {
  it('lets the source wait for the switch to another shape, never for the loading', async () => {
    const { controls, done } = controlsOver(50);
    await controls.chooseModel('denoiser');
    expect(done).toEqual(['loaded denoiser', 'the source waits', 'switched to denoiser', 'the source goes on', 'told']);
  });

  it('holds nobody up when the shape stays', async () => {
    const { controls, done } = controlsOver(1);
    await controls.chooseModel('other');
    expect(done).toEqual(['loaded other', 'switched to other', 'told']);
  });
});
