/** What the fake service says beside its pixels. */

import type { Acquisition, Prediction, Quality } from '../../pipeline/frame.ts';
import { PROTOCOL_VERSION, type LiveStats, type ServiceState } from '../../server/protocol.ts';
import type { FakeFrame } from './frames.ts';

export const PREDICTION: Prediction = {
  predicted: true,
  modelId: 'lumen-m',
  modelName: 'Lumen M',
  modelVersion: '1.2.0',
  modelSha256: 'f'.repeat(64),
  license: 'CC-BY-4.0',
  precision: 'fp32',
  provider: 'cpu',
  ladderStep: 0,
  tiles: 1,
};

export function acquisitionOf({ sizeX, sizeY, samplesPerPixel, raw }: FakeFrame): Acquisition {
  return {
    id: '20261121-004512-fake',
    name: 'HeLa 3, well B4',
    sourceKind: 'simulator',
    startedAt: new Date(Date.now() - 751_000).toISOString(),
    sizeX,
    sizeY,
    samplesPerPixel,
    pixelType: raw instanceof Uint16Array ? 'uint16' : 'uint8',
    significantBits: raw instanceof Uint16Array ? 12 : 8,
    physicalSizeX: 0.1,
    physicalSizeY: 0.1,
    channels: [{ name: 'MitoTracker', emissionWavelength: 599 }],
    lensNA: 1.2,
  };
}

/** What a service says of itself that sends frames of this acquisition. */
export function stateOf(fakeAcquisition: Acquisition): ServiceState {
  const model = { license: 'CC-BY-4.0', magnification: 2, displayOnly: false, version: '1.2.0' };
  return {
    protocolVersion: PROTOCOL_VERSION,
    softwareVersion: '0.1.0',
    session: { id: fakeAcquisition.id, acquisition: fakeAcquisition, state: 'running' },
    source: { kind: 'simulator', name: 'fv-video', running: true },
    policy: 'newest',
    models: [
      { ...model, id: 'lumen-m', name: 'Lumen M', description: 'Denoises and doubles the sampling at video rate.' },
      { ...model, id: 'lumen-s', name: 'Lumen S', description: 'Smaller and faster.' },
      {
        ...model,
        id: 'bicubic',
        name: 'Bicubic',
        version: '1.0.0',
        license: 'Apache-2.0',
        description: 'Interpolation.',
      },
    ],
    enhancer: {
      modelId: 'lumen-m',
      modelVersion: '1.2.0',
      provider: 'cpu',
      refusals: { cuda: 'no CUDA device' },
      step: 0,
      steps: ['lumen-m', 'lumen-s', 'bicubic'],
      because: 'best',
      state: 'ready',
    },
    recording: {
      state: 'recording',
      path: '/data/sessions/20261121-004512-fake',
      rawFrames: 0,
      enhancedFrames: 0,
      bytesWritten: 0,
      freeBytes: 412e9,
      secondsLeft: 78_000,
    },
    mayControl: true,
  };
}

export function qualityOf(sequence: number): Quality {
  const slow = Math.sin(sequence / 90);
  return {
    measured: {
      mean: 212,
      saturated: 0,
      atZero: 0.0004,
      noiseSigma: 24.1 + slow,
      gain: 8.05,
      readNoise: 2.1,
      photonsBright: 12.4 + slow,
      photonsMean: 3.2,
      focus: 0.12,
      focusRelative: 0.94 + 0.03 * slow,
      drift: { x: 0.31, y: -0.42 },
      bidirectionalOffset: 0.12,
      resolution: 0.261,
      intensityKept: 0.97,
    },
    predicted: {
      uPsnr: 29.1 + 0.2 * slow,
      uPsnrGaussian: 26.4,
      chiSquared: 1.18,
      flagged: 0.001,
      predictedBandEnergy: 0.004,
      fluxRatio: 0.998,
      domain: { verdict: 'in' },
      verdict: 'green',
    },
  };
}

interface StatsInputs {
  readonly arrived: number;
  /** Frames/s. */
  readonly rate: number;
  readonly state: ServiceState;
  readonly viewers: number;
}

export function statsOf({ arrived, rate, state, viewers }: StatsInputs): LiveStats {
  const wobble = (): number => Math.sin(arrived / 37) + Math.sin(arrived / 11) * 0.5;
  const spread = (p50: number): { p50: number; p95: number; max: number } => {
    const now = p50 * (1 + 0.08 * wobble());
    return { p50: now, p95: now * 1.3, max: now * 1.9 };
  };
  const superseded = Math.floor(arrived * 0.004);
  return {
    atMs: Date.now(),
    rateIn: state.source.running ? rate : 0,
    rateRecorded: rate,
    rateEnhanced: state.source.running ? rate * (1 - 0.02 * Math.abs(wobble())) : 0,
    latencyMs: spread(21),
    stageMs: {
      decode: spread(0.8),
      record: spread(0.6),
      normalise: spread(0.2),
      enhance: spread(15),
      assess: spread(3),
      publish: spread(0.9),
    },
    inFlight: 1,
    maxFramesInFlight: 8,
    waitingForModel: 0,
    totals: {
      arrived,
      missing: 0,
      recorded: arrived,
      inFlight: 1,
      enhanced: Math.max(arrived - superseded - 1, 0),
      unenhanced: 0,
      superseded,
      corrupt: 0,
      unrecorded: 0,
      carried: 0,
    },
    superseded,
    enhancer: state.enhancer,
    recording: { ...state.recording, rawFrames: arrived, bytesWritten: arrived * 131_072 },
    viewers,
    eventLoopDelayMs: 1.2,
    warnings: [],
  };
}
