"""Scene statistics with scipy, written from Mittal et al. 2013 and docs/models.md. Usage: golden_scene_statistics.py SIZE PICTURE TRUTH..."""

import json
import sys

import numpy as np
from scipy.ndimage import correlate
from scipy.optimize import brentq
from scipy.special import gammaln

size = int(sys.argv[1])
picture, *truths = (np.fromfile(path, "<f4").reshape(size, size).astype(np.float64) for path in sys.argv[2:])
tap = np.exp(-0.5 * (np.arange(-3, 4) / (7 / 6)) ** 2)
window = np.outer(tap, tap) / tap.sum() ** 2


def coefficients(image):
    mean = correlate(image, window, mode="nearest")
    variance = correlate(image**2, window, mode="nearest") - mean**2
    return (image - mean) / (np.sqrt(np.maximum(variance, 0)) + 1)


def moments(shape):
    return np.exp(2 * gammaln(2 / shape) - gammaln(1 / shape) - gammaln(3 / shape))


def fit(x):
    left, right = np.sqrt(np.mean(x[x < 0] ** 2)), np.sqrt(np.mean(x[x > 0] ** 2))
    g = left / right
    target = np.mean(abs(x)) ** 2 / np.mean(x**2) * (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    shape = brentq(lambda a: moments(a) - np.clip(target, moments(0.2), moments(10)), 0.2, 10, xtol=1e-12)
    width = np.exp((gammaln(1 / shape) - gammaln(3 / shape)) / 2)
    return shape, left * width, right * width, (right - left) * width * np.exp(gammaln(2 / shape) - gammaln(1 / shape))


def described(block):
    shape, left, right, _ = fit(block.ravel())
    numbers = [shape, (left + right) / 2]
    pairs = [
        block[:, :-1] * block[:, 1:],
        block[:-1] * block[1:],
        block[:-1, :-1] * block[1:, 1:],
        block[:-1, 1:] * block[1:, :-1],
    ]
    for product in pairs:
        shape, left, right, mean = fit(product.ravel())
        numbers += [shape, mean, left, right]
    return numbers


def blocks(image):
    low, high = np.percentile(image, [0.1, 99.9])
    full = (image - low) * 255 / (high - low)
    even = full[: size // 2 * 2, : size // 2 * 2]
    half = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    fine, coarse = coefficients(full), coefficients(half)
    count = (size - 12) // 96
    places = [(6 + 96 * r, 6 + 96 * c) for r in range(count) for c in range(count)]
    return np.array(
        [
            described(fine[y : y + 96, x : x + 96]) + described(coarse[y // 2 : y // 2 + 48, x // 2 : x // 2 + 48])
            for y, x in places
        ]
    )


own, averages = blocks(picture), np.vstack([blocks(truth) for truth in truths])
difference = own.mean(0) - averages.mean(0)
covariance = (np.cov(own.T) + np.cov(averages.T)) / 2
distance = np.sqrt(difference @ np.linalg.pinv(covariance, rcond=1e-12, hermitian=True) @ difference)
print(json.dumps({"first": own[0].tolist(), "last": own[-1].tolist(), "distance": distance}))
