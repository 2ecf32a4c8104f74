import { readFile } from 'node:fs/promises';
import { ConfigError, messageOf } from '../../../pipeline/errors.ts';

/** A box around an object, pixels; `right` and `bottom` belong to it. */
export interface Box {
  readonly kind: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Boxes of a Pascal VOC annotation file, whose pixels count from 1. Throws ConfigError naming the file. */
export async function readVocBoxes(path: string): Promise<Box[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`${path}: ${messageOf(error)}`);
  });
  const objects = [...text.matchAll(/<object>([\s\S]*?)<\/object>/g)].map(([, object]) => object);
  return objects.map((object, i) => {
    const [left, top, right, bottom] = ['xmin', 'ymin', 'xmax', 'ymax'].map((tag) => Number(field(object, tag)) - 1);
    if (![left, top, right, bottom].every(Number.isFinite) || right < left || bottom < top) {
      throw new ConfigError(`${path}: object ${i + 1} has no box`);
    }
    return { kind: field(object, 'name') ?? '', left, top, right, bottom };
  });
}

function field(xml: string, tag: string): string | undefined {
  return new RegExp(`<${tag}>\\s*([^<]*?)\\s*</${tag}>`).exec(xml)?.[1];
}
