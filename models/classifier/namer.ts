import type { CellBox } from '../../pipeline/frame.ts';
import type { OnnxSession } from '../onnxSession.ts';
import type { CellNamer } from './cellPackage.ts';
import { energyOf, probabilitiesOf } from './probabilities.ts';
import { cropOf, type Samples } from './resize.ts';

export interface Named {
  /** Calibrated, sum 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  readonly isStrange: boolean;
}

/** A cell to name: where it lies in which picture. */
export interface Cut {
  readonly picture: Samples;
  /** Pixels of the picture, between edges. */
  readonly box: CellBox;
}

/** Cells that go through the network at once: more need more memory and gain little. */
const BATCH = 32;

/** Names cells, in order: `cells` uint8 [N, side, side, 3] in, `logits` float32 [N, classes] out. */
export async function nameCells(session: OnnxSession, namer: CellNamer, cuts: readonly Cut[]): Promise<Named[]> {
  const named: Named[] = [];
  for (let first = 0; first < cuts.length; first += BATCH) {
    named.push(...(await nameBatch(session, namer, cuts.slice(first, first + BATCH))));
  }
  return named;
}

async function nameBatch(session: OnnxSession, namer: CellNamer, cuts: readonly Cut[]): Promise<Named[]> {
  const { side, margin, classes, temperature, energyFloor = -Infinity } = namer;
  const pixels = side * side * 3;
  const data = new Uint8Array(cuts.length * pixels);
  cuts.forEach(({ picture, box }, i) => data.set(cropOf(picture, box, margin, side), i * pixels));
  const outputs = await session.run({ [session.inputNames[0]]: { data, dims: [cuts.length, side, side, 3] } });
  const logits = outputs[session.outputNames[0]];
  if (logits?.dims.join() !== `${cuts.length},${classes.length}`) {
    throw new Error(
      `${namer.id} returned ${logits?.dims.join('x')} where ${cuts.length}x${classes.length} was expected`,
    );
  }
  return cuts.map((_, i) => {
    const row = (logits.data as Float32Array).subarray(i * classes.length, (i + 1) * classes.length);
    if (!row.every(Number.isFinite)) throw new Error(`${namer.id} returned ${row.join()} for cell ${i}`);
    const probabilities = probabilitiesOf(row, temperature);
    return {
      probabilities: Object.fromEntries(classes.map((name, k) => [name, probabilities[k]])),
      isStrange: energyOf(row, temperature) < energyFloor,
    };
  });
}
