"""A fast scan of a clean scene: photons, excess noise, detector bandwidth, line offset, read noise, quantisation.

All light is in photo-electrons (e-) per sample; the clean scene is in [0, about 1], 1 being its 99.9th percentile.
Order of effects: the odd lines of a bidirectional scan are shifted, the scene is sampled (not binned: a fast scan
dwells on every other line and sample), photons are drawn, the detector multiplies them, its bandwidth smears them along
the scan direction, and the electronics add read noise and round.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Noise:
    """One instrument setting.

    peak: e- at a scene value of 1. background: e- added everywhere. excess: F², variance over Poisson variance.
    smear: share of a sample that is left over from the one scanned before it. read: e- rms. line_shift: samples by which
    odd lines are displaced. step: e- per count, 0 for no rounding.
    """

    peak: float
    background: float = 0.0
    excess: float = 1.0
    smear: float = 0.0
    read: float = 0.0
    line_shift: float = 0.0
    step: float = 0.0

    def variance(self, signal: np.ndarray | float) -> np.ndarray | float:
        """Variance (e-²) of one sample at `signal` e- (background included), white part only."""
        return self.excess * signal + self.read**2 + self.step**2 / 12


@dataclass(frozen=True)
class NoiseRange:
    """What training draws from: 1-60 e- at a bright sample for a video-rate confocal, hundreds to thousands for a camera or a
    slow scan; F² 1.05 (hybrid detector), 1.2 (PMT), 2 (EMCCD, which W2S used). `noise_fit.py` finds real frames inside these
    bounds."""

    peak: tuple[float, float] = (2.0, 2000.0)
    background: tuple[float, float] = (0.0, 0.5)  # as a share of the peak
    excess: tuple[float, float] = (1.0, 2.0)
    smear: tuple[float, float] = (0.0, 0.5)
    smear_share: float = 0.25  # of the draws that have any smear at all
    read: tuple[float, float] = (0.1, 3.0)
    line_shift: float = 0.75
    line_shift_share: float = 0.2
    step_noise: float = 0.5  # largest rounding step, in standard deviations of the background

    def draw(self, rng: np.random.Generator) -> Noise:
        peak = log_uniform(rng, self.peak)
        background = peak * rng.uniform(*self.background) ** 2 / max(self.background[1], 1e-9)
        excess = rng.uniform(*self.excess)
        read = log_uniform(rng, self.read)
        floor = np.sqrt(excess * background + read**2)
        return Noise(
            peak=peak,
            background=background,
            excess=excess,
            smear=rng.uniform(*self.smear) if rng.random() < self.smear_share else 0.0,
            read=read,
            line_shift=(rng.uniform(-self.line_shift, self.line_shift) if rng.random() < self.line_shift_share else 0.0),
            step=floor * rng.uniform(0.0, self.step_noise),
        )


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def expose(scene: np.ndarray, noise: Noise, stride: int, rng: np.random.Generator) -> np.ndarray:
    """One frame, e- as float32, of `scene` sampled at every `stride`-th line and sample."""
    sampled = sample(scene, stride, noise.line_shift)
    light = np.maximum(sampled, 0.0) * noise.peak + noise.background
    frame = rng.poisson(light).astype(np.float32)
    if noise.excess > 1.0:
        # A gamma stage of K electrons: mean K, variance (F² - 1) K; K = 0 stays 0.
        gain = noise.excess - 1.0
        frame = rng.gamma(np.maximum(frame, 1e-6) / gain, gain).astype(np.float32)
    if noise.smear > 0.0:
        frame = smear_rows(frame, noise.smear)
    frame += rng.normal(0.0, noise.read, frame.shape).astype(np.float32)
    if noise.step > 0.0:
        frame = np.round(frame / noise.step) * noise.step
    return frame.astype(np.float32)


def sample(scene: np.ndarray, stride: int, line_shift: float) -> np.ndarray:
    """`scene[::stride, ::stride]`, with odd lines of the result read `line_shift` of its samples to the right."""
    rows = scene[::stride]
    if line_shift == 0.0:
        return rows[:, ::stride].copy()
    columns = np.arange(0, scene.shape[1], stride, dtype=np.float64)
    shifted = np.clip(columns + line_shift * stride, 0, scene.shape[1] - 1)
    left = np.minimum(shifted.astype(int), scene.shape[1] - 2)
    share = (shifted - left).astype(np.float32)
    result = rows[:, ::stride].copy()
    result[1::2] = rows[1::2][:, left] * (1 - share) + rows[1::2][:, left + 1] * share
    return result


def smear_rows(frame: np.ndarray, smear: float) -> np.ndarray:
    """First-order low pass along the scan, whose direction alternates from line to line."""
    result = frame.copy()
    result[1::2] = result[1::2, ::-1]
    for column in range(1, result.shape[1]):
        result[:, column] = (1 - smear) * result[:, column] + smear * result[:, column - 1]
    result[1::2] = result[1::2, ::-1].copy()
    return result
