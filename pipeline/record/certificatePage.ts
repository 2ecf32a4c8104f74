/** The certificate as a page that needs nothing else: no script, no style sheet, no picture. */

import { FRAME_ENDS } from '../ledger.ts';
import type { AccountedEnd } from './account.ts';
import type { Certificate } from './certificate.ts';

const MEANINGS: Readonly<Record<AccountedEnd, string>> = {
  ...FRAME_ENDS,
  unended: 'kept raw; the recorder was stopped before the frame had ended',
};

const STATES: Readonly<Record<Certificate['state'], string>> = {
  closed: 'The session was closed by the service.',
  failed: 'The session had to end.',
  recovered: 'The recorder was stopped without closing; the session was put in order afterwards.',
};

export function certificatePage(certificate: Certificate): string {
  const { name, session, state, failure, ledger, account, promise } = certificate;
  const verdict = certificate.balances
    ? 'Every frame is accounted for.'
    : `The account does not balance: ${certificate.disagreements.join('; ') || 'frames were still on their way'}.`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Certificate of ${escape(session)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem; }
td, th { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #d8dee4; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { overflow-wrap: anywhere; }
</style>
<h1>${escape(name)}</h1>
<p>Session <code>${escape(session)}</code>, begun ${escape(certificate.startedAt)}, certified ${escape(certificate.certifiedAt)}.
${STATES[state]}${failure === undefined ? '' : ` ${escape(failure)}`} <strong>${escape(verdict)}</strong></p>
<h2>Frames</h2>
${table([
  ['acquired', certificate.acquired, 'arrived, or known never to have come'],
  ['arrived', certificate.arrived, span(account.firstMs, account.lastMs)],
  ['recorded', certificate.recorded, 'raw plane on disk'],
  ['enhanced', certificate.enhanced, `${account.enhancedStored} enhanced planes on disk`],
  ['shown', certificate.shown, 'handed to the viewers'],
  ['missing', certificate.missing, 'numbered by the sender, never arrived'],
])}
<h2>Where they ended, and why</h2>
${table(endRows(certificate))}
${account.gaps.length === 0 ? '' : `<h2>Missing frames</h2>${table(account.gaps.map((gap) => [time(gap.noticedMs), gap.count, gap.reason]))}`}
<h2>Methods</h2>
<p>${escape(certificate.methods)}</p>
<h2>Checklist</h2>
${table(certificate.checklist.map(({ item, done, detail }) => [done ? '✓' : '☐', item, detail]))}
<h2>Ledger</h2>
<p>${ledger.lines} lines in frames.jsonl; the last link of their chain is <code>${ledger.head}</code>. The chain begins with
session.json, SHA-256 <code>${ledger.sessionSha256}</code>. ${escape(promise)}</p>
</html>
`;
}

function endRows({ account }: Certificate): (string | number)[][] {
  const ends = (Object.keys(MEANINGS) as AccountedEnd[]).filter((end) => account.ends[end]);
  return ends.flatMap((end) => {
    const { count, firstMs, lastMs, reasons } = account.ends[end]!;
    const all = [end, count, `${MEANINGS[end]} (${span(firstMs, lastMs)})`];
    return [all, ...reasons.map((r) => ['', r.count, `${r.because} (${span(r.firstMs, r.lastMs)})`])];
  });
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) =>
    typeof value === 'number' ? `<td class="number">${value}</td>` : `<td>${escape(value)}</td>`;
  return `<table>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</table>`;
}

function span(firstMs: number | undefined, lastMs: number | undefined): string {
  return firstMs === undefined || lastMs === undefined ? '' : `${time(firstMs)} to ${time(lastMs)}`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
