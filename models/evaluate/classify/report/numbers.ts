import type { Spread } from '../panel.ts';
import type { Estimate } from '../pairedBootstrap.ts';

/** Numbers as the reports show them. Shares are shown in percent, differences of shares in points. */

export function percent(share: number, decimals = 1): string {
  return Number.isNaN(share) ? '–' : `${(100 * share).toFixed(decimals)} %`;
}

/** `+1.2 [0.3, 2.1]`, in points. */
export function points({ value, low, high }: Estimate): string {
  const interval = Number.isNaN(low) ? '' : ` [${signed(low)}, ${signed(high)}]`;
  return `${signed(value)}${interval}`;
}

export function signed(share: number): string {
  const rounded = (100 * share).toFixed(1).replace(/^-0\.0$/, '0.0');
  return rounded.startsWith('-') ? `−${rounded.slice(1)}` : `+${rounded}`;
}

/** `93.1 ± 0.4 %` over several trainings, `93.1 %` for one. */
export function spreadPercent({ mean, sd }: Spread): string {
  return Number.isNaN(sd) ? percent(mean) : `${(100 * mean).toFixed(1)} ± ${(100 * sd).toFixed(1)} %`;
}

export function spreadNumber({ mean, sd }: Spread, decimals = 3): string {
  if (Number.isNaN(mean)) return '–';
  return Number.isNaN(sd) ? mean.toFixed(decimals) : `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`;
}
