import type { Random } from './random.ts';

/**
 * White blood cells after Romanowsky's stain: the shape of the nucleus, the colour of the cytoplasm and its granules tell the
 * five kinds apart (any haematology atlas). Shapes are kept as maps of depth, so that the optics may blur them afterwards.
 */

type Rgb = readonly [number, number, number];

export const WHITE_KINDS = ['neutrophil', 'lymphocyte', 'monocyte', 'eosinophil', 'basophil'] as const;
export type WhiteKind = (typeof WHITE_KINDS)[number];

export interface WhiteCell {
  readonly kind: WhiteKind;
  readonly x: number;
  readonly y: number;
  /** micrometre */
  readonly radius: number;
  readonly cytoplasm: Rgb;
  readonly granule: Rgb;
  readonly maps: CellMaps;
}

/** Square maps around the middle of the cell. */
export interface CellMaps {
  readonly size: number;
  /** micrometre below the surface of the nucleus, and of the nearest granule; negative outside. */
  readonly nucleus: Float32Array;
  readonly granules: Float32Array;
  /** Absorbance of the chromatin relative to its mean. */
  readonly chromatin: Float32Array;
}

/** micrometre between samples of the maps. */
export const MAP_SAMPLING = 0.1;
/** micrometre beyond the cell. */
export const MAP_BORDER = 1;

interface Look {
  /** Share of white cells. Rare kinds are more frequent here than in blood, so that they are seen. */
  readonly share: number;
  /** micrometre */
  readonly radius: readonly [number, number];
  readonly cytoplasm: Rgb;
  readonly granule: Rgb;
  readonly granules: number;
  /** micrometre */
  readonly granuleRadius: readonly [number, number];
  /** Parts of the nucleus in units of the cell's radius. */
  readonly nucleus: (random: Random) => Nucleus;
}

interface Disc {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Nucleus {
  /** Each hangs together with the next. */
  readonly lobes: readonly Disc[];
  /** Half the width of the bridges between lobes. */
  readonly bridge: number;
  /** Taken out of the nucleus. */
  readonly dent?: Disc;
}

const LOOKS: Readonly<Record<WhiteKind, Look>> = {
  neutrophil: {
    share: 0.45,
    radius: [5.8, 7.2],
    cytoplasm: [0.06, 0.2, 0.12],
    granule: [0.06, 0.12, 0.04],
    granules: 70,
    granuleRadius: [0.1, 0.2],
    nucleus: (random) => lobed(random, 3 + Math.floor(3 * random.uniform()), [0.32, 0.4], 0.44, 0.18),
  },
  lymphocyte: {
    share: 0.25,
    radius: [4.4, 5.6],
    cytoplasm: [0.42, 0.34, 0.1],
    granule: [0, 0, 0],
    granules: 0,
    granuleRadius: [0, 0],
    nucleus: (random) => lobed(random, 1, [0.76, 0.84], 0.08, 0),
  },
  monocyte: {
    share: 0.14,
    radius: [7, 8.6],
    cytoplasm: [0.28, 0.3, 0.12],
    granule: [0.1, 0.16, 0.04],
    granules: 40,
    granuleRadius: [0.1, 0.2],
    nucleus: (random) => {
      const angle = random.between(0, 2 * Math.PI);
      const at = (away: number, radius: number) => ({ x: away * Math.cos(angle), y: away * Math.sin(angle), radius });
      return { lobes: [at(0.12, 0.66)], bridge: 0, dent: at(-0.62, random.between(0.34, 0.46)) };
    },
  },
  eosinophil: {
    share: 0.1,
    radius: [6, 7.4],
    cytoplasm: [0.08, 0.3, 0.26],
    granule: [0.05, 0.5, 0.36],
    granules: 130,
    granuleRadius: [0.3, 0.45],
    nucleus: (random) => lobed(random, 2, [0.38, 0.44], 0.46, 0.14),
  },
  basophil: {
    share: 0.06,
    radius: [5, 6.2],
    cytoplasm: [0.2, 0.32, 0.1],
    granule: [1, 1.2, 0.45],
    granules: 75,
    granuleRadius: [0.3, 0.5],
    nucleus: (random) => lobed(random, 2, [0.46, 0.54], 0.28, 0.3),
  },
};

/** Lobes on an arc around the middle. */
function lobed(
  random: Random,
  count: number,
  radius: readonly [number, number],
  away: number,
  bridge: number,
): Nucleus {
  const begin = random.between(0, 2 * Math.PI);
  const step = Math.min(4.4 / count, 1.7);
  const lobes = Array.from({ length: count }, (_, i) => {
    const angle = begin + i * step + random.between(-0.12, 0.12);
    const distance = away * random.between(0.9, 1.1);
    return {
      x: distance * Math.cos(angle),
      y: distance * Math.sin(angle),
      radius: random.between(radius[0], radius[1]),
    };
  });
  return { lobes, bridge };
}

/** A kind of white cell, as often as its share says, and its radius in micrometre. */
export function drawWhiteKind(random: Random): { readonly kind: WhiteKind; readonly radius: number } {
  let rest = random.uniform();
  const kind = WHITE_KINDS.find((each) => (rest -= LOOKS[each].share) < 0) ?? 'neutrophil';
  const [least, most] = LOOKS[kind].radius;
  return { kind, radius: random.between(least, most) };
}

export function createWhiteCell(
  random: Random,
  kind: WhiteKind,
  { x, y, radius }: { readonly x: number; readonly y: number; readonly radius: number },
): WhiteCell {
  const { cytoplasm, granule } = LOOKS[kind];
  return { kind, x, y, radius, cytoplasm, granule, maps: createMaps(random, LOOKS[kind], radius) };
}

function createMaps(random: Random, look: Look, radius: number): CellMaps {
  const { lobes, bridge, dent } = look.nucleus(random);
  const granules = Array.from({ length: look.granules }, () => {
    const away = radius * 0.93 * Math.sqrt(random.uniform());
    const angle = random.between(0, 2 * Math.PI);
    const [least, most] = look.granuleRadius;
    return { x: away * Math.cos(angle), y: away * Math.sin(angle), radius: random.between(least, most) };
  });
  const waves = Array.from({ length: 12 }, () => ({
    kx: 3 * random.normal(),
    ky: 3 * random.normal(),
    phase: random.between(0, 2 * Math.PI),
  }));
  const size = 2 * Math.ceil((radius + MAP_BORDER) / MAP_SAMPLING) + 1;
  const sampled = (value: (x: number, y: number) => number) =>
    Float32Array.from({ length: size * size }, (_, i) =>
      value(((i % size) - (size - 1) / 2) * MAP_SAMPLING, (Math.floor(i / size) - (size - 1) / 2) * MAP_SAMPLING),
    );
  return {
    size,
    nucleus: sampled((x, y) => radius * depthOf(x / radius, y / radius, lobes, bridge, dent)),
    granules: sampled((x, y) => Math.max(-radius, ...granules.map((each) => depthInDisc(x, y, each)))),
    chromatin: sampled((x, y) =>
      waves.reduce((sum, { kx, ky, phase }) => sum + 0.05 * Math.sin(kx * x + ky * y + phase), 1),
    ),
  };
}

function depthOf(x: number, y: number, lobes: readonly Disc[], bridge: number, dent: Disc | undefined): number {
  let depth = -Infinity;
  lobes.forEach((lobe, i) => {
    depth = Math.max(depth, depthInDisc(x, y, lobe));
    if (i > 0) depth = Math.max(depth, bridge - distanceToSegment(x, y, lobes[i - 1]!, lobe));
  });
  return dent ? Math.min(depth, -depthInDisc(x, y, dent)) : depth;
}

function depthInDisc(x: number, y: number, disc: Disc): number {
  return disc.radius - Math.hypot(x - disc.x, y - disc.y);
}

function distanceToSegment(x: number, y: number, a: Disc, b: Disc): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.min(Math.max(((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy), 0), 1);
  return Math.hypot(x - a.x - along * dx, y - a.y - along * dy);
}

/** A map's value at an offset from the cell's middle, micrometre; between samples linear. */
export function mapAt(map: Float32Array, size: number, dx: number, dy: number): number {
  const last = size - 1.001;
  const x = Math.min(Math.max(dx / MAP_SAMPLING + (size - 1) / 2, 0), last);
  const y = Math.min(Math.max(dy / MAP_SAMPLING + (size - 1) / 2, 0), last);
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const at = j * size + i;
  const upper = map[at]! + (x - i) * (map[at + 1]! - map[at]!);
  const lower = map[at + size]! + (x - i) * (map[at + size + 1]! - map[at + size]!);
  return upper + (y - j) * (lower - upper);
}
