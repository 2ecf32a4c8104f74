import type { FrameIndex, PlaneDescription } from '../frame.ts';
import { stemOf } from './imageName.ts';

/** How one program writes the place of a frame into its file name. */
export interface NameGrammar {
  readonly program: string;
  /** A name without its extension, as that program writes it. */
  readonly example: string;
  /**
   * Fits the name without its extension. The group `axes` holds words with numbers (`_time000000003_z002`); the groups `t`,
   * `c` and `z` hold one number each and `channelName` text.
   */
  readonly pattern: RegExp;
  /** The number that the program gives to its first time point, channel and section. */
  readonly countsFrom: 0 | 1;
}

/** Tried in this order; the first that fits is believed. */
export const NAME_GRAMMARS: readonly NameGrammar[] = [
  {
    program: 'Micro-Manager 2 (only the axes that the acquisition has)',
    example: 'img_channel000_position000_time000000000_z000',
    pattern: /^img(?<axes>(?:_[a-z]+\d+)+)$/,
    countsFrom: 0,
  },
  {
    program: 'Micro-Manager 1.4 (a channel name may hold underscores)',
    example: 'img_000000000_Channel_000',
    pattern: /^img_(?<t>\d{9})_(?<channelName>.*)_(?<z>\d{3})$/,
    countsFrom: 0,
  },
  {
    program: 'Leica MatrixScreener, and screens exported in its manner',
    example: 'image--L0000--S00--T0000--Z00--C00',
    pattern: /(?<axes>(?:--[A-Z]\d*)*--T\d+(?:--[A-Z]\d*)*)$/,
    countsFrom: 0,
  },
  {
    program: 'LAS X export',
    example: 'cells_t00_z00_ch00',
    pattern: /(?<axes>(?:_[stz]\d+)*_ch\d+)$/,
    countsFrom: 0,
  },
  {
    program: 'pymmcore-plus image sequence',
    example: '00000_t0000_c00_z000',
    pattern: /^(?:.*-)?\d{5,}(?<axes>(?:_[tpcgz]\d+)+)$/,
    countsFrom: 0,
  },
  {
    program: 'ZEN image export',
    example: 'cells_s01_t001_z01_c1_ORG',
    pattern: /(?<axes>(?:_[stz]\d+)*_c\d+)(?:_ORG)?$/,
    countsFrom: 1,
  },
  {
    program: 'MetaXpress (the name may end in an identifier)',
    example: 'plate_A01_s1_w1EAEEA614-51ED-43B3-A4FF-088730911E4C',
    pattern: /_w(?<c>\d)(?:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})?$/,
    countsFrom: 1,
  },
  {
    program: 'MetaMorph time-lapse',
    example: 'cells_w1GFP_s1_t1',
    pattern: /_w(?<c>\d)(?<channelName>[^_]*)(?:_s\d+)?(?:_t(?<t>\d+))?$/,
    countsFrom: 1,
  },
  {
    program: 'Olympus, Nikon and Inscoper exports (letters in any order, joined or with underscores)',
    example: 's_C001Z001T001',
    pattern: /(?<axes>(?:_?[CZT]\d+){2,})$/,
    countsFrom: 1,
  },
  {
    program: 'a name that ends in an identifier says nothing of time, though its last digits look so',
    example: 'export_EAEEA614-51ED-43B3-A4FF-088730911E40',
    pattern: /[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i,
    countsFrom: 0,
  },
  {
    program: 'a plain counter at the end (longer numbers are dates and time stamps)',
    example: 'frame_00012',
    pattern: /^(?:.*\D)?(?<t>\d{1,6})$/,
    countsFrom: 0,
  },
];

const AXIS_OF_WORD: Readonly<Record<string, keyof FrameIndex>> = {
  t: 't',
  time: 't',
  c: 'c',
  ch: 'c',
  channel: 'c',
  z: 'z',
};

/**
 * The place of a frame in the image, as far as its file name tells, counted from 0 whatever the program counts from.
 * A name that fits no grammar says nothing.
 */
export function describeByName(fileName: string): PlaneDescription {
  const stem = stemOf(fileName);
  for (const { pattern, countsFrom } of NAME_GRAMMARS) {
    const groups = pattern.exec(stem);
    if (groups) return describe(groups.groups ?? {}, countsFrom);
  }
  return {};
}

function describe(groups: Readonly<Record<string, string | undefined>>, countsFrom: 0 | 1): PlaneDescription {
  const numbers: [string, string | undefined][] = ['t', 'c', 'z'].map((axis) => [axis, groups[axis]]);
  for (const [, word, number] of (groups.axes ?? '').matchAll(/([a-z]+)(\d+)/gi)) {
    numbers.push([word!.toLowerCase(), number]);
  }
  const index: Partial<Record<keyof FrameIndex, number>> = {};
  for (const [word, number] of numbers) {
    const axis = AXIS_OF_WORD[word];
    if (axis && number !== undefined) index[axis] = Math.max(0, Number(number) - countsFrom);
  }
  return {
    ...(Object.keys(index).length > 0 && { index }),
    ...(groups.channelName && { channelName: groups.channelName }),
  };
}
