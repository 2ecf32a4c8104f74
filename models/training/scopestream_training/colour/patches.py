"""Training pairs: a crop of a picture, varied, and its small version by either way of `degradation.py`.

The truth itself is varied so that other microscopes and stains are met: some truths are softened (a network that only ever
saw one sharpness sharpens soft pictures too), some have another colour balance.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from .degradation import FACTOR, InstrumentRange, reduced, through_instrument

SOFTENING = (0.5, 3.0)  # Gaussian sigma, large pixels
RECOLOURED = 0.5  # share of the truths
COLOUR_GAIN = (0.8, 1.1)  # of each colour
INSTRUMENTS = InstrumentRange()


def varied(truth: np.ndarray, softened: float, rng: np.random.Generator) -> np.ndarray:
    """Another microscope's picture of the same cell: uint8 [H, W, 3]."""
    if rng.random() < softened:
        sigma = rng.uniform(*SOFTENING)
        truth = gaussian_filter(truth, (sigma, sigma, 0), mode="nearest")
    if rng.random() < RECOLOURED:
        truth = np.clip(np.round(truth * rng.uniform(*COLOUR_GAIN, 3)), 0, 255).astype(np.uint8)
    return truth


@dataclass(frozen=True)
class Patches:
    """pictures: uint8 [N, S, S, 3]. instrument_share: of the small pictures that come through a poor instrument.
    softened: share of the truths."""

    pictures: np.ndarray
    instrument_share: float
    softened: float

    def pair(self, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [side, side, 3] and its truth [4 side, 4 side, 3]: a random crop, turned, mirrored and varied."""
        large = FACTOR * side
        picture = self.pictures[rng.integers(len(self.pictures))]
        top, left = (int(rng.integers(extent - large, endpoint=True)) for extent in picture.shape[:2])
        truth = np.rot90(picture[top : top + large, left : left + large], rng.integers(4))
        if rng.random() < 0.5:
            truth = truth[:, ::-1]
        truth = varied(np.ascontiguousarray(truth), self.softened, rng)
        if rng.random() < self.instrument_share:
            return through_instrument(truth, INSTRUMENTS.draw(rng), rng), truth
        return reduced(truth), truth

    def batch(self, count: int, side: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Float32 [count, 3, side, side] and [count, 3, 4 side, 4 side] in [0, 1]."""
        small, large = zip(*(self.pair(side, rng) for _ in range(count)), strict=True)
        return as_tensor(np.stack(small)), as_tensor(np.stack(large))


def as_tensor(pictures: np.ndarray) -> Tensor:
    """uint8 [N, H, W, 3] -> float32 [N, 3, H, W] in [0, 1], channels last in memory."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last) / 255


def as_pictures(tensor: Tensor) -> np.ndarray:
    """The inverse of `as_tensor`: rounded and clipped."""
    return (tensor.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
