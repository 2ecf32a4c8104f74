import type { PixelArray } from '../../pipeline/frame.ts';

/**
 * A way to enhance a frame: a network or a classical method. Lives in the inference process, does one frame at a time.
 */

export interface MethodInput {
  readonly sizeX: number;
  readonly sizeY: number;
  readonly samplesPerPixel: 1 | 3;
  /** Oldest first, the frame itself last; each sizeX * sizeY * samplesPerPixel long. */
  readonly planes: readonly PixelArray[];
  /** A network sees (raw - offset) / scale. */
  readonly offset: number;
  readonly scale: number;
  /** Stored value = raw intensity * gain: keeps fractions of a count, 2^(16 - significantBits) for integer detectors. */
  readonly gain: number;
  /** Input pixels: width of a Gaussian. */
  readonly gaussianSigma?: number;
}

export interface MethodOutput {
  /** uint16 for grey; uint8 stays uint8 for colour. */
  readonly data: Uint16Array | Uint8Array;
  readonly tiles: number;
}

export interface Method {
  readonly magnification: number;
  /** Throws when the frame cannot be enhanced; the message is for people. */
  enhance(input: MethodInput): Promise<MethodOutput>;
  release?(): Promise<void>;
}

/** Rounds intensities to what is stored: colour in its own type, grey as uint16 times `gain`. Values are clipped. */
export function storeCounts(intensities: Float32Array, input: MethodInput): Uint16Array | Uint8Array {
  if (input.planes[0] instanceof Uint8Array && input.samplesPerPixel === 3) {
    return Uint8Array.from(Uint8ClampedArray.from(intensities));
  }
  const gain = input.samplesPerPixel === 3 ? 1 : input.gain;
  const stored = new Uint16Array(intensities.length);
  for (let i = 0; i < stored.length; i++) {
    const value = intensities[i] * gain;
    stored[i] = value >= 65535 ? 65535 : value > 0 ? value + 0.5 : 0; // Cut off on the way to an integer.
  }
  return stored;
}
