"""Simulated clean scenes with known structure: filaments, mitochondria, nuclei, spots and membranes behind a Gaussian PSF.

Lengths are in output samples (0.1 µm in the project's video-rate preset). A scene is in [0, about 1].
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

SUPERSAMPLING = 2  # structures are drawn on a grid twice as fine as the scene
PSF_SIGMA = (0.8, 2.2)  # samples: 0.21 λ/NA is 1.0 sample at 520 nm, NA 1.2 and 0.09 µm; the range covers defocus


Kind = Callable[[int, np.random.Generator], np.ndarray]


def some_kinds(rng: np.random.Generator) -> list[Kind]:
    kinds = (filaments, filaments, mitochondria, nuclei, spots, membranes)
    return [kinds[k] for k in rng.choice(len(kinds), size=rng.integers(1, 3), replace=False)]


def scene(size: int, rng: np.random.Generator, kinds: Sequence[Kind] = ()) -> np.ndarray:
    """A `size` x `size` float32 scene of `kinds` of structure (one or two, drawn, if none is given) over out-of-focus haze."""
    fine = size * SUPERSAMPLING
    canvas = np.zeros((fine, fine), np.float32)
    for kind in kinds or some_kinds(rng):
        layer = kind(fine, rng)
        canvas += layer * rng.uniform(0.4, 1.0) / max(float(np.percentile(layer, 99.9)), 1e-6)
    canvas *= cell_envelope(fine, rng)
    psf = rng.uniform(*PSF_SIGMA) * SUPERSAMPLING
    sharp = gaussian_filter(canvas, psf)
    haze = wide_blur(canvas, 12 * psf) * rng.uniform(0.0, 0.8)
    result = (sharp + haze).reshape(size, SUPERSAMPLING, size, SUPERSAMPLING).mean((1, 3))
    return (result / max(float(np.percentile(result, 99.9)), 1e-6)).astype(np.float32)


def wide_blur(canvas: np.ndarray, sigma: float, reduction: int = 8) -> np.ndarray:
    """A Gaussian of many pixels, worked out on a grid `reduction` times as coarse."""
    coarse = canvas.reshape(len(canvas) // reduction, reduction, -1, reduction).mean((1, 3))
    return zoom(gaussian_filter(coarse, sigma / reduction), reduction, order=1, grid_mode=True, mode="nearest")


def smooth_field(size: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian random field of unit variance and about `correlation` pixels of correlation length."""
    coarse = max(4, int(np.ceil(size / max(correlation, 1.0))) + 3)
    field = zoom(rng.normal(size=(coarse, coarse)), size / (coarse - 1), order=3)[:size, :size]
    return ((field - field.mean()) / field.std()).astype(np.float32)


def cell_envelope(size: int, rng: np.random.Generator) -> np.ndarray:
    """Where the cells are: a smooth mask that is full in two scenes of five."""
    if rng.random() < 0.4:
        return np.ones((size, size), np.float32)
    field = smooth_field(size, size / rng.uniform(2, 5), rng)
    return 1 / (1 + np.exp(-6 * (field - rng.uniform(-0.8, 0.6))))


def draw_paths(size: int, paths: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Density of points along `paths`, each (points [n, 2] in pixels, brightness)."""
    canvas = np.zeros((size, size), np.float32)
    for points, brightness in paths:
        index = np.round(points).astype(int)
        inside = ((index >= 0) & (index < size)).all(1)
        np.add.at(canvas, tuple(index[inside].T), brightness)
    return canvas


def worm_like(size: int, length: float, persistence: float, rng: np.random.Generator) -> np.ndarray:
    """A path of half-pixel steps whose direction forgets itself over `persistence` pixels."""
    steps = int(length * 2)
    angle = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, np.sqrt(1 / persistence), steps))
    start = rng.uniform(-0.1 * size, 1.1 * size, 2)
    return start + 0.5 * np.cumsum(np.stack([np.sin(angle), np.cos(angle)], 1), 0)


def filaments(size: int, rng: np.random.Generator) -> np.ndarray:
    persistence = rng.uniform(100, 1500)
    paths = [
        (worm_like(size, rng.uniform(0.2, 1.5) * size, persistence, rng), rng.lognormal(0, 0.4))
        for _ in range(rng.integers(15, 160))
    ]
    return draw_paths(size, paths)


def mitochondria(size: int, rng: np.random.Generator) -> np.ndarray:
    paths = [
        (worm_like(size, rng.uniform(15, 160), rng.uniform(15, 60), rng), rng.lognormal(0, 0.4))
        for _ in range(rng.integers(40, 260))
    ]
    radius = rng.uniform(2.5, 6.0)
    thick = gaussian_filter(draw_paths(size, paths), radius / 2)
    return np.tanh(thick / max(float(np.percentile(thick, 99)), 1e-6))


def nuclei(size: int, rng: np.random.Generator) -> np.ndarray:
    canvas = np.zeros((size, size), np.float32)
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    for _ in range(rng.integers(3, 25)):
        centre, angle = rng.uniform(0, size, 2), rng.uniform(0, np.pi)
        long, short = rng.uniform(30, 90), rng.uniform(0.6, 1.0)
        y, x = rows - centre[0], columns - centre[1]
        u = (x * np.cos(angle) + y * np.sin(angle)) / long
        v = (y * np.cos(angle) - x * np.sin(angle)) / (long * short)
        edge = np.clip((1 - np.sqrt(u * u + v * v)) * long / 3, 0, 1)
        canvas = np.maximum(canvas, edge * rng.uniform(0.4, 1.0))
    chromatin = 1 + rng.uniform(0.1, 0.4) * smooth_field(size, rng.uniform(6, 20), rng)
    return canvas * np.maximum(chromatin, 0)


def spots(size: int, rng: np.random.Generator) -> np.ndarray:
    count = rng.integers(50, 1500)
    canvas = np.zeros((size, size), np.float32)
    where = rng.integers(0, size, (count, 2))
    np.add.at(canvas, tuple(where.T), rng.lognormal(0, 0.7, count).astype(np.float32))
    return gaussian_filter(canvas, rng.uniform(0.5, 5.0))


def pairs(size: int, rng: np.random.Generator) -> np.ndarray:
    """Points alone and two by two, from far too close to well apart: what a denoiser that saw only crowds takes for one spot."""
    count = rng.integers(20, 400)
    centres, angles = rng.uniform(0, size, (count, 2)), rng.uniform(0, np.pi, count)
    # Up to 5 standard deviations of the widest PSF; a third stay single.
    halves = np.where(rng.random(count) < 1 / 3, 0, rng.uniform(0, 2.5 * PSF_SIGMA[1] * SUPERSAMPLING, count))
    across = halves[:, None] * np.stack([np.sin(angles), np.cos(angles)], 1)
    brightness = rng.lognormal(0, 0.4, count)
    second = np.where(halves > 0, brightness * rng.choice([1.0, 0.5], count), 0)
    points = [(centres - across, brightness), (centres + across, second)]
    return draw_paths(size, [(spot[None], light) for spots, lights in points for spot, light in zip(spots, lights, strict=True)])


def threads(size: int, rng: np.random.Generator) -> np.ndarray:
    """Short straight threads: whole, broken by a gap, or two side by side."""
    paths = []
    for _ in range(rng.integers(10, 120)):
        angle, length = rng.uniform(0, np.pi), rng.uniform(15, 120)
        along = np.array([np.sin(angle), np.cos(angle)])
        places = np.arange(-length / 2, length / 2, 0.5)
        kind = rng.random()
        if kind < 0.4:
            places = places[np.abs(places) > rng.uniform(0, 10)]
        apart = rng.uniform(1, 12) if kind > 0.7 else 0.0
        centre, brightness = rng.uniform(0, size, 2), rng.lognormal(0, 0.4)
        for side in (-apart / 2, apart / 2) if apart else (0.0,):
            points = centre + side * along[::-1] * [1, -1] + places[:, None] * along
            paths.append((points, brightness))
    return gaussian_filter(draw_paths(size, paths), rng.uniform(0.5, 2.5))


def membranes(size: int, rng: np.random.Generator) -> np.ndarray:
    field = smooth_field(size, size / rng.uniform(3, 10), rng)
    slope = np.hypot(*np.gradient(field)) + 1e-4
    levels = rng.uniform(-1, 1, rng.integers(1, 4))
    canvas = sum(np.exp(-0.5 * ((field - level) / slope / 1.5) ** 2) for level in levels)
    return (canvas * (1 + 0.3 * smooth_field(size, 25, rng))).clip(0).astype(np.float32)
