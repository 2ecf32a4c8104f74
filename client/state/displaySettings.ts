/**
 * How a viewer looks at the stream: kept by the browser and written into links. Plain data and its text form.
 */

import { LUT_NAMES, lutOfChannel, type LutName } from '../draw/lut.ts';

export const COMPARISONS = ['enhanced', 'raw', 'swipe', 'side', 'blink', 'difference'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface ChannelDisplay {
  readonly lut: LutName;
  readonly visible: boolean;
  /** True: the window follows the percentiles of the last seconds. */
  readonly auto: boolean;
  /** Raw units; used when `auto` is false. */
  readonly low: number;
  readonly high: number;
  readonly gamma: number;
}

export interface DisplaySettings {
  readonly theme: 'dark' | 'light';
  readonly comparison: Comparison;
  /** Where the swipe handle stands, 0..1 of the stage's width. */
  readonly swipe: number;
  readonly sampling: 'smooth' | 'exact';
  readonly highlightLimits: boolean;
  /** Hatches pixels whose prediction disagrees with raw beyond noise. */
  readonly showFlags: boolean;
  readonly showCells: boolean;
  /** CSS pixels per raw sample; 0 means fit. */
  readonly zoom: number;
  /** Raw samples; used when `zoom` is not 0. */
  readonly centreX: number;
  readonly centreY: number;
  readonly encoding: 'auto' | 'raw' | 'jpeg';
  /** Frames/s, 1..120. */
  readonly maxRate: number;
  /** Names of panels folded away. */
  readonly folded: readonly string[];
  readonly panelsHidden: boolean;
  /** By channel number; a channel without an entry has the default of its number. */
  readonly channels: readonly (ChannelDisplay | undefined)[];
}

export const DEFAULTS: DisplaySettings = {
  theme: 'dark',
  comparison: 'swipe',
  swipe: 0.5,
  sampling: 'smooth',
  highlightLimits: false,
  showFlags: false,
  showCells: true,
  zoom: 0,
  centreX: 0,
  centreY: 0,
  encoding: 'auto',
  maxRate: 60,
  folded: [],
  panelsHidden: false,
  channels: [],
};

export function channelDefault(channel: number, channels: number): ChannelDisplay {
  return { lut: lutOfChannel(channel, channels), visible: true, auto: true, low: 0, high: 4095, gamma: 1 };
}

/** One text form for links and for the browser's store. Only what differs from the default is written. */
export function toText(settings: DisplaySettings): string {
  const text = new URLSearchParams();
  for (const key of Object.keys(DEFAULTS) as (keyof DisplaySettings)[]) {
    if (key === 'channels' || key === 'folded') continue;
    if (settings[key] !== DEFAULTS[key]) text.set(key, textOf(settings[key]));
  }
  if (settings.folded.length > 0) text.set('folded', settings.folded.join('.'));
  settings.channels.forEach((channel, number) => {
    if (!channel) return;
    const window = channel.auto ? 'auto' : `${textOf(channel.low)}..${textOf(channel.high)}`;
    const parts = [channel.lut, window, textOf(channel.gamma), channel.visible ? 'on' : 'off'];
    text.set(`channel${number}`, parts.join('~'));
  });
  return text.toString();
}

/** Reads `toText`'s form; anything unknown or out of range is left at its value in `base`. */
export function fromText(text: string, base: DisplaySettings = DEFAULTS): DisplaySettings {
  const values = new URLSearchParams(text);
  const oneOf = <T extends string>(key: string, allowed: readonly T[], otherwise: T): T =>
    allowed.find((name) => name === values.get(key)) ?? otherwise;
  const number = (key: string, low: number, high: number, otherwise: number): number => {
    const value = values.get(key);
    const parsed = value === null || value === '' ? NaN : Number(value);
    return parsed >= low && parsed <= high ? parsed : otherwise;
  };
  const flag = (key: string, otherwise: boolean): boolean =>
    values.get(key) === 'true' ? true : values.get(key) === 'false' ? false : otherwise;
  return {
    theme: oneOf('theme', ['dark', 'light'], base.theme),
    comparison: oneOf('comparison', COMPARISONS, base.comparison),
    swipe: number('swipe', 0, 1, base.swipe),
    sampling: oneOf('sampling', ['smooth', 'exact'], base.sampling),
    highlightLimits: flag('highlightLimits', base.highlightLimits),
    showFlags: flag('showFlags', base.showFlags),
    showCells: flag('showCells', base.showCells),
    zoom: number('zoom', 0, 64, base.zoom),
    centreX: number('centreX', -1, 1e6, base.centreX),
    centreY: number('centreY', -1, 1e6, base.centreY),
    encoding: oneOf('encoding', ['auto', 'raw', 'jpeg'], base.encoding),
    maxRate: number('maxRate', 1, 120, base.maxRate),
    folded: values.has('folded') ? values.get('folded')!.split('.').filter(Boolean) : base.folded,
    panelsHidden: flag('panelsHidden', base.panelsHidden),
    channels: channelsFrom(values) ?? base.channels,
  };
}

const MAX_CHANNELS = 16;

function channelsFrom(values: URLSearchParams): (ChannelDisplay | undefined)[] | undefined {
  const channels: (ChannelDisplay | undefined)[] = [];
  for (let number = 0; number < MAX_CHANNELS; number++) {
    const channel = channelFrom(values.get(`channel${number}`) ?? '', number);
    if (channel) channels[number] = channel;
  }
  return channels.length > 0 ? channels : undefined;
}

function channelFrom(text: string, number: number): ChannelDisplay | undefined {
  const [lut, window, gamma, visible] = text.split('~');
  const name = LUT_NAMES.find((known) => known === lut);
  if (!name || !window || !(Number(gamma) >= 0.1 && Number(gamma) <= 5)) return undefined;
  const rest = { lut: name, gamma: Number(gamma), visible: visible !== 'off' };
  if (window === 'auto') return { ...channelDefault(number, 1), ...rest };
  const [low, high] = window.split('..').map(Number);
  if (low === undefined || high === undefined || !(high > low)) return undefined;
  return { ...rest, auto: false, low, high };
}

const textOf = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value);
