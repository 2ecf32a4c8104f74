import { describe, expect, it } from 'vitest';
import { tableOf } from '../../../client/view/curveTable.ts';

describe('curves as a table', () => {
  it('has values of one place in one row, and leaves a cell empty where a curve has none', () => {
    const raw = {
      name: 'raw',
      points: [
        [0, 10],
        [1, 11],
        [2, 12],
      ],
    } as const;
    const enhanced = {
      name: 'enhanced',
      points: [
        [0, 20],
        [0.5, 20.5],
        [1, 21],
      ],
    } as const;
    expect(tableOf('distance (µm)', [raw, enhanced]).split('\n')).toEqual([
      'distance (µm)\traw\tenhanced',
      '0\t10\t20',
      '0.5\t\t20.5',
      '1\t11\t21',
      '2\t12\t',
    ]);
  });
});
