import type { Cell, CellBox, CellFlip } from '../../pipeline/frame.ts';
import type { Detection } from './cellMessages.ts';
import { decide } from './decision.ts';
import { combined, NO_EVIDENCE, withLook, type Evidence } from './evidence.ts';
import { flipOf } from './flip.ts';
import { matched, middleX, middleY } from './matching.ts';

/**
 * Follows cells from look to look, so that an id is a cell and a count is of cells. A cell moves on at its own speed while it
 * is missed, keeps its id through a few missed looks, and ends when it has left the field or was missed too often.
 */

/** Looks that may miss a cell before it ends. */
export const LONGEST_GAP = 5;
/** A cell counts from its second look on, where there was a second one: what shows once may be noise. */
const LOOKS_TO_COUNT = 2;
/** Share of a new speed that is taken over at once. */
const SPEED_UPDATE = 0.5;

/** Where and when a look was made. */
export interface LookPlace {
  /** Sequence of the frame; rises from look to look. */
  readonly sequence: number;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly lookedAt: 'raw' | 'enhanced';
}

interface Track {
  readonly id: number;
  readonly kind: string;
  readonly box: CellBox;
  readonly outline?: readonly number[];
  /** Raw pixels per frame. */
  readonly speed: Speed;
  readonly seenIn: number;
  readonly missed: number;
  readonly evidence: Evidence;
  readonly flip?: CellFlip;
}

interface Speed {
  readonly x: number;
  readonly y: number;
}

export interface CellTally {
  /** Cells of the session so far, by label. */
  readonly counted: Readonly<Record<string, number>>;
  /** Times that a cell's answer was found to come from the enhancement. */
  readonly flips: number;
}

const AT_REST: Speed = { x: 0, y: 0 };

export class Tracker {
  readonly #unsureBelow: number;
  readonly #ended: Record<string, number> = {};
  #tracks: readonly Track[] = [];
  #nextId = 1;
  #looksAtField = 0;
  #flips = 0;

  /** `unsureBelow`: a class that is less probable is not named. */
  constructor(unsureBelow: number) {
    this.#unsureBelow = unsureBelow;
  }

  /** The cells of a look, each once, in the order of the detections. */
  look(detections: readonly Detection[], place: LookPlace): Cell[] {
    this.#looksAtField += 1;
    const expected = this.#tracks.map((track) => ({ kind: track.kind, box: moved(track, place.sequence) }));
    const trackOf = matched(expected, detections);
    const common = commonSpeed(this.#tracks.filter((_, i) => trackOf.includes(i)));
    const seen = detections.map((detection, i) =>
      trackOf[i] < 0 ? this.#begin(detection, common, place) : this.#goOn(this.#tracks[trackOf[i]], detection, place),
    );
    const missed = this.#tracks.flatMap((track, i) =>
      trackOf.includes(i) ? [] : this.#miss(track, expected[i].box, place),
    );
    this.#tracks = [...seen, ...missed];
    return seen.map((track) => this.#cellOf(track, place));
  }

  /** Another field: none of these cells can come back. */
  leaveField(): void {
    this.#tracks.forEach((track) => this.#end(track));
    this.#tracks = [];
    this.#looksAtField = 0;
  }

  get tally(): CellTally {
    const counted = { ...this.#ended };
    for (const track of this.#tracks) if (this.#counts(track)) addOne(counted, this.#labelOf(track));
    return { counted, flips: this.#flips };
  }

  #begin(detection: Detection, speed: Speed, { sequence, lookedAt }: LookPlace): Track {
    const flip = this.#flipOf(detection, lookedAt, undefined);
    const evidence = withLook(NO_EVIDENCE, detection);
    return { ...shapeOf(detection), id: this.#nextId++, speed, seenIn: sequence, missed: 0, evidence, flip };
  }

  #goOn(track: Track, detection: Detection, { sequence, lookedAt }: LookPlace): Track {
    const { id, speed, seenIn } = track;
    const frames = Math.max(sequence - seenIn, 1);
    const now = {
      x: (middleX(detection.box) - middleX(track.box)) / frames,
      y: (middleY(detection.box) - middleY(track.box)) / frames,
    };
    return {
      ...shapeOf(detection),
      id,
      speed: { x: mix(speed.x, now.x), y: mix(speed.y, now.y) },
      seenIn: sequence,
      missed: 0,
      evidence: withLook(track.evidence, detection),
      flip: this.#flipOf(detection, lookedAt, track.flip),
    };
  }

  /** Nothing, when the cell is gone. */
  #miss(track: Track, expected: CellBox, { sizeX, sizeY }: LookPlace): Track[] {
    const x = middleX(expected);
    const y = middleY(expected);
    const isOutside = x < 0 || y < 0 || x > sizeX || y > sizeY;
    if (!isOutside && track.missed < LONGEST_GAP) return [{ ...track, missed: track.missed + 1 }];
    this.#end(track);
    return [];
  }

  #end(track: Track): void {
    if (this.#counts(track)) addOne(this.#ended, this.#labelOf(track));
  }

  #counts({ evidence }: Track): boolean {
    return evidence.looks >= Math.min(LOOKS_TO_COUNT, this.#looksAtField);
  }

  /** A flip stands until raw and enhanced are compared again, or raw itself is looked at: then nothing enhanced decides. */
  #flipOf(detection: Detection, lookedAt: 'raw' | 'enhanced', before: CellFlip | undefined): CellFlip | undefined {
    if (lookedAt === 'raw') return undefined;
    if (detection.raw === undefined) return before;
    const flip = flipOf(detection, detection.raw ?? undefined, this.#unsureBelow);
    if (flip && !before) this.#flips += 1;
    return flip;
  }

  #labelOf({ evidence }: Track): string {
    return decide(combined(evidence), this.#unsureBelow).label;
  }

  #cellOf({ id, box, outline, evidence, flip }: Track, { lookedAt }: LookPlace): Cell {
    const look = combined(evidence);
    const { label, confidence } = decide(look, this.#unsureBelow);
    return {
      id,
      box,
      ...(outline && { outline }),
      kind: look.kind,
      label,
      confidence: rounded(confidence),
      probabilities: Object.fromEntries(
        Object.entries(look.probabilities ?? {}).map(([name, probability]) => [name, rounded(probability)]),
      ),
      looks: evidence.looks,
      lookedAt,
      ...(flip && { flip: { ...flip, rawConfidence: rounded(flip.rawConfidence) } }),
    };
  }
}

function shapeOf({ kind, box, outline }: Detection) {
  return { kind, box, ...(outline && { outline }) };
}

/** Where the cell should be at a frame. */
function moved({ box, speed, seenIn }: Track, sequence: number): CellBox {
  const frames = sequence - seenIn;
  return { ...box, x: box.x + speed.x * frames, y: box.y + speed.y * frames };
}

/** What the cells of a field have in common: the movement of the stage. */
function commonSpeed(tracks: readonly Track[]): Speed {
  if (tracks.length === 0) return AT_REST;
  const middleOf = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  return { x: middleOf(tracks.map(({ speed }) => speed.x)), y: middleOf(tracks.map(({ speed }) => speed.y)) };
}

function mix(before: number, now: number): number {
  return before + SPEED_UPDATE * (now - before);
}

function addOne(counts: Record<string, number>, label: string): void {
  counts[label] = (counts[label] ?? 0) + 1;
}

/** More digits than a calibration is good for only make the ledger longer. */
function rounded(probability: number): number {
  return Math.round(probability * 1e4) / 1e4;
}
