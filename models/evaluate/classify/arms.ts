import { ConfigError } from '../../../pipeline/errors.ts';
import type { Networks } from './networks.ts';
import type { EnlargingPackage } from './packages.ts';
import { repeated, resampled } from './resample.ts';
import type { Rgb } from './rgb.ts';

/** Every network here, and so every arm, enlarges by this. */
export const MAGNIFICATION = 4;

export type ArmKind = 'original' | 'nearest' | 'bicubic' | 'fidelity' | 'gan';

/** A way from the low picture back to the original's sampling. */
export interface Arm {
  readonly id: string;
  readonly kind: ArmKind;
  readonly description: string;
  enlarge(low: Rgb): Promise<Rgb>;
}

/** The arm that is not restored. */
export const ORIGINAL = 'original';
/** The arm that others are compared with. */
export const BICUBIC = 'bicubic';

export const CLASSICAL_ARMS: readonly Arm[] = [
  {
    id: 'nearest',
    kind: 'nearest',
    description: 'each pixel repeated',
    enlarge: async (low) => repeated(low, MAGNIFICATION),
  },
  {
    id: BICUBIC,
    kind: 'bicubic',
    description: 'cubic convolution, a = -1/2',
    enlarge: async (low) => resampled(low, low.sizeX * MAGNIFICATION, low.sizeY * MAGNIFICATION, 'bicubic'),
  },
];

/** Pixels along the sides of the picture that a network is tried with. */
const TRIAL_SIDE = 64;

/**
 * A network; those that are for display only were trained to please, against a discriminator. Throws ConfigError when it does not
 * enlarge by `MAGNIFICATION`.
 */
export async function networkArm(networks: Networks, model: EnlargingPackage): Promise<Arm> {
  const key = `enlarge ${model.id}`;
  await networks.open(key, model.weights.path);
  const arm: Arm = {
    id: model.id,
    kind: model.displayOnly ? 'gan' : 'fidelity',
    description: `version ${model.version}, ${model.displayOnly ? 'adversarial, for display only' : 'fidelity'}`,
    async enlarge({ sizeX, sizeY, data }) {
      const dims = [1, sizeY, sizeX, 3];
      const enhanced = await networks.run(key, { data: data.slice(), dims });
      const [largeX, largeY] = [sizeX * MAGNIFICATION, sizeY * MAGNIFICATION];
      if (!(enhanced.data instanceof Uint8Array) || enhanced.dims.join() !== [1, largeY, largeX, 3].join()) {
        throw new ConfigError(
          `${model.id} returned ${enhanced.dims.join('x')} where 1x${largeY}x${largeX}x3 was expected`,
        );
      }
      return { sizeX: largeX, sizeY: largeY, data: enhanced.data };
    },
  };
  await arm.enlarge({ sizeX: TRIAL_SIDE, sizeY: TRIAL_SIDE, data: new Uint8Array(TRIAL_SIDE ** 2 * 3) });
  return arm;
}
