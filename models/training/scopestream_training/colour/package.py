"""Builds the bioimage.io package of a colour run:
`python -m scopestream_training.colour.package configs/colour/smear-sr.toml --run DIR --data DIR --zoo ../zoo`.

Exports, checks parity with PyTorch, scores on everything that is held out, times, and writes `<zoo>/<id>/` with its own test
tensors (painted discs, no cell of any data set) and the curves of its training (`training.csv`).
"""

import argparse
import copy
import datetime
import json
import math
import shutil
import time
from pathlib import Path

import numpy as np
import onnx
import torch
import yaml
from torch import nn

from ..card import load_card
from ..networks import parameter_count
from ..package import sha256
from ..runtime import machine
from .card import description, readme
from .config import load
from .evaluate import PICTURES, evaluate
from .export import build, difference, enhance, session, trained
from .networks import multiply_accumulates

# Levels of 255 by which the graph may differ from PyTorch beyond rounding: float32 sums in another order.
PARITY = 0.05
TEST_SHAPE = (64, 80)
RUNS = 20


def painted(height: int, width: int, seed: int = 20) -> np.ndarray:
    """Soft discs, pink with a violet one within, on a pale ground: uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = np.full((height, width, 3), (235, 222, 214), np.float64)
    for _ in range(6):
        centre_y, centre_x, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(6, 14)
        distance = np.hypot(y - centre_y, x - centre_x)
        for reach, colour in ((radius, (214, 160, 170)), (0.6 * radius, (110, 70, 150))):
            share = 1 / (1 + np.exp(1.5 * (distance - reach)))[..., None]
            picture += share * (np.array(colour) - picture)
    return np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).round().astype(np.uint8)


def reach(network: nn.Module) -> int:
    """Output pixels: no input pixel acts farther than this from where it lies. Rounded up to whole input pixels."""
    side = 96
    # Noise, since on a flat picture most rectifiers are shut; double precision, since far effects are faint.
    picture = torch.rand(3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pictures = torch.stack([picture, picture])
    pictures[1, :, side // 2, side // 2] += 0.5
    with torch.inference_mode():
        without, with_it = copy.deepcopy(network).double()(pictures)
    changed = torch.nonzero((without != with_it).any(0))
    first = 4 * (side // 2)
    distance = max(first - int(changed.min()), int(changed.max()) - (first + 3))
    return 4 * math.ceil(distance / 4)


def milliseconds(weights: Path, height: int, width: int, threads: int) -> dict[str, float]:
    """Fastest and median wall time of one picture."""
    run, picture = session(weights, threads), painted(height, width)
    times = []
    for _ in range(RUNS + 3):
        started = time.perf_counter()
        enhance(run, picture)
        times.append(1000 * (time.perf_counter() - started))
    return {"min": min(times[3:]), "median": float(np.median(times[3:]))}


def package(config_path: Path, run: Path, data: Path, zoo: Path, pictures: int = PICTURES) -> Path:
    config, card = load(config_path), load_card(config_path)
    network, state = trained(config, run)
    model = build(network)
    parity = difference(network, model)
    if parity > PARITY:
        raise ValueError(f"the ONNX graph differs from PyTorch by {parity:.2f} levels")

    folder = zoo / config.id
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.onnx"
    onnx.save(model, weights)
    facts = {
        "sha256": sha256(weights),
        "parameters": parameter_count(network),
        "gmac": multiply_accumulates(network) / 1e9,
        "iterations": state["iteration"],
        "minutes": state["minutes"],
        "parity": parity,
        "halo": reach(network),
        "scores": evaluate(weights, data, pictures),
        "speed": [
            {"height": height, "width": width, "threads": threads, **milliseconds(weights, height, width, threads)}
            for height, width in ((64, 64), (120, 160))
            for threads in (1, 2)
        ],
        "machine": machine(),
    }
    raw = painted(*TEST_SHAPE)
    np.save(folder / "test-raw.npy", raw[None])
    np.save(folder / "test-enhanced.npy", enhance(session(weights), raw)[None])
    shutil.copyfile(run / "log.csv", folder / "training.csv")
    (folder / "validation.json").write_text(json.dumps(facts, indent=2) + "\n")
    (folder / "README.md").write_text(readme(card, config, facts))
    hashes = {path.name: sha256(path) for path in folder.glob("test-*.npy")}
    timestamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    document = description(card, config, facts, hashes, timestamp)
    (folder / "bioimageio.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt")
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/ and bccd/")
    parser.add_argument("--zoo", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="of PBC val that are scored")
    arguments = parser.parse_args()
    print(package(arguments.config, arguments.run, arguments.data, arguments.zoo, arguments.pictures))


if __name__ == "__main__":
    main()
