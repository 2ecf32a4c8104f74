"""A classifier of its own for each arm of the decision study:
`python -m scopestream_training.references.arms --data DIR --zoo ../zoo --out DIR --seeds 1 2 3`.

The compact classifier (`cells.namer`) is trained on PBC train as each arm shows it, 256 -> 64 -> 256 -> 224 -> 96, every other
picture through the poor instrument of `colour.degradation`. It writes `OUT/ARM/seedN/` (packages) for
`scopestream evaluate --classify --per-arm OUT`, and `OUT/scores.csv`. Finished trainings are kept when it is run again.
"""

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from ..cells.crops import SIDE
from ..cells.export_name import build
from ..cells.loop import Schedule, train
from ..cells.namer import Namer, NamerShape
from ..colour.degradation import FACTOR, Instrument, reduced, through_instrument
from ..colour.evaluate import bicubic
from ..colour.export import enhance, session
from ..colour.patches import as_pictures
from ..colour.pictures import CLASSES, Cells, load_cells
from ..networks import parameter_count
from .package import write
from .train import SMOOTHING
from .views import Parts, Views, draw, split, view

BATCH = 32
RATE = 3e-3
CARD = {
    "version": "1.0.0",
    "cite": ["pbc", "temperature"],
    "tags": ["classification", "blood-smear", "2d", "onnx"],
}

Enlarge = Callable[[np.ndarray], np.ndarray]


def nearest(small: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(small).resize([FACTOR * k for k in small.shape[1::-1]], Image.Resampling.NEAREST))


def arms(zoo: Path, models: list[str]) -> dict[str, Enlarge | None]:
    """By name; None for the original, which is not reduced."""

    def network(name: str) -> Enlarge:
        run = session(zoo / name / "weights.onnx", threads=1)
        return lambda small: enhance(run, small)

    return {"original": None, "nearest": nearest, "bicubic": bicubic, **{name: network(name) for name in models}}


def shown(cells: Cells, enlarge: Enlarge | None) -> Views:
    """What an arm makes of the pictures, at the classifier's side."""
    rng = np.random.default_rng(64)
    seen = []
    for k, picture in enumerate(cells.pixels):
        if enlarge is not None:
            small = through_instrument(picture, Instrument(), rng) if k % 2 else reduced(picture)
            picture = enlarge(small)
        seen.append(view(picture, SIDE))
    return Views(np.stack(seen), cells.labels)


def some(cells: Cells, each: int) -> Cells:
    """At most `each` pictures of every class, spread over the files."""
    chosen = []
    for label in range(len(CLASSES)):
        own = np.flatnonzero(cells.labels == label)
        chosen += list(own[np.linspace(0, len(own) - 1, min(each, len(own))).round().astype(int)])
    return Cells(cells.pixels[chosen], cells.labels[chosen], [cells.names[k] for k in chosen])


def loss_of(network: Namer, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return functional.cross_entropy(network(batch[0]), batch[1], label_smoothing=SMOOTHING)


def learn(parts: Parts, seed: int, iterations: int) -> Namer:
    def bytes_and_kinds(iteration: int) -> tuple[torch.Tensor, torch.Tensor]:
        light, kinds = draw(parts.train, BATCH, np.random.default_rng((seed, iteration)))
        return torch.from_numpy(as_pictures(light)), kinds

    torch.manual_seed(seed)
    schedule = Schedule(iterations, rate=RATE, warmup=iterations // 10, ema=0.98, every=iterations, seed=seed)
    with tempfile.TemporaryDirectory() as run:
        return train(Namer(NamerShape()), bytes_and_kinds, loss_of, lambda _: {}, schedule, Path(run), np.inf, workers=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--zoo", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="not in the repository")
    parser.add_argument("--models", nargs="*", default=["smear-sr", "smear-sr-gan"], help="enhancers: an arm each")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--iterations", type=int, default=800)
    parser.add_argument("--pictures", type=int, default=500, help="of each class, for training")
    parser.add_argument("--held", type=int, default=100, help="of each class of PBC val, for scores.csv")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    learnt = some(load_cells(arguments.data, "train"), arguments.pictures)
    held = some(load_cells(arguments.data, "val"), arguments.held)
    for arm, enlarge in arms(arguments.zoo, arguments.models).items():
        missing = [seed for seed in arguments.seeds if not (arguments.out / arm / f"seed{seed}").exists()]
        if not missing:
            continue
        parts = split(shown(learnt, enlarge), shown(held, enlarge))
        for seed in missing:
            network = learn(parts, seed, arguments.iterations)
            text = f"{arguments.iterations} iterations of {BATCH} pictures, seed {seed}."
            card = CARD | {
                "name": f"Smear name of {arm}, seed {seed}",
                "summary": f"The compact classifier of white blood cells, trained on pictures as the arm {arm} shows them.",
                "training": f"{text} Half of them were reduced by 4, half went through the poor instrument, then the arm.",
            }
            facts = {"iterations": arguments.iterations, "parameters": parameter_count(network)}
            kept = (parts.tune, parts.held, len(parts.train.kinds))
            scores = write(arguments.out / arm / f"seed{seed}", card, build(network), kept, facts)["held"]
            record(arguments.out / "scores.csv", [arm, seed, scores["accuracy"], scores["macro_f1"], scores["ece"]])


def record(path: Path, row: list[object]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(["arm", "seed", "accuracy", "macro_f1", "ece"])
        writer.writerow([round(value, 4) if isinstance(value, float) else value for value in row])


if __name__ == "__main__":
    main()
