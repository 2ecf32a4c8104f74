"""Scores. `si_psnr` is the headline: best affine fit of the prediction to the truth, peak = the truth's max - min."""

import numpy as np

from .data import fit_affine


def psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """PSNR (dB) without any fit, peak = the truth's range (convention `range`)."""
    error = np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return float(10 * np.log10(np.ptp(truth.astype(np.float64)) ** 2 / max(error, 1e-30)))


def si_psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """PSNR (dB) after the best scale and offset of the prediction (convention `si-psnr`)."""
    return psnr(fit_affine(prediction, truth), truth)
