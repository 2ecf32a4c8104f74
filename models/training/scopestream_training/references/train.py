"""Trains a reference classifier on original pictures:
`python -m scopestream_training.references.train configs/references/vit-small-smear.toml --data DIR --run DIR`.

Cross entropy with smoothed labels on PBC train, less the tenth kept for tuning; light is turned, mirrored, shifted and
restained. The loop is that of the cells' networks. Run it again with the same `--run` to go on after an interruption.
"""

import argparse
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from ..cells.loop import Schedule, train
from ..cells.scores import naming_scores
from .networks import Reduced, ResNet50, SmallViT
from .views import VIEW_SIDE, Views, draw, load_parts

NETWORKS = {"resnet50": ResNet50, "small-vit": SmallViT}
SMOOTHING = 0.05
CHUNK = 32


@dataclass(frozen=True)
class Config:
    """kind: of the network; shape: its arguments."""

    id: str
    kind: str
    shape: dict[str, int]
    schedule: Schedule
    batch: int

    def network(self) -> Reduced:
        return NETWORKS[self.kind](**self.shape)


def load(path: Path) -> Config:
    values = tomllib.loads(path.read_text())
    values.pop("card")
    return Config(id=path.stem, schedule=Schedule(**values.pop("schedule")), **values)


def logits_of(network: Reduced, views: Views) -> np.ndarray:
    """Logits [N, classes]; the views are already reduced."""
    with torch.inference_mode():
        parts = np.split(views.pixels, range(CHUNK, len(views.pixels), CHUNK))
        lights = (torch.from_numpy(part).permute(0, 3, 1, 2).float() / 255 for part in parts)
        return torch.cat([network.named(light) for light in lights]).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt and log.csv")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    arguments = parser.parse_args()
    config = load(arguments.config)
    parts = load_parts(arguments.data, VIEW_SIDE // config.shape["reduction"])
    seed = config.schedule.seed
    torch.manual_seed(seed)

    def score(network: Reduced) -> dict[str, float]:
        scores = naming_scores(logits_of(network, parts.tune), parts.tune.kinds, 1.0)
        return {key: scores[key] for key in ("accuracy", "macro_f1", "ece")}

    train(
        config.network(),
        lambda iteration: draw(parts.train, config.batch, np.random.default_rng((seed, iteration))),
        lambda network, batch: functional.cross_entropy(network.named(batch[0]), batch[1], label_smoothing=SMOOTHING),
        score,
        config.schedule,
        arguments.run,
        arguments.minutes,
        workers=1,
    )


if __name__ == "__main__":
    main()
