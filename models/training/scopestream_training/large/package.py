"""Builds the packages of large networks from their runs:
`python -m scopestream_training.large.package configs/large/lumen-l.toml ... --runs runs --data DIR --zoo ../zoo`.

As `scopestream_training.package`, but what is scored is only what is shipped: weights in half precision lose nothing that a
second column could show. `runs/<id>` holds the run of a config.
"""

import argparse
import datetime
import json
import shutil
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import yaml
from torch import nn

from ..card import data_used
from ..evaluate import bench, evaluate
from ..export import PARITY, enhance, parity, session
from ..networks import multiply_accumulates, parameter_count
from ..normalise import offset_and_scale
from ..package import SIZE_LIMIT_BYTES, sha256, write_test_tensors
from ..runtime import machine, phantom
from .card import document, load_card, readme
from .config import load
from .export import build, stored_in_half, trained
from .swinir import WINDOW, SwinIr

SIDE = 256  # of the frame that work and time are stated for
TIMED_RUNS = 5
# Nothing rounds here, so a tile must agree with the whole frame to this share of the frame's range everywhere.
TILE_TOLERANCE = 2.5e-4


def gmac(network: nn.Module) -> float:
    """Of a SIDE x SIDE frame, in 10^9."""
    total = multiply_accumulates(network, SIDE, SIDE)
    if isinstance(network, SwinIr):
        tokens = (SIDE // network.shape.unshuffle) ** 2
        linear = sum(m.weight.numel() for m in network.modules() if isinstance(m, nn.Linear))
        attention = network.shape.groups * network.shape.layers * 2 * WINDOW**2 * network.shape.width
        total += tokens * (linear + attention)
    return total / 1e9


def cpu_milliseconds(weights: bytes) -> float:
    """Least CPU time of one frame on one thread: what other work on the machine changes least."""
    run = session(weights, threads=1)
    frame = phantom(SIDE, SIDE, 1)
    offset, scale = offset_and_scale(frame)
    times = []
    for _ in range(TIMED_RUNS + 1):
        started = time.process_time()
        enhance(run, frame, offset, scale)
        times.append(1000 * (time.process_time() - started))
    return min(times[1:])


def halo(run: onnxruntime.InferenceSession, stride: int, step: int) -> int:
    """Output pixels at a tile's border that differ from the whole frame by more than TILE_TOLERANCE anywhere."""
    tile, margin = 192, 96
    frame = phantom(tile + 2 * margin, tile + 2 * margin, stride)
    offset, scale = offset_and_scale(frame)
    gain = 64.0  # counts of the phantom stay below 1024
    whole = enhance(run, frame, offset, scale, gain)
    part = enhance(run, frame[margin:-margin, margin:-margin], offset, scale, gain)
    inside = slice(stride * margin, -stride * margin)
    difference = np.abs(part.astype(np.float64) - whole[inside, inside]) / (scale * gain)
    bad = np.argwhere(difference > TILE_TOLERANCE)
    if len(bad) == 0:
        return 0
    side = stride * tile
    depth = int(np.minimum(bad, side - 1 - bad).min(1).max()) + 1
    return -(-depth // (stride * step)) * stride * step


def package(config_path: Path, run: Path, data: Path, zoo: Path) -> Path:
    config, card = load(config_path), load_card(config_path)
    upscale, step = config.shape.upscale, config.shape.step
    network, history = trained(config, run)
    model = stored_in_half(build(network))
    difference = parity(network, model)
    if difference > PARITY:
        raise ValueError(f"the ONNX graph differs from PyTorch by {difference:.2e}")

    folder = zoo / config.id
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.onnx"
    onnx.save(model, weights)
    if weights.stat().st_size > SIZE_LIMIT_BYTES:
        raise ValueError(f"{weights} is larger than {SIZE_LIMIT_BYTES} bytes")
    facts = {
        "sha256": sha256(weights),
        "parameters": parameter_count(network),
        "gmac": gmac(network),
        "step": step,
        **history,
        "linear": not isinstance(network, SwinIr),
        "data": data_used(config.sources, config.real_share),
        "parity": difference,
        "shipped": evaluate(weights, data, bench(data, upscale), max(step, 16)),
        "speed": {"runs": TIMED_RUNS, "ms": cpu_milliseconds(weights.read_bytes())},
        "machine": machine(),
        "halo": halo(session(weights), upscale, step),
    }
    write_test_tensors(folder, weights, facts)
    shutil.copy(run / "log.csv", folder / "training.csv")
    (folder / "validation.json").write_text(json.dumps(facts, indent=2) + "\n")
    (folder / "README.md").write_text(readme(card, config.id, facts))
    hashes = {path.name: sha256(path) for path in folder.glob("test-*.npy")}
    timestamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    described = document(card, config.id, facts, hashes, timestamp)
    (folder / "bioimageio.yaml").write_text(yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=110))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--runs", type=Path, required=True, help="folder with a run for every config, by its id")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--zoo", type=Path, required=True)
    arguments = parser.parse_args()
    for config in arguments.configs:
        print(package(config, arguments.runs / config.stem, arguments.data, arguments.zoo), flush=True)


if __name__ == "__main__":
    main()
