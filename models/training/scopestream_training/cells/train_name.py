"""Trains the classifier, any number of seeds:
`python -m scopestream_training.cells.train_name configs/cells/smear-name.toml --data DIR --runs DIR --seeds 1 2 3 4 5`.

Cross entropy with smoothed labels on PBC cells. A share of each batch holds no white cell (other parts of PBC pictures, noise,
blank glass): there the answer should be undecided and the energy low (Hendrycks et al. 2019, arXiv:1812.04606; Liu et al.
2020, arXiv:2010.03759).

Changing the colours of a crop costs as much as learning from it, so a pool of changed crops is drawn once for all seeds, and
every batch turns and mirrors its share of the pool anew.
"""

import argparse
import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader

from ..data import turn
from .camera import CameraRange, photographed, to_bytes
from .crops import MARGIN, SIDE, crop
from .fields import empty
from .loop import THREADS, Batches, Schedule, single_thread, train
from .namer import Namer, NamerShape
from .scores import naming_scores
from .smears import CLASSES, Portrait, assert_pictures_disjoint, load_portraits
from .stain import StainRange, restain
from .train_find import tuples

FINER = 1.4  # a bilinear read of this many samples to one of the crop hardly aliases
ENERGY_OF_CELLS, ENERGY_OF_OTHERS = 5.0, 1.0
REFIT_STEPS, REFIT_DECAY = 150, 1e-4
TRIES = 30  # at a place beside the cell
POOL_PARTS = 64  # each from its own share of the pictures


@dataclass(frozen=True)
class NameConfig:
    """portraits: file of the PBC cells' boxes. others: share of a batch without a white cell. zoom, shift: jitter of the box,
    as a factor and as a share of its side. truncated: share of cells that a border cuts. smoothing: of the labels. pool:
    crops drawn for all seeds; a seed has its own start, order and turns."""

    schedule: Schedule
    shape: NamerShape
    stain: StainRange
    camera: CameraRange
    portraits: str
    batch: int = 64
    pool: int = 8192
    others: float = 0.125
    zoom: float = 1.2
    shift: float = 0.07
    smoothing: float = 0.05
    truncated: float = 0.1


def load(path: Path) -> NameConfig:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    kinds = {"schedule": Schedule, "shape": NamerShape, "stain": StainRange, "camera": CameraRange}
    parts = {name: kind(**tuples(values.pop(name, {}))) for name, kind in kinds.items()}
    return NameConfig(**parts, **values)


def brought_to_size(portrait: Portrait) -> Portrait:
    """The picture at the sampling that training reads: FINER times that of the crop."""
    scale = FINER * SIDE / (MARGIN * float(portrait.box[2:].max()))
    size = [round(extent * scale) for extent in portrait.image.shape[1::-1]]
    image = np.array(Image.fromarray(portrait.image).resize(size, Image.Resampling.BILINEAR))
    return replace(portrait, image=image, box=portrait.box * scale)


def view(picture: np.ndarray, centre: np.ndarray, extent: float, rng: np.random.Generator) -> torch.Tensor:
    """float32 [3, SIDE, SIDE] in [0, 1] of a square of `extent` pixels, turned by any angle, mirrored and slightly stretched."""
    angle, stretch = rng.uniform(0, 2 * np.pi), np.exp(rng.normal(0, 0.05))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    axes = turn @ np.diag([stretch * rng.choice([-1, 1]), 1 / stretch]) * extent / 2
    size = np.array([picture.shape[1], picture.shape[0]])
    theta = np.concatenate([axes / size[:, None] * 2, (centre / size * 2 - 1)[:, None]], 1)
    grid = functional.affine_grid(torch.from_numpy(theta)[None].float(), [1, 3, SIDE, SIDE], align_corners=False)
    source = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    return functional.grid_sample(source, grid, "bilinear", "border", align_corners=False)[0]


@dataclass
class Cells:
    """Draws training crops and their labels; a crop without a white cell has label -1."""

    portraits: list[Portrait]
    config: NameConfig

    def drawn(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [count, SIDE, SIDE, 3] and int64 [count]."""
        pairs = [self.draw(rng) for _ in range(count)]
        return np.stack([to_bytes(picture) for picture, _ in pairs]), np.array([kind for _, kind in pairs])

    def draw(self, rng: np.random.Generator) -> tuple[torch.Tensor, int]:
        config = self.config
        portrait = self.portraits[rng.integers(len(self.portraits))]
        extent = MARGIN * float(portrait.box[2:].max())
        centre = portrait.box[:2] + portrait.box[2:] / 2
        kind = portrait.kind
        if rng.random() < config.others:
            kind = -1
            place = beside(portrait, rng) if rng.random() < 0.7 else None
            if place is None:
                return photographed(empty(SIDE, rng).picture / 255, config.camera, rng), kind
            centre, extent = place
        elif rng.random() < config.truncated:
            image, centre, extent = truncated(portrait, rng)
            portrait = replace(portrait, image=image)
        centre = centre + rng.uniform(-config.shift, config.shift, 2) * extent
        extent *= float(np.exp(rng.uniform(-1, 1) * np.log(config.zoom)))
        seen = restain(view(portrait.image, centre, extent, rng), config.stain, rng)
        return photographed(seen, config.camera, rng), kind


def truncated(portrait: Portrait, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """The picture cut through the cell, as at the border of a field; centre and extent of what is left of its box."""
    x, y, w, h = portrait.box
    lost = rng.uniform(0.1, 0.4)
    image = portrait.image[:, : int(x + (1 - lost) * w)]
    box = np.array([x, y, (1 - lost) * w, h])
    return image, box[:2] + box[2:] / 2, MARGIN * float(box[2:].max())


def beside(portrait: Portrait, rng: np.random.Generator) -> tuple[np.ndarray, float] | None:
    """Centre and extent of a square of the picture that hardly touches the white cell; none where the cell fills the picture."""
    size = np.array(portrait.image.shape[1::-1])
    middle = portrait.box[:2] + portrait.box[2:] / 2
    for _ in range(TRIES):
        extent = float(np.exp(rng.uniform(np.log(0.35), 0))) * MARGIN * portrait.box[2:].max()
        centre = rng.uniform(0.3 * extent, size - 0.3 * extent)
        if (np.abs(centre - middle) > 0.5 * (portrait.box[2:] + extent)).any():
            return centre, float(extent)
    return None


def loss_of(logits: torch.Tensor, kinds: torch.Tensor, smoothing: float) -> torch.Tensor:
    cells = kinds >= 0
    energies = logits.logsumexp(1)
    named = functional.cross_entropy(logits[cells], kinds[cells], label_smoothing=smoothing)
    undecided = -functional.log_softmax(logits[~cells], 1).mean() if (~cells).any() else 0.0
    low = functional.relu(ENERGY_OF_CELLS - energies[cells]).square().sum()
    high = functional.relu(energies[~cells] - ENERGY_OF_OTHERS).square().sum()
    return named + 0.3 * undecided + 0.05 * (low + high) / len(kinds)


def refit(network: Namer, pictures: np.ndarray, kinds: torch.Tensor, smoothing: float) -> None:
    """Fits the last layer to the whole pool: after a short schedule the averaged weights' own is far from its optimum."""
    with torch.inference_mode():
        parts = [network.features(torch.from_numpy(part)) for part in np.array_split(pictures, max(1, len(pictures) // 64))]
    features = torch.cat(parts).clone()
    head = network.head.requires_grad_(True)
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=REFIT_STEPS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = loss_of(head(features), kinds, smoothing) + REFIT_DECAY * head.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    head.requires_grad_(False)


def logits_of(network: Namer, crops: np.ndarray, size: int = 64) -> np.ndarray:
    """Logits [n, classes] of crops uint8 [n, SIDE, SIDE, 3]."""
    if not len(crops):
        return np.zeros((0, len(CLASSES)), np.float32)
    with torch.inference_mode():
        return torch.cat([network(torch.from_numpy(part)) for part in np.split(crops, range(size, len(crops), size))]).numpy()


def prepared(config: NameConfig, data: Path, path: Path) -> dict[str, np.ndarray]:
    """`pictures` and `kinds` of the pool that all seeds share, drawn by two processes, and `held`, the crops of the validation
    pictures, with their `truth`. Kept in `path` for a later seed."""

    def part(k: int) -> tuple[np.ndarray, np.ndarray]:
        portraits = load_portraits(data, "train", Path(config.portraits), POOL_PARTS, k)
        source = Cells([brought_to_size(portrait) for portrait in portraits], config)
        return source.drawn(config.pool // POOL_PARTS, np.random.default_rng((0, k)))

    if not path.exists():
        assert_pictures_disjoint(data)
        parts = DataLoader(Batches(part, 0, POOL_PARTS), batch_size=None, num_workers=2, worker_init_fn=single_thread)
        pictures, kinds = map(np.concatenate, zip(*parts, strict=True))
        held = load_portraits(data, "val", Path(config.portraits))
        crops = np.stack([crop(portrait.image, portrait.box) for portrait in held])
        truth = np.array([portrait.kind for portrait in held])
        np.savez(path, pictures=pictures, kinds=kinds, held=crops, truth=truth)
    return dict(np.load(path))


def turned(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every picture of a batch turned by a right angle or mirrored."""
    return np.stack([turn(picture.transpose(2, 0, 1), int(rng.integers(8))).transpose(1, 2, 0) for picture in pictures])


def train_seed(config: NameConfig, sets: dict[str, np.ndarray], run: Path, seed: int, minutes: float) -> None:
    pictures, kinds = sets["pictures"], sets["kinds"]

    def draw(iteration: int) -> tuple:
        epoch, place = divmod(iteration * config.batch, len(pictures) - config.batch)
        order = np.random.default_rng((seed, epoch)).permutation(len(pictures))[place : place + config.batch]
        rng = np.random.default_rng((seed, iteration, 1))
        return torch.from_numpy(turned(pictures[order], rng)), torch.from_numpy(kinds[order])

    def score(network: Namer) -> dict[str, float]:
        scores = naming_scores(logits_of(network, sets["held"]), sets["truth"], 1.0)
        return {key: scores[key] for key in ("accuracy", "macro_f1", "ece")}

    torch.manual_seed(seed)
    schedule = replace(config.schedule, seed=seed)

    def loss(network: Namer, batch: tuple) -> torch.Tensor:
        return loss_of(network(batch[0]), batch[1], config.smoothing)

    network = train(Namer(config.shape), draw, loss, score, schedule, run, minutes, workers=1)
    refit(network, pictures, torch.from_numpy(kinds), config.smoothing)
    state = torch.load(run / "checkpoint.pt")
    torch.save(state | {"ema": network.state_dict()}, run / "checkpoint.pt")
    row = {"iteration": state["iteration"], "head": "fitted", **score(network)}
    print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--runs", type=Path, required=True, help="folder of seed1/, seed2/ ...")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5], help="none: draw the pool only")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end a seed's schedule by then, on a shared machine")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    config = load(arguments.config)
    arguments.runs.mkdir(parents=True, exist_ok=True)
    sets = prepared(config, arguments.data, arguments.runs / "pool.npz")
    for seed in arguments.seeds:
        train_seed(config, sets, arguments.runs / f"seed{seed}", seed, arguments.minutes)


if __name__ == "__main__":
    main()
