import type { ArmKind } from '../arms.ts';

const COLOURS: Readonly<Record<ArmKind, readonly string[]>> = {
  original: ['#1c1c1c'],
  nearest: ['#b0a38c'],
  bicubic: ['#7a7f87'],
  fidelity: ['#1766c2', '#0b8a86', '#5a54c9'],
  gan: ['#c2255c', '#d9690b', '#8f3fae'],
};

/** One colour an arm in all charts: grey for the classical ones, blue for fidelity, red for adversarial ones. */
export function armColours(
  arms: readonly { readonly arm: string; readonly kind: ArmKind }[],
): ReadonlyMap<string, string> {
  const taken = new Map<ArmKind, number>();
  return new Map(
    arms.map(({ arm, kind }) => {
      const place = taken.get(kind) ?? 0;
      taken.set(kind, place + 1);
      return [arm, COLOURS[kind][place % COLOURS[kind].length]];
    }),
  );
}
