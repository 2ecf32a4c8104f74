"""Frames of nuclei to learn from: BBBC039 with its teacher's outlines, and simulated scenes whose outlines are exact."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..data import paths_of, read_grey, turn
from ..degradation import NoiseRange, expose, log_uniform
from ..normalise import offset_and_scale
from ..scenes import smooth_field
from .nuclei import FOREGROUND, RIM, rims

# Diameters of nuclei that are simulated, pixels.
SMALLEST, LARGEST = 12.0, 90.0


@dataclass(frozen=True)
class Frame:
    """clean float32 [H, W] in [0, about 1]; labels uint16 [H, W], 0 is background."""

    name: str
    clean: np.ndarray
    labels: np.ndarray


def real_frames(data: Path, labels: Path, held_out: bool) -> list[Frame]:
    frames = []
    for path in paths_of(data, "bbbc039", held_out):
        image = read_grey(path)
        low, high = np.percentile(image, [1, 99.9])
        clean = np.clip((image - low) / (high - low), 0, 1.5).astype(np.float32)
        frames.append(Frame(path.stem, clean, np.load(labels / f"{path.stem}.npy")))
    return frames


def ragged_ellipse(size: int, diameter: float, rng: np.random.Generator) -> np.ndarray:
    """Distance from the centre in radii, [size, size]: below 1 inside an ellipse whose radius wanders by a few percent."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.6) ** 0.5
    u = (columns * np.cos(angle) + rows * np.sin(angle)) / stretch
    v = (rows * np.cos(angle) - columns * np.sin(angle)) * stretch
    bearing = np.arctan2(v, u)
    wander = sum(rng.normal(0, 0.05 / k) * np.cos(k * bearing + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4, 5))
    return np.hypot(u, v) / (diameter / 2 * (1 + wander))


def simulated_frame(side: int, rng: np.random.Generator) -> Frame:
    """Nuclei of one kind, some touching, over haze, debris and uneven background; now and then none at all."""
    diameter = log_uniform(rng, (SMALLEST, LARGEST))
    clean, labels = np.zeros((side, side), np.float32), np.zeros((side, side), np.uint16)
    texture = 1 + rng.uniform(0.05, 0.3) * smooth_field(side, max(3.0, diameter / rng.uniform(3, 8)), rng)
    wanted = rng.poisson(rng.uniform(0.02, 0.5) * (side / diameter) ** 2)
    for _ in range(wanted):
        own = diameter * float(np.exp(rng.normal(0, 0.2)))
        size = int(1.8 * own) + 3
        top, left = (int(v) for v in rng.integers(-size // 2, side - size // 2, 2))
        distance = ragged_ellipse(size, own, rng)
        rows, columns = slice(max(0, top), min(side, top + size)), slice(max(0, left), min(side, left + size))
        distance = distance[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        mask = distance < 1
        if (labels[rows, columns][mask] > 0).mean() > 0.02 if mask.any() else True:
            continue
        light = rng.uniform(0.35, 1.0) * (1 - rng.uniform(0, 0.4) * distance**2)
        clean[rows, columns][mask] = light[mask]
        labels[rows, columns][mask] = labels.max() + 1
    clean *= np.clip(texture, 0.2, None)
    psf = rng.uniform(0.6, max(0.8, 0.05 * diameter))
    clean = ndimage.gaussian_filter(clean, psf) + rng.uniform(0, 0.3) * ndimage.gaussian_filter(clean, 0.7 * diameter)
    clean += rng.uniform(0, 0.1) * np.abs(smooth_field(side, side / 3, rng))
    for _ in range(rng.poisson(2)):
        debris = np.zeros((side, side), np.float32)
        debris[tuple(rng.integers(0, side, 2))] = 1
        blob = ndimage.gaussian_filter(debris, rng.uniform(0.7, 0.06 * diameter + 0.8))
        clean += rng.uniform(0.2, 1) * blob / blob.max()
    return Frame("simulated", clean.astype(np.float32), labels)


def zoomed(frame: Frame, side: int, scale: float, rng: np.random.Generator) -> Frame:
    """A turned `side` x `side` crop at `scale`."""
    extent = min(int(np.ceil(side / scale)), *frame.clean.shape)
    top, left = (int(rng.integers(0, size - extent + 1)) for size in frame.clean.shape)
    part = np.s_[top : top + extent, left : left + extent]
    places = (np.arange(side) + 0.5) * extent / side - 0.5
    clean = frame.clean[part]
    if extent > 1.3 * side:
        clean = ndimage.gaussian_filter(clean, 0.4 * extent / side)
    clean = ndimage.map_coordinates(clean, np.meshgrid(places, places, indexing="ij"), order=1, mode="nearest")
    nearest = np.clip(np.round(places).astype(int), 0, extent - 1)
    code = int(rng.integers(8))
    return Frame(frame.name, turn(clean, code), turn(frame.labels[part][np.ix_(nearest, nearest)], code))


def exposed(clean: np.ndarray, rng: np.random.Generator, noise: NoiseRange) -> np.ndarray:
    """A noisy exposure as a camera's counts, normalised as the session would."""
    drawn = noise.draw(rng)
    frame = expose(clean, drawn, 1, rng) * 10 + 100
    offset, scale = offset_and_scale(frame)
    offset += 0.03 * scale * rng.normal()
    scale *= float(np.exp(rng.normal(0, 0.25)))
    return ((frame - offset) / scale).astype(np.float32)


def example(frames: list[Frame], real_share: float, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Normalised frame float32 [1, side, side] and targets float32 [2, side, side] (foreground, rim)."""
    kind = rng.random()
    if kind < 0.08:
        blank = Frame("blank", np.zeros((side, side), np.float32), np.zeros((side, side), np.uint16))
        frame = blank if rng.random() < 0.7 else Frame("haze", 0.3 * np.abs(smooth_field(side, side / 2, rng)), blank.labels)
    elif kind < 0.08 + real_share:
        frame = zoomed(frames[rng.integers(len(frames))], side, log_uniform(rng, (0.5, 2.2)), rng)
    else:
        frame = simulated_frame(side, rng)
    targets = np.zeros((2, side, side), np.float32)
    targets[FOREGROUND], targets[RIM] = frame.labels > 0, rims(frame.labels)
    return exposed(frame.clean, rng, NoiseRange())[None], targets
