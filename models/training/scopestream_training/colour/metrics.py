"""PSNR (dB) and SSIM of 8-bit colour pictures by the convention `basicsr-u8`: 4 pixels cropped at each border.

`rgb`: over the three colours (SSIM: mean of the colours'). `y`: of the luma of ITU-R BT.601, 16 to 235, as BasicSR's
`test_y_channel`. SSIM: Gaussian window of 11x11 with sigma 1.5, where it fits, range 255.
"""

import numpy as np
from scipy.ndimage import correlate1d

CROPPED = 4
_offsets = np.arange(-5, 6)
WINDOW = np.exp(-0.5 * (_offsets / 1.5) ** 2)
WINDOW /= WINDOW.sum()


def luma(picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> float64 [H, W, 1], 16 to 235."""
    return (picture @ np.array([65.481, 128.553, 24.966]) / 255 + 16)[..., None]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-10)))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over positions and colours of [H, W, C] pictures."""

    def local_mean(x: np.ndarray) -> np.ndarray:
        return correlate1d(correlate1d(x, WINDOW, axis=0), WINDOW, axis=1)[5:-5, 5:-5]

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = local_mean(a), local_mean(b)
    variance_a = local_mean(a * a) - mean_a**2
    variance_b = local_mean(b * b) - mean_b**2
    covariance = local_mean(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))))


def scores(prediction: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """`psnr_rgb`, `ssim_rgb`, `psnr_y`, `ssim_y` of uint8 [H, W, 3] pictures."""
    inner = np.s_[CROPPED:-CROPPED, CROPPED:-CROPPED]
    prediction, truth = prediction[inner], truth[inner]
    return {
        "psnr_rgb": psnr(prediction, truth),
        "ssim_rgb": ssim(prediction, truth),
        "psnr_y": psnr(luma(prediction), luma(truth)),
        "ssim_y": ssim(luma(prediction), luma(truth)),
    }
