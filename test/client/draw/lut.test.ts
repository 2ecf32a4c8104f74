import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { gradientOf, lutOfChannel, LUTS, LUT_NAMES } from '../../../client/draw/lut.ts';
import { python } from '../../fixtures/python.ts';

describe('colour tables', () => {
  it('are 256 RGB triples', () => {
    for (const name of LUT_NAMES) expect(LUTS[name], name).toHaveLength(768);
  });

  it('grey is the level itself, inverted its mirror', () => {
    for (const level of [0, 1, 127, 254, 255]) {
      expect(LUTS.grey[level * 3]).toBe(level);
      expect(LUTS.inverted[level * 3 + 2]).toBe(255 - level);
    }
  });

  it('a composite has a colour for each channel, a single channel is grey', () => {
    expect(lutOfChannel(0, 1)).toBe('grey');
    expect(new Set([0, 1, 2, 3].map((channel) => lutOfChannel(channel, 4))).size).toBe(4);
  });

  it('gradients run from the first colour to the last', () => {
    expect(gradientOf(LUTS.cyan)).toMatch(/^linear-gradient\(90deg, rgb\(0 0 0\).*rgb\(0 255 255\)\)$/);
  });

  it.skipIf(!python)(`equal matplotlib's${python ? '' : ' (no Python found)'}`, ({ skip }) => {
    const script =
      'import json, matplotlib, numpy as np\n' +
      'print(json.dumps({n: (np.array(matplotlib.colormaps[n](np.arange(256)))[:, :3] * 255 + 0.5).astype(int).ravel().tolist()' +
      " for n in ('viridis', 'magma', 'cividis')}))";
    let tables: Record<'viridis' | 'magma' | 'cividis', number[]>;
    try {
      tables = JSON.parse(
        execFileSync(python!, ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    } catch {
      return skip('matplotlib is not installed');
    }
    for (const name of ['viridis', 'magma', 'cividis'] as const) expect([...LUTS[name]], name).toEqual(tables[name]);
  });
});
