import sharp from 'sharp';
import { gaussianBlur } from '../../../pipeline/assess/gaussianBlur.ts';
import { Random } from '../../../pipeline/source/simulator/random.ts';
import { resampled } from './resample.ts';
import { colourOf, fromColours, type Rgb } from './rgb.ts';

/** How the low-resolution picture is made from the original. */
export type DegradationName = 'clean' | 'instrument';
export const DEGRADATION_NAMES: readonly DegradationName[] = ['clean', 'instrument'];

/** What a poorer instrument does: a weaker objective, less light, and a camera that compresses. */
export interface InstrumentSettings {
  /** Standard deviation of the Gaussian blur, pixels of the *low* picture. */
  readonly blurPx: number;
  /** Photo-electrons at full white, in each colour: Poisson noise. */
  readonly whiteElectrons: number;
  /** Standard deviation of additive Gaussian noise, grey levels of 255. */
  readonly readNoiseLevels: number;
  /** libjpeg's quality, 1..100, colour at half sampling (4:2:0). */
  readonly jpegQuality: number;
}

export const INSTRUMENT_DEFAULTS: InstrumentSettings = {
  blurPx: 0.6,
  whiteElectrons: 500,
  readNoiseLevels: 2,
  jpegQuality: 75,
};

/** Low picture of the original's sides over `factor`, by antialiased cubic convolution and nothing else. */
export function cleanlyReduced(original: Rgb, factor: number): Rgb {
  return resampled(original, original.sizeX / factor, original.sizeY / factor, 'bicubic');
}

/** The same after a blur, then with noise, then through a JPEG file. Noise comes from the seed and the picture's name alone. */
export async function instrumentReduced(
  original: Rgb,
  factor: number,
  settings: InstrumentSettings,
  seed: number,
  name: string,
): Promise<Rgb> {
  const blurred = fromColours([0, 1, 2].map((c) => gaussianBlur(colourOf(original, c), settings.blurPx * factor)));
  const noisy = withNoise(cleanlyReduced(blurred, factor), settings, new Random(seed, streamOf(name)));
  return throughJpeg(noisy, settings.jpegQuality);
}

/** In words and figures, for reports. */
export function describeInstrument(settings: InstrumentSettings): string {
  const { blurPx, whiteElectrons, readNoiseLevels, jpegQuality } = settings;
  return (
    `Gaussian blur of ${blurPx} low pixels, antialiased reduction, Poisson noise of ${whiteElectrons} electrons at ` +
    `white, Gaussian noise of ${readNoiseLevels} levels, JPEG of quality ${jpegQuality} (4:2:0)`
  );
}

function withNoise({ data, ...size }: Rgb, settings: InstrumentSettings, random: Random): Rgb {
  const electronsPerLevel = settings.whiteElectrons / 255;
  const noisy = Uint8ClampedArray.from(data, (level) => {
    const detected = random.poisson(level * electronsPerLevel) / electronsPerLevel;
    return detected + settings.readNoiseLevels * random.normal();
  });
  return { ...size, data: new Uint8Array(noisy.buffer) };
}

async function throughJpeg({ sizeX, sizeY, data }: Rgb, quality: number): Promise<Rgb> {
  const file = await sharp(data, { raw: { width: sizeX, height: sizeY, channels: 3 } })
    .jpeg({ quality, chromaSubsampling: '4:2:0' })
    .toBuffer();
  return { sizeX, sizeY, data: Uint8Array.from(await sharp(file).raw().toBuffer()) };
}

/** FNV-1a of the name, 32 bits: pictures have noise of their own whatever their order. */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
