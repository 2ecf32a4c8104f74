import { escaped } from '../../report/html.ts';
import type { DecisionEvaluation } from '../evaluation.ts';
import { COMPARED } from '../likeness.ts';
import { curveChart } from './charts.ts';
import type { Colours } from './markup.ts';

/** Likeness to the original: a table, and the Fourier ring correlation as curves. */
export function likenessSection({ likeness, conditions, protocol }: DecisionEvaluation, colours: Colours): string {
  const lines = likeness.map(
    ({ condition, psnr, ssim, frc }) =>
      `<tr><td>${escaped(condition)}</td><td>${psnr.toFixed(2)}</td><td>${ssim.toFixed(3)}</td><td>${frc.measured.toFixed(3)}</td><td>${frc.beyond.toFixed(3)}</td></tr>`,
  );
  const charts = protocol.degradations.map((degradation) => {
    const shown = conditions
      .slice(1)
      .flatMap(({ arm, degradation: own }, i) => (own === degradation ? [{ arm, ...likeness[i] }] : []));
    const curves = shown.map(({ arm, curve }) => ({
      name: arm,
      colour: colours.get(arm)!,
      points: curve.slice(1).map((value, r) => [(r + 1) / (2 * (curve.length - 1)), value] as const),
    }));
    return `<div><h3>${degradation}</h3>${curveChart(curves, {
      title: `Fourier ring correlation with the original, ${degradation}`,
      xName: 'cycles per pixel of the original',
      yName: 'correlation with the original',
      yLow: 0,
      yHigh: 1,
      xHigh: 0.5,
      mark: { at: 0.125, meaning: 'limit of the low picture' },
      inPercent: false,
    })}</div>`;
  });
  return `<section><h2 id="likeness">Likeness to the original</h2>
<p>Beside the decisions and not instead of them: an arm may look better and lead to more errors, or worse and to fewer. Beyond the limit of the low picture nothing
was measured; what correlates there was predicted rightly, and the rest of an arm’s detail there is invention. Means over up to ${COMPARED} of the pictures.</p>
<table><tr><th>arm</th><th>PSNR, dB (RGB)</th><th>SSIM (luma)</th><th>FRC, measured band</th><th>FRC, beyond</th></tr>${lines.join('')}</table>
<div class="row">${charts.join('')}</div></section>`;
}
