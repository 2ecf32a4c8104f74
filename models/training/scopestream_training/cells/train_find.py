"""Trains the detector: `python -m scopestream_training.cells.train_find configs/cells/smear-find.toml --data DIR --run DIR`.

Penalty-reduced focal loss for the peaks (Zhou et al. 2019, arXiv:1904.07850) and generalised intersection over union for the
boxes (Rezatofighi et al. 2019, arXiv:1902.09630).
"""

import argparse
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from .camera import CameraRange
from .detector import REDUCTION, STEP, Detector, DetectorShape, peaks_of, reduced
from .fields import Fields, Mix, scene_of_field, scene_of_portrait
from .find import Found, found, padded
from .loop import THREADS, Schedule, train
from .scores import Tally, matches, overlaps
from .smears import KINDS, Field, assert_disjoint, load_fields, load_portraits
from .stain import StainRange

SAME_KIND_OVERLAP = 0.5
MATCH = 0.5


@dataclass(frozen=True)
class FindConfig:
    """portraits: file of the PBC cells' boxes, or none to train on BCCD alone; every_portrait: one in this many is used. side:
    of a crop, samples of a reduced picture. start: checkpoint of another run to take weights from."""

    schedule: Schedule
    shape: DetectorShape
    mix: Mix
    stain: StainRange
    camera: CameraRange
    side: int
    batch: int
    portraits: str | None = None
    start: str | None = None
    every_portrait: int = 5


def load(path: Path) -> FindConfig:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    kinds = {"schedule": Schedule, "shape": DetectorShape, "mix": Mix, "stain": StainRange, "camera": CameraRange}
    parts = {name: kind(**tuples(values.pop(name, {}))) for name, kind in kinds.items()}
    return FindConfig(**parts, **values)


def tuples(values: dict) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}


def peak_loss(logits: torch.Tensor, peaks: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    probability = logits.sigmoid()
    here = functional.logsigmoid(logits) * (1 - probability) ** 2
    elsewhere = functional.logsigmoid(-logits) * probability**2 * (1 - peaks) ** 4
    centre = peaks == 1
    return -(torch.where(centre, here, elsewhere) * counts).sum() / centre.sum().clamp(min=len(logits))


def box_loss(boxes: torch.Tensor, truth: torch.Tensor, core: torch.Tensor) -> torch.Tensor:
    """1 minus the generalised intersection over union, mean over the places of `core`."""
    where = core > 0
    a, b = (values.permute(0, 2, 3, 1)[where] for values in (boxes, truth))
    low = torch.maximum(a[:, :2], b[:, :2])
    high = torch.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    hull_low = torch.minimum(a[:, :2], b[:, :2])
    hull_high = torch.maximum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
    common = (high - low).clamp(min=0).prod(1)
    union = a[:, 2:].prod(1) + b[:, 2:].prod(1) - common
    hull = (hull_high - hull_low).prod(1)
    giou = common / union - (hull - union) / hull
    return (1 - giou).sum() / max(len(a), 1)


def loss_of(network: Detector, batch: tuple) -> torch.Tensor:
    picture, peaks, counts, boxes, core = batch
    logits, drawn = network(picture)
    return peak_loss(logits, peaks, counts) + 2 * box_loss(drawn, boxes, core)


def detect(network: Detector, picture: np.ndarray, thresholds: list[float]) -> Found:
    """What the network finds in a picture (uint8 [H, W, 3]) of any size."""
    with torch.inference_mode():
        logits, boxes = network(reduced(torch.from_numpy(padded(picture, REDUCTION * STEP))[None]))
        peaks = peaks_of(logits)
    height, width = picture.shape[:2]
    return found(peaks[0].numpy(), REDUCTION * boxes[0].numpy(), thresholds, SAME_KIND_OVERLAP, width, height)


def field_scores(network: Detector, fields: list[Field], thresholds: list[float]) -> list[dict[str, float]]:
    """Precision, recall, F1 and count error of each kind."""
    tallies = [Tally() for _ in KINDS]
    for field in fields:
        result = detect(network, field.image, thresholds)
        for kind, tally in enumerate(tallies):
            got, true = result.of_kind(kind).boxes, field.boxes[field.kinds == kind]
            tally.add(len(got), len(true), len(matches(overlaps(got, true), MATCH)))
    return [tally.scores() for tally in tallies]


def progress(network: Detector, fields: list[Field]) -> dict[str, float]:
    scores = field_scores(network, fields, [0.3] * len(KINDS))
    return {f"{kind.replace(' ', '_')}_f1": score["f1"] for kind, score in zip(KINDS, scores, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with bccd/ and pbc/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt and log.csv")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    config, data = load(arguments.config), arguments.data
    learnt, tuned = load_fields(data, "find-train"), load_fields(data, "find-tune")
    assert_disjoint(learnt, tuned)
    assert_disjoint(learnt, load_fields(data, "find-test"))
    portraits = load_portraits(data, "train", Path(config.portraits), config.every_portrait) if config.portraits else []
    scenes = [scene_of_field(field) for field in learnt], [scene_of_portrait(portrait) for portrait in portraits]
    source = Fields(*scenes, config.mix, config.stain, config.camera, config.side)

    def draw(iteration: int) -> tuple:
        rng = np.random.default_rng((config.schedule.seed, iteration))
        examples = [source.draw(rng) for _ in range(config.batch)]
        pictures = torch.from_numpy(np.stack([e.picture for e in examples]))
        maps = [torch.stack([getattr(e, name) for e in examples]) for name in ("peaks", "counts", "boxes", "core")]
        return pictures, *maps

    torch.manual_seed(config.schedule.seed)
    network = Detector(config.shape)
    if config.start:
        network.load_state_dict(torch.load(config.start)["ema"])
    train(network, draw, loss_of, lambda n: progress(n, tuned), config.schedule, arguments.run, arguments.minutes)


if __name__ == "__main__":
    main()
