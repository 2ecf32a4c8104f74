import { MAGNIFICATION } from './arms.ts';
import { frcBands, type FrcBands, type Similarity } from './similarity.ts';

/** Cells whose pictures are compared with the original: their mean is steady enough, and comparing takes time. */
export const COMPARED = 60;

/** How like the original an arm's pictures are, mean over pictures. */
export interface Likeness {
  readonly condition: string;
  readonly psnr: number;
  readonly ssim: number;
  readonly frc: FrcBands;
  /** Fourier ring correlation; ring r is r / (2 (length - 1)) cycles per pixel. */
  readonly curve: readonly number[];
}

export function likenessOf(condition: string, similarities: readonly Similarity[]): Likeness {
  const mean = (value: (similarity: Similarity) => number): number =>
    similarities.reduce((sum, similarity) => sum + value(similarity), 0) / similarities.length;
  const rings = similarities[0]?.frc.length ?? 0;
  const curve = Float64Array.from({ length: rings }, (_, r) => mean(({ frc }) => frc[r]));
  return {
    condition,
    psnr: mean(({ psnr }) => psnr),
    ssim: mean(({ ssim }) => ssim),
    frc: frcBands(curve, MAGNIFICATION),
    curve: [...curve],
  };
}
