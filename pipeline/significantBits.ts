import type { Plane } from './frame.ts';

/**
 * The stated bit depth if the pixels agree with it, otherwise undefined. Software states the camera's bits also for pixels
 * that were summed or scaled since: 12 bits, and values far above 4095.
 */
export function believableBits({ data, pixelType }: Plane, stated: number | undefined): number | undefined {
  if (stated === undefined || pixelType === 'float32') return undefined;
  const bits = data.BYTES_PER_ELEMENT * 8;
  if (!Number.isInteger(stated) || stated < 1 || stated > bits) return undefined;
  if (stated === bits) return stated;
  const limit = 2 ** stated;
  for (let i = 0; i < data.length; i++) if (data[i] >= limit) return undefined;
  return stated;
}
