/** Frames for the fake service: a moving cell made of sums of Gaussians, or one known frame. */

export type Values = Uint8Array | Uint16Array;

/** Pixels of one frame; `enhanced` has twice the size along x and y. */
export interface FakeFrame {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  readonly raw: Values;
  readonly enhanced?: Values;
  /** Raw intensity of one stored enhanced unit. */
  readonly enhancedScale: number;
  readonly channel?: number;
}

const MOVING_FRAMES = 50;

/** A moving cell: raw with shot noise at 256 x 256, and its clean picture at 512 x 512 with 16 stored units a raw unit. */
export function movingCell(): (sequence: number) => FakeFrame {
  const size = 256;
  const threads = Array.from({ length: 34 }, (_, k) => ({
    x: 128 + 82 * Math.cos(k * 2.4) * ((k % 7) / 7 + 0.25),
    y: 128 + 82 * Math.sin(k * 2.4) * ((k % 5) / 5 + 0.3),
    angle: k * 1.7,
    length: 10 + (k % 6) * 4,
    bend: ((k % 9) - 4) / 60,
  }));
  const made: FakeFrame[] = [];
  const make = (sequence: number): FakeFrame => {
    const clean = new Float32Array(size * 2 * size * 2);
    for (const { x, y, angle, length, bend } of threads) {
      for (let step = -length; step <= length; step++) {
        const turn = angle + bend * step + 0.25 * Math.sin(sequence / 40 + x);
        stamp(
          clean,
          2 * (x + step * Math.cos(turn) + 3 * Math.sin(sequence / 55 + y)),
          2 * (y + step * Math.sin(turn)),
        );
      }
    }
    const enhanced = Uint16Array.from(clean, (value) => Math.min((100 + value) * 16, 65_535));
    const raw = new Uint16Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const mean = clean[2 * y * 2 * size + 2 * x]!;
        const noise = (Math.random() + Math.random() + Math.random() - 1.5) * 2 * Math.sqrt(18 + mean * 8);
        raw[y * size + x] = Math.max(Math.round(100 + mean + noise), 0);
      }
    }
    return { sizeX: size, sizeY: size, samplesPerPixel: 1, raw, enhanced, enhancedScale: 1 / 16 };
  };
  // Made once and shown back and forth: making them costs more than sending them.
  return (sequence) => {
    const phase = sequence % (2 * MOVING_FRAMES);
    const number = phase < MOVING_FRAMES ? phase : 2 * MOVING_FRAMES - 1 - phase;
    return (made[number] ??= make(number));
  };
}

function stamp(picture: Float32Array, centreX: number, centreY: number): void {
  const size = Math.sqrt(picture.length);
  for (let j = Math.ceil(centreY) - 5; j <= centreY + 5; j++) {
    for (let i = Math.ceil(centreX) - 5; i <= centreX + 5; i++) {
      if (i < 0 || j < 0 || i >= size || j >= size) continue;
      picture[j * size + i]! += 70 * Math.exp(-((i - centreX) ** 2 + (j - centreY) ** 2) / 5);
    }
  }
}

/** A known frame, as it is. */
export const still =
  (frame: FakeFrame): ((sequence: number) => FakeFrame) =>
  () =>
    frame;
