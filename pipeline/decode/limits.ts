/** What one plane may cost. A file that asks for more is refused before memory is taken for it. */
export interface DecodeLimits {
  /** Pixels of one plane (sizeX * sizeY). */
  readonly maxPixels: number;
  /** Bytes of a PNG or JPEG file, which must be read whole. TIFF is read in place, and has no such limit. */
  readonly maxFileBytes: number;
}

/** 8192 x 8192 pixels: larger than the cameras in use (6500 x 6500), small enough to hold a few in memory. */
export const DEFAULT_LIMITS: DecodeLimits = { maxPixels: 8192 * 8192, maxFileBytes: 512 * 1024 * 1024 };
