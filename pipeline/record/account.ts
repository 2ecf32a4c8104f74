/** Counts the lines of a ledger: where frames ended, for which reasons, and when. */

import { FRAME_ENDS, type FrameEnd, type LedgerTotals } from '../ledger.ts';
import type { Verdict } from './frameIndex.ts';
import { isEvent, type LedgerLine, type MissingLine, type ProvenanceLine, type RecoveredLine } from './rows.ts';

/** Distinct reasons that are told apart; later ones are counted together, so that a certificate stays readable. */
const MAX_REASONS = 100;
const MAX_GAPS = 1000;
const OTHER_REASONS = 'other reasons';

/** A number of frames and the time that they span, Unix ms. */
export interface Span {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface EndAccount extends Span {
  readonly reasons: readonly (Span & { readonly because: string })[];
}

/** `unended`: raw kept, and then the recorder was stopped. */
export type AccountedEnd = FrameEnd | 'unended';

export interface Account {
  /** Frames with a line, ended or not. */
  readonly frames: number;
  /** Frames whose raw plane was stored. */
  readonly recorded: number;
  readonly enhancedStored: number;
  readonly ends: Readonly<Partial<Record<AccountedEnd, EndAccount>>>;
  readonly missing: number;
  readonly gaps: readonly Pick<MissingLine, 'count' | 'reason' | 'noticedMs'>[];
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  readonly provenances: readonly ProvenanceLine[];
  readonly recoveries: readonly RecoveredLine[];
  readonly firstMs?: number;
  readonly lastMs?: number;
}

class SpanCounter {
  count = 0;
  firstMs = Infinity;
  lastMs = -Infinity;

  add(ms: number): void {
    this.count += 1;
    this.firstMs = Math.min(this.firstMs, ms);
    this.lastMs = Math.max(this.lastMs, ms);
  }

  get span(): Span {
    return { count: this.count, firstMs: this.firstMs, lastMs: this.lastMs };
  }
}

interface EndCounter {
  readonly all: SpanCounter;
  readonly reasons: Map<string, SpanCounter>;
}

export class AccountCounter {
  readonly #all = new SpanCounter();
  readonly #ends = new Map<AccountedEnd, EndCounter>();
  readonly #verdicts: Partial<Record<Verdict, number>> = {};
  readonly #provenances: ProvenanceLine[] = [];
  readonly #recoveries: RecoveredLine[] = [];
  readonly #gaps: Account['gaps'][number][] = [];
  #missing = 0;
  #recorded = 0;
  #enhancedStored = 0;

  add(line: LedgerLine): void {
    if (!isEvent(line)) {
      const verdict = line.quality?.predicted?.verdict;
      if (verdict) this.#verdicts[verdict] = (this.#verdicts[verdict] ?? 0) + 1;
      return this.#addFrame(line, line.end, line.meta?.arrivedMs ?? line.endedMs);
    }
    switch (line.event) {
      case 'unended':
        return this.#addFrame(line, 'unended', line.arrivedMs);
      case 'missing':
        this.#missing += line.count;
        if (this.#gaps.length < MAX_GAPS) {
          this.#gaps.push({ count: line.count, reason: line.reason, noticedMs: line.noticedMs });
        }
        return;
      case 'provenance':
        this.#provenances.push(line);
        return;
      case 'recovered':
        this.#recoveries.push(line);
        return;
      case 'closed':
        return;
    }
  }

  get account(): Account {
    const ends = [...this.#ends].map(([end, { all, reasons }]) => {
      const told = [...reasons].map(([because, counter]) => ({ because, ...counter.span }));
      return [end, { ...all.span, reasons: told }] as const;
    });
    return {
      frames: this.#all.count,
      recorded: this.#recorded,
      enhancedStored: this.#enhancedStored,
      ends: Object.fromEntries(ends),
      missing: this.#missing,
      gaps: this.#gaps,
      verdicts: this.#verdicts,
      provenances: this.#provenances,
      recoveries: this.#recoveries,
      ...(this.#all.count > 0 && { firstMs: this.#all.firstMs, lastMs: this.#all.lastMs }),
    };
  }

  #addFrame(line: FrameOutcome, end: AccountedEnd, ms: number): void {
    this.#all.add(ms);
    if (line.raw) this.#recorded += 1;
    if (line.enhanced) this.#enhancedStored += 1;
    let counter = this.#ends.get(end);
    if (!counter) this.#ends.set(end, (counter = { all: new SpanCounter(), reasons: new Map() }));
    counter.all.add(ms);
    if (line.because !== undefined) reasonCounter(counter.reasons, line.because).add(ms);
  }
}

interface FrameOutcome {
  readonly raw?: unknown;
  readonly enhanced?: unknown;
  readonly because?: string;
}

function reasonCounter(reasons: Map<string, SpanCounter>, because: string): SpanCounter {
  const reason = reasons.has(because) || reasons.size < MAX_REASONS ? because : OTHER_REASONS;
  const known = reasons.get(reason) ?? new SpanCounter();
  reasons.set(reason, known);
  return known;
}

/** What the totals that the service kept and the lines that were written disagree on; empty when they tell the same story. */
export function disagreements(totals: LedgerTotals, account: Account): string[] {
  const told: [name: string, total: number, counted: number][] = [
    ['arrived', totals.arrived - totals.inFlight, account.frames],
    ['missing', totals.missing, account.missing],
    ['recorded', totals.recorded, account.recorded],
    ...(Object.keys(FRAME_ENDS) as FrameEnd[]).map((end): [string, number, number] => [
      end,
      totals[end],
      account.ends[end]?.count ?? 0,
    ]),
  ];
  return told.flatMap(([name, total, counted]) =>
    total === counted ? [] : [`${name}: the service counted ${total}, the ledger holds ${counted}`],
  );
}
