import type { Microscope } from './microscope.ts';
import { createMembraneScene } from './membranes.ts';
import { createMitochondriaScene } from './mitochondriaScene.ts';
import { createNucleiScene } from './nuclei.ts';
import { createPhantomScene, type Phantom } from './phantoms.ts';
import { createRandomPhaseScene } from './randomPhase.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { createSmearScene } from './smear.ts';

/** What lies under the microscope. */
export type Specimen =
  | { readonly kind: 'mitochondria' }
  | { readonly kind: 'nuclei' }
  | { readonly kind: 'membranes' }
  /** `isEmpty`: glass and plasma, no cells. */
  | { readonly kind: 'smear'; readonly isEmpty?: boolean }
  /** The spectrum of mitochondria without their structure: nothing in it should look like one. */
  | { readonly kind: 'random-phase' }
  | Phantom;

export function createScene(specimen: Specimen, microscope: Microscope, random: Random): Scene {
  const width = microscope.sizeX * microscope.pixelSize;
  const height = microscope.sizeY * microscope.pixelSize;
  switch (specimen.kind) {
    case 'mitochondria':
      return createMitochondriaScene(random, width, height);
    case 'nuclei':
      return createNucleiScene(random, width, height);
    case 'membranes':
      return createMembraneScene(random, width, height);
    case 'smear':
      return createSmearScene(random, width, height, specimen.isEmpty);
    case 'random-phase':
      return createRandomPhaseScene(random, microscope, createMitochondriaScene(random, width, height));
    default:
      return createPhantomScene(specimen, random, width, height);
  }
}
