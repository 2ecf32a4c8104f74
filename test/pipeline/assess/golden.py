"""The measures of pipeline/assess in numpy, scipy and scikit-image, written from their definitions. Usage: golden.py A B SIZE"""

import json
import sys

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter
from scipy.signal import convolve2d
from skimage.registration import phase_cross_correlation

size = int(sys.argv[3])
a, b = (np.fromfile(path, "<f4").reshape(size, size).astype(np.float64) for path in sys.argv[1:3])

hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
taper = np.outer(hann, hann)
fa, fb = (np.fft.fft2((x - x.mean()) * taper) for x in (a, b))
k = np.fft.fftfreq(size) * size
kx, ky = np.meshgrid(k, k)
ring = np.round(np.hypot(kx, ky)).astype(int)


def ring_sum(values):
    return np.bincount(ring.ravel(), values.ravel())[: size // 2 + 1]


frc = ring_sum((fa * fb.conj()).real) / np.sqrt(ring_sum(abs(fa) ** 2) * ring_sum(abs(fb) ** 2))
smooth = np.convolve(frc, np.ones(3) / 3, "same")
first = next(r for r in range(3, size // 2) if smooth[r] < 1 / 7)
crossing = first - 1 + (smooth[first - 1] - 1 / 7) / (smooth[first - 1] - smooth[first])

power = abs(fa) ** 2
outside = (abs(kx) > size / 4) | (abs(ky) > size / 4)

kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
noise = np.zeros_like(a)
noise[1:-1] = np.diff(b - a, 2, axis=0) / np.sqrt(12)
d = noise[1:-1]

variance = np.maximum(8 * a - 700, 8 * 8 * 0.05)
z = 9 * uniform_filter((a - b) / np.sqrt(variance), 9, mode="nearest")

shift, _, _ = phase_cross_correlation(
    gaussian_filter(np.roll(a, (3, -5), (0, 1)), 1) * taper, gaussian_filter(a, 1) * taper, upsample_factor=50
)

print(
    json.dumps(
        {
            "percentiles": np.percentile(a, [0.1, 50, 99]).tolist(),
            "box": uniform_filter(a, 5, mode="nearest").ravel()[::97].tolist(),
            "gaussian": gaussian_filter(a, 1.4, mode="nearest").ravel()[::97].tolist(),
            "noise": np.sqrt(np.pi / 2) * abs(convolve2d(a, kernel, "valid")).sum() / (6 * (size - 2) ** 2),
            "brenner": np.mean((a[:, 2:] - a[:, :-2]) ** 2),
            "frameNoise": noise.ravel()[::97].tolist(),
            "rowCorrelation": np.corrcoef(d[:, :-1].ravel(), d[:, 1:].ravel())[0, 1],
            "frc": frc.tolist(),
            "resolutionPx": size / crossing,
            "bandEnergy": power[outside].sum() / power.sum(),
            "flagged": np.mean(abs(z[4:-4, 4:-4]) > 4),
            "z": z.ravel()[::97].tolist(),
            "shift": shift.tolist(),
        }
    )
)
