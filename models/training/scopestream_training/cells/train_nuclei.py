"""Trains the finder of nuclei: `python -m scopestream_training.cells.train_nuclei configs/cells/nuclei-find.toml
--data DIR --labels DIR --run DIR`.

Cross entropy and Dice loss for foreground and rim, on BBBC039 with a teacher's outlines and on simulated nuclei, all under
the noise model of a fast scan.
"""

import argparse
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from ..degradation import NoiseRange
from .loop import THREADS, Schedule, train
from .nuclei import FOREGROUND, RIM, Nuclei, NucleiShape, outlined
from .nuclei_scenes import Frame, example, exposed, real_frames
from .scores import Tally, matches
from .train_find import tuples

# SMALLEST, pixels: the smallest nucleus trained has 113; smeared noise alone makes up to 78 look like one.
THRESHOLD, SEED_THRESHOLD, SMALLEST = 0.5, 0.4, 80


@dataclass(frozen=True)
class NucleiConfig:
    """side: of a crop, pixels. real_share: of crops from BBBC039; 0.08 are empty and the rest simulated."""

    schedule: Schedule
    shape: NucleiShape
    side: int = 192
    batch: int = 8
    real_share: float = 0.5


def load(path: Path) -> NucleiConfig:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    kinds = {"schedule": Schedule, "shape": NucleiShape}
    parts = {name: kind(**tuples(values.pop(name, {}))) for name, kind in kinds.items()}
    return NucleiConfig(**parts, **values)


def loss_of(network: Nuclei, batch: tuple) -> torch.Tensor:
    frames, targets = batch
    logits = network(frames)
    crossed = functional.binary_cross_entropy_with_logits(logits, targets)
    probability = logits.sigmoid()
    common, total = (probability * targets).sum((0, 2, 3)), (probability + targets).sum((0, 2, 3))
    return crossed + 0.5 * (1 - (2 * common + 1) / (total + 1)).mean()


def label_overlaps(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Intersection over union [n, m] of the labels 1 ... n and 1 ... m of two pictures."""
    n, m = int(found.max()), int(true.max())
    common = np.bincount(found.ravel().astype(int) * (m + 1) + true.ravel(), minlength=(n + 1) * (m + 1)).reshape(n + 1, m + 1)
    union = common.sum(1)[:, None] + common.sum(0) - common
    return (common / np.maximum(union, 1))[1:, 1:]


def segment(network: Nuclei, frame: np.ndarray) -> np.ndarray:
    """Labels of a normalised frame [H, W] of any size."""
    height, width = frame.shape
    padded = np.pad(frame, ((0, -height % 16), (0, -width % 16)), mode="edge")
    with torch.inference_mode():
        maps = network(torch.from_numpy(padded)[None, None]).sigmoid()[0, :, :height, :width].numpy()
    return outlined(maps[FOREGROUND], maps[RIM], THRESHOLD, SEED_THRESHOLD, SMALLEST)


def progress(network: Nuclei, frames: list[Frame]) -> dict[str, float]:
    tally = Tally()
    for k, frame in enumerate(frames):
        labels = segment(network, exposed(frame.clean, np.random.default_rng((3, k)), NoiseRange()))
        overlap = label_overlaps(labels, frame.labels)
        tally.add(int(labels.max()), int(frame.labels.max()), len(matches(overlap, 0.5)))
    return tally.scores()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with bbbc039/")
    parser.add_argument("--labels", type=Path, required=True, help="what cells.teacher wrote")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    config = load(arguments.config)
    learnt = real_frames(arguments.data, arguments.labels, held_out=False)
    followed = learnt[-2:]

    def draw(iteration: int) -> tuple:
        rng = np.random.default_rng((config.schedule.seed, iteration))
        pairs = [example(learnt[:-2], config.real_share, config.side, rng) for _ in range(config.batch)]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True))

    torch.manual_seed(config.schedule.seed)
    network = Nuclei(config.shape)
    train(network, draw, loss_of, lambda n: progress(n, followed), config.schedule, arguments.run, arguments.minutes)


if __name__ == "__main__":
    main()
