import type { Random } from './random.ts';

/**
 * A camera (sCMOS; or colour, 8 bit). Light in photo-electrons (e-), signal in counts. Each pixel has its own offset, gain
 * and read noise, which stay for the session:
 *
 *     y = clip(round((Poisson(light * flat + dark) * (1 + response) + readNoise * N(0, 1)) / electronsPerCount + offset))
 */
export interface Camera {
  readonly kind: 'camera';
  readonly electronsPerCount: number;
  /** counts; and its standard deviation from pixel to pixel */
  readonly offset: number;
  readonly offsetSpread: number;
  /** e-: median over the pixels, and standard deviation of its logarithm (the tail of noisy pixels) */
  readonly readNoise: number;
  readonly readNoiseSpread: number;
  /** Relative standard deviation of the pixels' response. */
  readonly responseSpread: number;
  /** e-/s */
  readonly darkRate: number;
  /** Share of pixels that are hot, and their dark rate in e-/s. */
  readonly hotShare: number;
  readonly hotRate: number;
  readonly significantBits: number;
  /** second from the exposure of one row to that of the next */
  readonly rowReadTime: number;
  /** Light lost in the corners, 0..1. */
  readonly vignetting: number;
  /** Number of dust specks on the sensor's window. */
  readonly dust: number;
}

/** What stays the same for each sample of one camera. */
export interface CameraMaps {
  readonly offset: Float32Array;
  readonly readNoise: Float32Array;
  readonly response: Float32Array;
  readonly darkRate: Float32Array;
  /** Share of the light that gets there: vignetting and dust. */
  readonly flat: Float32Array;
}

export function createCameraMaps(
  camera: Camera,
  sizeX: number,
  sizeY: number,
  samplesPerPixel: number,
  random: Random,
): CameraMaps {
  const count = sizeX * sizeY * samplesPerPixel;
  const draw = (value: () => number) => Float32Array.from({ length: count }, value);
  return {
    offset: draw(() => camera.offset + camera.offsetSpread * random.normal()),
    readNoise: draw(() => camera.readNoise * random.logNormal(camera.readNoiseSpread)),
    response: draw(() => 1 + camera.responseSpread * random.normal()),
    darkRate: draw(() => (random.uniform() < camera.hotShare ? camera.hotRate : camera.darkRate)),
    flat: flatField(camera, sizeX, sizeY, samplesPerPixel, random),
  };
}

function flatField(
  camera: Camera,
  sizeX: number,
  sizeY: number,
  samplesPerPixel: number,
  random: Random,
): Float32Array {
  const specks = Array.from({ length: camera.dust }, () => ({
    x: random.between(0, sizeX),
    y: random.between(0, sizeY),
    radius: random.between(4, 14),
    lost: random.between(0.05, 0.25),
  }));
  const flat = new Float32Array(sizeX * sizeY * samplesPerPixel);
  for (let j = 0; j < sizeY; j++) {
    for (let i = 0; i < sizeX; i++) {
      const u = (2 * i) / sizeX - 1;
      const v = (2 * j) / sizeY - 1;
      let share = 1 - (camera.vignetting * (u * u + v * v)) / 2;
      for (const { x, y, radius, lost } of specks) {
        const away = Math.hypot(i - x, j - y) - radius;
        if (away < 6) share *= 1 - lost / (1 + Math.exp(2 * away));
      }
      flat.fill(share, (j * sizeX + i) * samplesPerPixel, (j * sizeX + i + 1) * samplesPerPixel);
    }
  }
  return flat;
}

/** One frame in counts from the mean light per sample (e-). `exposureTime` in second. */
export function detectCamera(
  light: Float32Array,
  camera: Camera,
  maps: CameraMaps,
  exposureTime: number,
  random: Random,
): Uint8Array | Uint16Array {
  const top = 2 ** camera.significantBits - 1;
  const counts = camera.significantBits <= 8 ? new Uint8Array(light.length) : new Uint16Array(light.length);
  for (let k = 0; k < light.length; k++) {
    const electrons = random.poisson(light[k]! * maps.flat[k]! + maps.darkRate[k]! * exposureTime);
    const read = electrons * maps.response[k]! + maps.readNoise[k]! * random.normal();
    const value = Math.round(read / camera.electronsPerCount + maps.offset[k]!);
    counts[k] = value < 0 ? 0 : value > top ? top : value;
  }
  return counts;
}
