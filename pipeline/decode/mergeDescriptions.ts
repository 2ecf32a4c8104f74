import type { FrameIndex, PlaneDescription } from '../frame.ts';

/** Later descriptions win, field by field; fields that nobody stated are absent. */
export function mergeDescriptions(...descriptions: readonly PlaneDescription[]): PlaneDescription {
  const result: Record<string, unknown> = {};
  const index: Partial<Record<keyof FrameIndex, number>> = {};
  for (const description of descriptions) {
    Object.assign(result, stated(description));
    Object.assign(index, stated(description.index ?? {}));
  }
  delete result.index;
  return Object.keys(index).length > 0 ? { ...result, index } : result;
}

function stated(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
