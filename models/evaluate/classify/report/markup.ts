import { isBeyondChance, type Estimate } from '../pairedBootstrap.ts';
import type { Panel } from '../panel.ts';
import { points } from './numbers.ts';

/** Pieces of HTML that several sections are made of. */

export type Colours = ReadonlyMap<string, string>;

export function cell(text: string): string {
  return `<td>${text}</td>`;
}

export function difference(estimate: Estimate | undefined): string {
  if (!estimate) return '<td></td>';
  return `<td${isBeyondChance(estimate) ? ' class="sure"' : ''}>${points(estimate)}</td>`;
}

export function swatch(colour: string): string {
  return `<span class="swatch" style="background: ${colour}"></span>`;
}

export function nameOf({ design, family, degradation }: Panel): string {
  return `${family}, ${degradation}${design === 'per arm' ? ', a classifier per arm' : ''}`;
}
