import { Fourier2d } from '../../assess/fourier.ts';
import type { Microscope } from './microscope.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** Pedestal under the field in its standard deviations: it has no sign of its own, but light cannot be negative. */
const PEDESTAL = 3;

/**
 * A still field with the power spectrum of another scene (but for its mean) and random phases: the same frequencies, none
 * of the structure. It is sampled twice as finely as the raw frame, and repeats beyond its edges.
 */
export function createRandomPhaseScene(random: Random, microscope: Microscope, model: Scene): Scene {
  const spacing = microscope.pixelSize / 2;
  const longer = 2 * Math.max(microscope.sizeX, microscope.sizeY);
  const size = 2 ** Math.ceil(Math.log2(longer));
  const origin = -((size / 2 - 1) / 2) * microscope.pixelSize;
  const original = model.render({
    grid: { sizeX: size, sizeY: size, pixelSize: spacing, x0: origin, y0: origin, apertureX: 0, apertureY: 0 },
    optics: microscope.optics,
    timeAt: () => 0,
    stage: { x: 0, y: 0, z: 0 },
  });
  const field = scramblePhases(original, size, random);

  return {
    name: 'random phase',
    samplesPerPixel: 1,
    render({ grid, stage, rowShift }) {
      const image = new Float32Array(grid.sizeX * grid.sizeY);
      for (let j = 0; j < grid.sizeY; j++) {
        const y = (grid.y0 + j * grid.pixelSize - stage.y - origin) / spacing;
        const shift = rowShift?.[j] ?? 0;
        for (let i = 0; i < grid.sizeX; i++) {
          const x = (grid.x0 + i * grid.pixelSize + shift - stage.x - origin) / spacing;
          image[j * grid.sizeX + i] = bilinear(field, size, x, y);
        }
      }
      return image;
    },
    objects: () => [],
    events: () => [],
  };
}

/** Keeps the amplitude of each frequency; the phases are those of white noise, so the result is real. */
function scramblePhases(image: Float32Array, size: number, random: Random): Float32Array {
  const fourier = new Fourier2d(size);
  const spectrum = complex(image);
  const noise = complex(Float32Array.from(image, () => random.normal()));
  fourier.forward(spectrum);
  fourier.forward(noise);
  for (let k = 2; k < spectrum.length; k += 2) {
    const amplitude = Math.hypot(spectrum[k]!, spectrum[k + 1]!);
    const norm = Math.hypot(noise[k]!, noise[k + 1]!);
    spectrum[k] = (amplitude * noise[k]!) / norm;
    spectrum[k + 1] = (amplitude * noise[k + 1]!) / norm;
  }
  spectrum[0] = 0;
  fourier.inverse(spectrum);
  const field = image.map((_, k) => spectrum[2 * k]!);
  const deviation = Math.sqrt(field.reduce((sum, value) => sum + value * value, 0) / field.length);
  return field.map((value) => Math.max(0, value + PEDESTAL * deviation));
}

function complex(real: Float32Array): Float64Array {
  const interleaved = new Float64Array(2 * real.length);
  real.forEach((value, k) => (interleaved[2 * k] = value));
  return interleaved;
}

function bilinear(field: Float32Array, size: number, x: number, y: number): number {
  const i = Math.floor(x);
  const j = Math.floor(y);
  const right = x - i;
  const down = y - j;
  const wrap = size - 1; // size is a power of two
  const at = (column: number, row: number) => field[(row & wrap) * size + (column & wrap)]!;
  return (
    (1 - down) * ((1 - right) * at(i, j) + right * at(i + 1, j)) +
    down * ((1 - right) * at(i, j + 1) + right * at(i + 1, j + 1))
  );
}
