import { basename } from 'node:path';
import type { LadderEnhancer } from '../models/enhancer/enhancer.ts';
import { SessionError } from '../pipeline/errors.ts';
import type { FrameMeta } from '../pipeline/frame.ts';
import { addNote } from '../pipeline/record/notes.ts';
import type { CellsSwitch } from './cells.ts';
import type { Controls } from './live.ts';
import { liveMark } from './marks.ts';
import type { LiveMark } from './protocol.ts';
import type { SessionRunner } from './session.ts';

/** What viewers may do. Nothing here restarts the stream or costs a frame. */
export function createControls(
  session: SessionRunner,
  enhancer: LadderEnhancer,
  cells: CellsSwitch,
  newest: () => FrameMeta | undefined,
  marked: (mark: LiveMark) => void,
): Controls {
  return {
    chooseModel: async (id) => {
      const switchTo = await enhancer.prepareModel(id); // Frames flow on while it loads.
      // A recording has one shape: a model of another magnification begins the next one.
      const isOfSameShape = enhancer.registry.get(id).magnification === enhancer.model.magnification;
      if (isOfSameShape) switchTo();
      else await session.betweenSessions(async () => switchTo());
      session.tellOfChange();
    },
    chooseCells: (id) => cells.choose(id),
    choosePolicy: async (policy) => {
      enhancer.choosePolicy(policy);
      session.choosePolicy(policy);
    },
    startSource: async () => session.start(),
    stopSource: () => session.stop(),
    record: async (on) => session.record(on),
    mark: async (text) => {
      const { path } = session.recording;
      if (path === undefined) {
        throw new SessionError('marks are kept with a recording: switch the recording on first');
      }
      const { sequence, arrivedMs } = newest() ?? {};
      marked(liveMark(basename(path), addNote(path, { text, sequence }), arrivedMs));
    },
  };
}
