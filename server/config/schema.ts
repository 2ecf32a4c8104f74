/**
 * Every setting of the service: the one strict schema that files, environment variables and flags are parsed with.
 * `examples/scopestream.yaml` shows each key with its default; a test keeps the two together.
 */

import { z } from 'zod';
import { LOG_LEVELS } from '../../monitoring/logger.ts';
import { type PresetName, PRESETS } from '../../pipeline/source/simulator/presets.ts';
import { listOf, number, oneOf, text, whole, yesNo } from './fields.ts';

export const SOURCE_KINDS = ['simulator', 'folder', 'tcp', 'socketio', 'replay'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

const source = z.strictObject({
  kind: oneOf('where frames come from', SOURCE_KINDS).default('simulator'),
  folder: z
    .strictObject({
      path: text('the export folder to watch; it is never written to').optional(),
      existing: oneOf('files that are there at the start', ['ignore', 'newest', 'all']).default('ignore'),
      recursive: yesNo('watch sub-folders too').default(true),
      polling: yesNo('for network shares, where change events do not arrive').default(false),
      deadlineMs: whole('how long a torn file may take to become whole', 'ms', 100, 3_600_000).default(10_000),
    })
    .prefault({}),
  tcp: z
    .strictObject({
      host: text('address that senders connect to').default('127.0.0.1'),
      port: whole('TCP port that senders connect to (0: any free one)', '', 0, 65_535).default(8471),
    })
    .prefault({}),
  replay: z
    .strictObject({
      path: text('a recorded session, a folder of images or a TIFF stack').optional(),
      rate: number('frames/s; 0 means as fast as the path takes them', 'frames/s', 0, 10_000).default(20),
      loop: yesNo('begin again at the end').default(false),
    })
    .prefault({}),
  simulator: z
    .strictObject({
      preset: oneOf('which instrument is simulated', PRESET_NAMES).default('fv-video'),
      size: whole('width and height of the raw frame (default: the preset)', 'px', 64, 4096).optional(),
      rate: number('frames/s (default: the preset); 0 means as fast as possible', 'frames/s', 0, 10_000).optional(),
      frames: whole('stop after so many frames; 0 means never', 'frames', 0, 1_000_000_000).default(0),
      seed: whole('the same seed gives the same frames', '', 0, 4_294_967_295).default(1),
    })
    .prefault({}),
});

const acquisition = z.strictObject({
  name: text('the sample, for people').optional(),
  physicalSize: number(
    'size of a raw pixel, when the files do not say or say it wrongly',
    'um',
    0.0001,
    1000,
  ).optional(),
  significantBits: whole('bits that the detector really uses', 'bits', 1, 32).optional(),
  lensNA: number('numerical aperture of the objective', '', 0.01, 2).optional(),
  emissionWavelength: number('emission wavelength', 'nm', 200, 2000).optional(),
});

const model = z.strictObject({
  id: text('which model enhances; `scopestream models` lists them').default('auto'),
  folders: listOf('folders with more model packages').default([]),
  provider: oneOf('execution provider; auto tries each one and takes the fastest that works', [
    'auto',
    'tensorrt',
    'cuda',
    'dml',
    'coreml',
    'webgpu',
    'cpu',
  ]).default('auto'),
  threads: whole('threads of one inference; 0 means up to two', 'threads', 0, 64).default(0),
  timeoutMs: whole('a model that takes longer is stopped and restarted', 'ms', 100, 600_000).default(10_000),
});

const cells = z.strictObject({
  enabled: yesNo('find and name cells').default(false),
  model: text('package that finds them; auto takes the first one for colour or for grey frames').default('auto'),
  budgetMs: number('how long an image may wait for its own cells', 'ms', 0, 1000).default(25),
  compareEveryMs: number(
    'how often cells are looked at in raw pixels too, to see what enhancement changes',
    'ms',
    0,
    3_600_000,
  ).default(1000),
  channel: whole('channel that is looked at', '', 0, 1000).default(0),
  threads: whole('threads of one look', 'threads', 1, 64).default(1),
  scale: number('pixels per raw pixel that the finder gets; 0: by the size of its cells', '', 0, 8).default(0),
});

const record = z.strictObject({
  folder: text('folder that holds the recorded sessions').default('recordings'),
  enabled: yesNo('record from the first frame').default(false),
  codec: oneOf('compression of recorded planes', ['blosc', 'zstd', 'none']).default('blosc'),
  fsync: oneOf('when planes are forced to the disk', ['every-frame', 'interval', 'close']).default('interval'),
  onDiskTrouble: oneOf('full or failing disk: end the session, or make the source wait', ['end', 'wait']).default(
    'end',
  ),
});

const viewers = z.strictObject({
  most: whole('viewers at the same time', 'viewers', 1, 1000).default(32),
  maxUnacknowledged: whole('frames on the way to one viewer', 'frames', 1, 8).default(2),
  maxRate: number('frames/s sent to one viewer', 'frames/s', 1, 240).default(60),
});

const limits = z.strictObject({
  frameBytes: whole('largest encoded frame', 'bytes', 1024, 4_294_967_296).default(67_108_864),
  framePixels: whole('largest frame, width x height', 'px', 1024, 1_000_000_000).default(67_108_864),
  senders: whole('senders at the same time', 'senders', 1, 1000).default(8),
});

export const configSchema = z.strictObject({
  host: text('address that viewers connect to; one that is not loopback needs a token').default('127.0.0.1'),
  port: whole('port that viewers connect to (0: any free one)', '', 0, 65_535).default(8470),
  token: text('secret that viewers and senders must show', 256).optional(),
  logLevel: oneOf('how much is logged', LOG_LEVELS).default('info'),
  policy: oneOf(
    'every: each frame is enhanced, the source waits; newest: the source waits for the disk only; auto: by source',
    ['auto', 'every', 'newest'],
  ).default('auto'),
  maxFramesInFlight: whole('frames in memory', 'frames', 3, 1024).default(12),
  source: source.prefault({}),
  acquisition: acquisition.prefault({}),
  model: model.prefault({}),
  cells: cells.prefault({}),
  record: record.prefault({}),
  viewers: viewers.prefault({}),
  limits: limits.prefault({}),
});

export type Config = z.output<typeof configSchema>;
