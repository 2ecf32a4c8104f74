/** The formats of an export as people choose them. */

import type { ExportFormat, ExportJob } from '../../../server/protocol.ts';
import { count } from '../wording.ts';

interface FormatInWords {
  readonly label: string;
  readonly short: string;
  readonly hint: string;
  /** What "both" means in it. */
  readonly both: string;
}

const FILE_EACH = 'Raw and enhanced, a file each';
const SIDE_BY_SIDE = 'Raw and enhanced side by side';

export const FORMATS: Readonly<Record<ExportFormat, FormatInWords>> = {
  'ome-tiff': {
    label: 'OME-TIFF, every value',
    short: 'OME-TIFF',
    hint: 'As recorded, with metadata and provenance. For Fiji, napari, OMERO.',
    both: FILE_EACH,
  },
  tiff: {
    label: 'TIFF stack, every value',
    short: 'TIFF',
    hint: 'As recorded, an ImageJ hyperstack. For programs that know no OME.',
    both: FILE_EACH,
  },
  mp4: {
    label: 'Movie, MP4',
    short: 'MP4',
    hint: '8 bit to look at, with scale bar, time and the mark of predicted pixels. Needs ffmpeg on the service.',
    both: SIDE_BY_SIDE,
  },
  webm: {
    label: 'Movie, WebM',
    short: 'WebM',
    hint: '8 bit to look at, for web pages. Needs ffmpeg on the service.',
    both: SIDE_BY_SIDE,
  },
  png: {
    label: 'Pictures, PNG',
    short: 'PNG',
    hint: '8 bit to look at, one file a frame, with scale bar, time and the mark of predicted pixels.',
    both: SIDE_BY_SIDE,
  },
  csv: {
    label: 'Table of frames, CSV',
    short: 'CSV',
    hint: 'A row a frame: times, where it ended and why, quality, cells.',
    both: '',
  },
};

/** `OME-TIFF, both, frames 20 – 80, every 5th`. */
export function wordsOf({ request }: ExportJob): string {
  const { format, what, from, to, every } = request;
  const range =
    from === undefined && to === undefined ? 'all frames' : `frames ${count(from ?? 0)} – ${count((to ?? 1) - 1)}`;
  return [
    FORMATS[format].short,
    ...(format === 'csv' ? [] : [what]),
    range,
    ...(every === undefined || every === 1 ? [] : [`one of ${every}`]),
  ].join(', ');
}
