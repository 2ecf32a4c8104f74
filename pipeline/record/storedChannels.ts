/**
 * Names of channels that were not known when a session began: the store's attributes have them (`scopestream.channels`), and
 * the ledger has each frame's own statement (`meta.channelName`).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Acquisition, Channel } from '../frame.ts';
import { withChannel } from '../place.ts';
import { IMAGES_FOLDER, OWN_ATTRIBUTES, RAW_IMAGE } from './omeZarr.ts';

/** The acquisition with the channels that were met while the session in `folder` was recorded. */
export function withStoredChannels(folder: string, acquisition: Acquisition): Acquisition {
  const channels = readChannels(join(folder, IMAGES_FOLDER, RAW_IMAGE, 'zarr.json'));
  return channels.reduce(
    (known, { name: channelName, emissionWavelength }, c) => withChannel(known, c, { channelName, emissionWavelength }),
    acquisition,
  );
}

/** Empty before the first plane, and in sessions that only know the channels that they began with. */
function readChannels(groupFile: string): readonly Channel[] {
  try {
    const { attributes } = JSON.parse(readFileSync(groupFile, 'utf8')) as GroupMetadata;
    return attributes[OWN_ATTRIBUTES]?.channels ?? [];
  } catch {
    return [];
  }
}

interface GroupMetadata {
  readonly attributes: { readonly [OWN_ATTRIBUTES]?: { readonly channels?: readonly Channel[] } };
}
