"""Training pairs: a crop of a picture, and its small version by either way of `degradation.py`."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .degradation import FACTOR, InstrumentRange, reduced, through_instrument


@dataclass(frozen=True)
class Patches:
    """pictures: uint8 [N, S, S, 3]."""

    pictures: np.ndarray
    instrument_share: float
    instruments: InstrumentRange = InstrumentRange()

    def pair(self, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [side, side, 3] and its truth [4 side, 4 side, 3]: a random crop, turned and mirrored."""
        large = FACTOR * side
        picture = self.pictures[rng.integers(len(self.pictures))]
        top, left = (int(rng.integers(extent - large, endpoint=True)) for extent in picture.shape[:2])
        truth = np.rot90(picture[top : top + large, left : left + large], rng.integers(4))
        if rng.random() < 0.5:
            truth = truth[:, ::-1]
        truth = np.ascontiguousarray(truth)
        if rng.random() < self.instrument_share:
            return through_instrument(truth, self.instruments.draw(rng), rng), truth
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
