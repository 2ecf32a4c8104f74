import { describe, expect, it } from 'vitest';
import { completedBy, type Evidence } from '../../../../pipeline/source/folder/completion.ts';

const PATIENCE = { settleMs: 25, deadlineMs: 10_000 };
const young: Evidence = { renamed: false, hasSuccessor: false, quietMs: 0, sound: true };

describe('completion rules', () => {
  it.each<[string, Partial<Evidence>, string | undefined]>([
    ['says nothing of a young file', {}, undefined],
    [
      'trusts a line of metadata most',
      { namedBy: 'metadata-line', renamed: true, hasSuccessor: true },
      'metadata-line',
    ],
    ['trusts an index as much', { namedBy: 'index-record', renamed: true }, 'index-record'],
    ['then a move into place', { renamed: true, hasSuccessor: true }, 'rename'],
    ['then a successor', { hasSuccessor: true, quietMs: 100 }, 'successor'],
    ['then a size that holds still', { quietMs: 25 }, 'size-stable'],
    [
      'trusts no rule while the structure is torn',
      { namedBy: 'metadata-line', renamed: true, sound: false },
      undefined,
    ],
    ['waits for a torn file', { sound: false, hasSuccessor: true, quietMs: 9999 }, undefined],
    ['gives a torn file up at the deadline', { sound: false, quietMs: 10_000 }, 'deadline'],
  ])('%s', (_, evidence, rule) => {
    expect(completedBy({ ...young, ...evidence }, PATIENCE)).toBe(rule);
  });
});
