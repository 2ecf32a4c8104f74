"""A small classifier of blood cells in VGG's form, whose layers the feature loss compares pictures in.

`python -m scopestream_training.colour.features --data DIR --run DIR` trains it on PBC train. No pretrained VGG is used.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..descent import pace
from .patches import as_tensor
from .pictures import CLASSES, Cells, load_cells

WIDTHS = (12, 24, 48, 96)
CROP = 128  # of 256
SHIFT = 24  # largest displacement of the crop from the centre, where the cell is
SHARES = 2  # of a batch, as in train.py
BATCH = 8  # of a share
RATE = 3e-3
WARMUP = 20


class Features(nn.Module):
    """Two 3x3 convolutions a level, halved between levels. `forward` gives the output of every level."""

    def __init__(self) -> None:
        super().__init__()
        levels, last = [], 3
        for width in WIDTHS:
            levels.append(nn.Sequential(*unit(last, width), *unit(width, width)))
            last = width
        self.levels = nn.ModuleList(levels)
        self.head = nn.Linear(last, len(CLASSES))

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for k, level in enumerate(self.levels):
            x = level(functional.avg_pool2d(x, 2) if k else x)
            outputs.append(x)
        return outputs

    def logits(self, x: Tensor) -> Tensor:
        return self.head(self(x)[-1].mean((2, 3)))


def unit(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def load_features(path: Path) -> Features:
    """Frozen, with the running statistics."""
    features = Features().to(memory_format=torch.channels_last)
    features.load_state_dict(torch.load(path)["network"])
    return features.eval().requires_grad_(False)


def crops(cells: Cells, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch of turned and mirrored crops, in changed colour, and their labels."""
    chosen = rng.integers(len(cells.pixels), size=BATCH)
    edge = (cells.pixels.shape[1] - CROP) // 2
    pictures = []
    for k in chosen:
        top, left = edge + rng.integers(-SHIFT, SHIFT, size=2, endpoint=True)
        picture = np.rot90(cells.pixels[k, top : top + CROP, left : left + CROP], rng.integers(4))
        pictures.append(picture[:, ::-1] if rng.random() < 0.5 else picture)
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (BATCH, 3, 1, 1)).astype(np.float32))
    return as_tensor(np.stack(pictures)) * gain, torch.from_numpy(cells.labels[chosen])


def accuracy(features: Features, cells: Cells) -> float:
    edge = (cells.pixels.shape[1] - CROP) // 2
    features.eval()
    with torch.inference_mode():
        parts = [features.logits(as_tensor(part[:, edge:-edge, edge:-edge])) for part in np.array_split(cells.pixels, 20)]
    return float((torch.cat(parts).argmax(1).numpy() == cells.labels).mean())


def train(data: Path, run: Path, minutes: float) -> None:
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    cells = load_cells(data, "train")
    features = Features().to(memory_format=torch.channels_last)
    parameters = tuple(features.parameters())
    optimiser = torch.optim.AdamW(parameters, weight_decay=0.01)
    pool = ThreadPoolExecutor(SHARES)

    def gradients(rng: np.random.Generator) -> tuple[Tensor, ...]:
        x, labels = crops(cells, rng)
        return torch.autograd.grad(functional.cross_entropy(features.logits(x), labels), parameters)

    started, iteration = time.monotonic(), 0
    while (progress := (time.monotonic() - started) / (60 * minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * pace(WARMUP, iteration, progress)
        shares = pool.map(gradients, [np.random.default_rng((1, iteration, k)) for k in range(SHARES)])
        for parameter, *parts in zip(parameters, *shares, strict=True):
            parameter.grad = torch.stack(parts).mean(0)
        optimiser.step()
        iteration += 1
    pool.shutdown()
    held = accuracy(features, load_cells(data, "val"))
    torch.save({"network": features.state_dict(), "iteration": iteration, "accuracy": held}, run / "checkpoint.pt")
    print(f"{iteration} iterations of {SHARES} x {BATCH}, accuracy on PBC val {held:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt")
    parser.add_argument("--minutes", type=float, default=5)
    arguments = parser.parse_args()
    train(arguments.data, arguments.run, arguments.minutes)


if __name__ == "__main__":
    main()
