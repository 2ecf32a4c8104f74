import { FILE_ENDINGS } from '../decode/registry.ts';

const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set(FILE_ENDINGS);

/**
 * True for the name of a file that may hold a frame. Case is ignored. Hidden files and those that a program is still
 * preparing (`~name.tif`, `name.tif~`, `name.tif.tmp`, `.name.tif.Xq3`) are not: they get their real name when they are done.
 */
export function isImageName(name: string): boolean {
  if (name.startsWith('.') || name.startsWith('~')) return false;
  return IMAGE_EXTENSIONS.has(extensionOf(name));
}

/** The last extension with its dot, in lower case; empty when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** The name without its extension, and without the `.ome` before it. */
export function stemOf(name: string): string {
  const stem = name.slice(0, name.length - extensionOf(name).length);
  return stem.toLowerCase().endsWith('.ome') ? stem.slice(0, -'.ome'.length) : stem;
}
