"""Simulated exposures of scenes that move, for networks that look at the frames before as well.

The newest frame shows the clean image as it is; the frames before show it displaced, the farther the older. All frames have
one instrument setting and each its own noise. Lengths are in samples of the clean image.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from .data import Mixture, cut, normalised, simulated_weight
from .degradation import expose

MARGIN = 16  # samples cut around a patch, from where structure moves in
# Shares of the clips that are still, that move as a whole, and in which a part goes its own way as well.
STILL, PART = 0.25, 0.5
DRIFT = 3.0  # samples a frame at most, of everything
PART_SPEED = 4.0  # samples a frame at most, of the part against the rest
WARP = 0.7  # largest standard deviation, samples a frame, of a smooth warp
UNSTEADY = 0.3  # standard deviation, samples, of what the displacement of a frame is beside the steady motion
BLEACHING = 0.03  # largest loss of light from frame to frame
# Share of the clips at the start of a session, where the oldest frame there is stands for those before it.
SESSION_START = 0.15


@dataclass(frozen=True)
class Motion:
    """velocity: float32 [2, H, W], (row, column) in samples a frame at each sample; unsteady: [frames, 2], what is added to
    the displacement of each frame (oldest first, the last is zero); bleaching: share of the light lost from frame to frame."""

    velocity: np.ndarray
    unsteady: np.ndarray
    bleaching: float

    def displaced(self, image: np.ndarray) -> np.ndarray:
        """float32 [frames, H, W], oldest first, the last of them `image` itself."""
        count = len(self.unsteady)
        ages = range(count - 1, 0, -1)
        before = [
            warp(image, age * self.velocity + offset[:, None, None]) * (1 + self.bleaching) ** age
            for age, offset in zip(ages, self.unsteady, strict=False)
        ]
        return np.stack([*before, image])


def warp(image: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """`image` read at each sample plus its `displacement` [2, H, W]: bicubic, edges replicated."""
    height, width = image.shape
    rows = (np.arange(height)[:, None] + displacement[0]) / (height - 1)
    columns = (np.arange(width) + displacement[1]) / (width - 1)
    grid = torch.from_numpy(np.stack([columns, rows], -1).astype(np.float32) * 2 - 1)[None]
    source = torch.from_numpy(np.ascontiguousarray(image, np.float32))[None, None]
    moved = functional.grid_sample(source, grid, mode="bicubic", padding_mode="border", align_corners=True)
    return moved[0, 0].numpy()


def smooth(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """[count, size, size]: random fields of about unit variance that change over a third of the side."""
    coarse = torch.from_numpy(rng.normal(size=(1, count, 4, 4)).astype(np.float32))
    return functional.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)[0].numpy()


def direction(rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.sin(angle), np.cos(angle)], np.float32)[:, None, None]


def draw_motion(size: int, frames: int, rng: np.random.Generator) -> Motion:
    """Of a `size` x `size` image: still, or a drift with a smooth warp, often with a part that moves on its own."""
    bleaching = rng.uniform(0, BLEACHING)
    if rng.random() < STILL:
        return Motion(np.zeros((2, size, size), np.float32), np.zeros((frames, 2), np.float32), bleaching)
    velocity = rng.uniform(0, DRIFT) * direction(rng) + rng.uniform(0, WARP) * smooth(2, size, rng)
    if rng.random() < PART:
        part = 1 / (1 + np.exp(-8 * smooth(1, size, rng)))
        velocity = velocity + part * rng.uniform(0, PART_SPEED) * direction(rng)
    unsteady = rng.normal(0, UNSTEADY, (frames, 2)).astype(np.float32)
    unsteady[-1] = 0
    return Motion(velocity.astype(np.float32), unsteady, bleaching)


@dataclass
class MovingMixture(Mixture):
    """Draws clips of `frames` exposures and the truth of the last. A real pair is one exposure and none before it: it comes
    as the start of a session."""

    frames: int = 3

    def batch(self, count: int, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As Mixture.batch, with inputs float32 [N, frames, h, w]."""
        inputs, targets, weights = super().batch(count, patch, rng)
        return inputs[:, 0], targets, weights

    def real(self, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        frame, truth, weight = super().real(patch, rng)
        return np.repeat(frame[None], self.frames, 0), truth, weight

    def simulated(self, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        source = self.cleans[rng.integers(len(self.cleans))]
        image = source[rng.integers(len(source))]
        size = patch * self.stride
        (wide,) = cut(image.image[None], size + 2 * MARGIN, rng)
        clip = draw_motion(len(wide), self.frames, rng).displaced(wide)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
        noise = self.noise.draw(rng)
        frames = np.stack([expose(scene, noise, self.stride, rng) for scene in clip])
        if rng.random() < SESSION_START:
            first = rng.integers(1, self.frames)
            frames[:first] = frames[first]
        scale = noise.peak * (1 - image.low) * rng.uniform(0.7, 1.4)
        offset = noise.background + noise.peak * image.low + 0.03 * scale * rng.normal()
        target = normalised(clip[-1] * noise.peak + noise.background, offset, scale)
        return normalised(frames, offset, scale), target, simulated_weight(clip[-1], noise, scale)
