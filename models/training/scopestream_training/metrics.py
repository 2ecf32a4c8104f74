"""Scores. `si_psnr` is the headline: best affine fit of the prediction to the truth, peak = the truth's max - min."""

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from .data import fit_affine


def psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """PSNR (dB) without any fit, peak = the truth's range (convention `range`)."""
    error = np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2)
    return float(10 * np.log10(np.ptp(truth.astype(np.float64)) ** 2 / max(error, 1e-30)))


def si_psnr(prediction: np.ndarray, truth: np.ndarray) -> float:
    """PSNR (dB) after the best scale and offset of the prediction (convention `si-psnr`)."""
    return psnr(fit_affine(prediction, truth), truth)


def bicubic(frame: np.ndarray, factor: int) -> np.ndarray:
    """Cubic spline interpolation with sample `k` on sample `factor * k`, the networks' sampling convention."""
    if factor == 1:
        return frame
    height, width = frame.shape
    padded = np.pad(frame.astype(np.float32), ((0, 1), (0, 1)), mode="edge")
    full = zoom(padded, (factor * height + 1) / (height + 1), order=3, grid_mode=False, mode="nearest")
    return full[: factor * height, : factor * width]


def gaussian(frame: np.ndarray, sigma: float, factor: int) -> np.ndarray:
    """Gaussian of `sigma` input samples, then bicubic."""
    return bicubic(gaussian_filter(frame.astype(np.float32), sigma, mode="nearest"), factor)
