import { Feed } from '../../pipeline/flow.ts';
import type { ArrivedFrame, ClassifiedFrame, Frame, PlaneDescription, SourceEvent } from '../../pipeline/frame.ts';
import type { LedgerRow, LedgerTotals } from '../../pipeline/ledger.ts';
import type { AcquisitionPorts } from '../../pipeline/acquisition.ts';
import type { Monitor, Recording } from '../../pipeline/ports.ts';

/** A frame whose pixels hold its number, so that a misplaced one is caught by value. */
export function arrivedFrame(number: number, size = 4, description: PlaneDescription = {}): ArrivedFrame {
  const data = new Uint16Array(size * size).fill(number);
  return {
    type: 'frame',
    name: `frame ${number}`,
    arrivedMs: Date.now(),
    payload: { kind: 'plane', plane: { sizeX: size, sizeY: size, samplesPerPixel: 1, pixelType: 'uint16', data } },
    description,
    completedBy: 'test',
  };
}

export async function* from(events: Iterable<SourceEvent>): AsyncGenerator<SourceEvent> {
  yield* events;
}

export function feedOf(events: Iterable<SourceEvent>): Feed<SourceEvent> {
  return new Feed(from(events));
}

export const silentMonitor: Monitor = {
  arrived: () => undefined,
  missing: () => undefined,
  stageDone: () => undefined,
  stageFailed: () => undefined,
  ended: () => undefined,
  inFlight: () => undefined,
};

/** What the fakes saw. */
export interface Seen {
  readonly raw: Frame[];
  readonly enhanced: ClassifiedFrame[];
  readonly published: ClassifiedFrame[];
  readonly rows: LedgerRow[];
  closedWith?: LedgerTotals;
}

/** Ports that work at once and remember; override those that a test is about. */
export function fakePorts(overrides: Partial<AcquisitionPorts> = {}): { ports: AcquisitionPorts; seen: Seen } {
  const seen: Seen = { raw: [], enhanced: [], published: [], rows: [] };
  const recording: Recording = {
    writeRaw: async (frame) => void seen.raw.push(frame),
    writeEnhanced: async (frame) => void seen.enhanced.push(frame),
    writeRow: (row) => void seen.rows.push(row),
    status: { state: 'recording', rawFrames: 0, enhancedFrames: 0, bytesWritten: 0 },
    close: async (totals) => void (seen.closedWith = totals),
  };
  const ports: AcquisitionPorts = {
    source: { kind: 'test', name: 'test' },
    decode: async (frame) => {
      if (frame.payload.kind !== 'plane') throw new Error('only planes here');
      return { plane: frame.payload.plane, description: frame.description };
    },
    recorder: { open: async () => recording },
    createNormaliser: () => (frame) => ({
      ...frame,
      normalisation: { offset: 0, scale: 1, source: 'test' },
      history: [],
    }),
    enhancer: {
      enhance: async (frame) => ({
        plane: frame.raw,
        intensityScale: 1,
        magnification: 1,
        prediction: {
          predicted: true,
          modelId: 'identity',
          modelVersion: '1',
          modelSha256: '',
          license: '',
          precision: '',
          provider: 'test',
          ladderStep: 0,
          tiles: 1,
        },
      }),
      status: {
        modelId: 'identity',
        modelVersion: '1',
        provider: 'test',
        refusals: {},
        step: 0,
        steps: ['identity'],
        because: 'best',
        state: 'ready',
      },
      close: async () => undefined,
    },
    createAssessor: () => ({
      observe: () => undefined,
      gaussianSigma: () => undefined,
      assess: async () => ({
        measured: { mean: 0, saturated: 0, atZero: 0, noiseSigma: 0, focus: 0, focusRelative: 0 },
      }),
      close: async () => undefined,
    }),
    classifier: () => undefined,
    publisher: { publish: (frame) => void seen.published.push(frame) },
    monitor: silentMonitor,
    opened: () => undefined,
    ...overrides,
  };
  return { ports, seen };
}
