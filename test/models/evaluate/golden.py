"""PSNR and SSIM by each convention with scikit-image, from the conventions' own sources. Usage: golden.py PREDICTION TRUTH SIZE"""

import json
import sys

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

size = int(sys.argv[3])
x, y = (np.fromfile(path, "<f4").reshape(size, size).astype(np.float64) for path in sys.argv[1:3])
GAUSSIAN = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def scores(prediction, truth, psnr_range, ssim_range=None, **ssim):
    return {
        "psnr": peak_signal_noise_ratio(truth, prediction, data_range=psnr_range),
        "ssim": structural_similarity(truth, prediction, data_range=ssim_range or psnr_range, **ssim),
    }


def care(low, high):
    bottom, top = np.percentile(y, [low, high])
    truth = (y - bottom) / (top - bottom)
    centred = x - x.mean()
    return centred * np.mean(centred * (truth - truth.mean())) / centred.var() + truth.mean(), truth


span = y.max() - y.min()
u8 = [np.round(np.clip((v - y.min()) / span * 255, 0, 255))[4:-4, 4:-4] for v in (x, y)]
own = [(v - v.min()) / (v.max() - v.min()) for v in (x, y)]
slope, intercept = np.polyfit(x.ravel(), y.ravel(), 1)

print(
    json.dumps(
        {
            "range": scores(x, y, span, **GAUSSIAN),
            "si-psnr": {"psnr": peak_signal_noise_ratio(y, slope * x + intercept, data_range=span)},
            "basicsr-u8": scores(*u8, 255, **GAUSSIAN),
            "biosr": scores(*own, 1, 2),
            "care-pssr": scores(*care(0.1, 99.9), 1),
            "care-3-998": scores(*care(3, 99.8), 1, **GAUSSIAN),
        }
    )
)
