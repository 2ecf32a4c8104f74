"""Builds a bioimage.io package from a training run:
`python -m scopestream_training.package configs/lumen-m.toml --run DIR --data DIR --zoo ../zoo`.

Exports, checks parity with PyTorch, quantises if the card says int8, scores float32 and shipped weights on everything that
is held out, times both, measures the halo, and writes `<zoo>/<id>/` with its own test tensors (a simulated phantom).
"""

import argparse
import datetime
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import onnx
import yaml

from .card import data_used, description, load_card, readme, smallest_side
from .config import load
from .evaluate import bench, evaluate
from .export import PARITY, build, enhance, load_network, parity, session
from .networks import multiply_accumulates, parameter_count
from .normalise import offset_and_scale
from .quantise import calibration, quantise
from .runtime import halo, machine, milliseconds, phantom
from .temporal_evaluate import compare

SIZE_LIMIT_BYTES = 20_000_000
INT8_COST_DB = 0.1  # a set that loses more asks for training for int8 (README)
TEST_SHAPE = (128, 160)
TEST_GAIN = 16.0
SINGLE_FRAME = "lumen-m"  # the package that a model of several frames stands beside


def write_test_tensors(folder: Path, weights: Path, facts: dict) -> None:
    """Of a frame that the package takes as it is: one smaller than its smallest would be padded, and come out differently."""
    frames, least = facts.get("frames", 1), smallest_side(facts)
    shape = tuple(max(side, least) for side in TEST_SHAPE)
    raw = phantom(*shape, facts["shipped"]["upscale"], frames=frames).reshape(frames, *shape)
    offset, scale = offset_and_scale(raw[0])
    scalars = {"offset": offset, "scale": scale, "gain": TEST_GAIN}
    np.save(folder / "test-raw.npy", raw[None])
    for name, value in scalars.items():
        np.save(folder / f"test-{name}.npy", np.array([[value]], np.float32))
    np.save(folder / "test-enhanced.npy", enhance(session(weights), raw, offset, scale, TEST_GAIN)[None, None])


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def int8_cost(facts: dict) -> dict[str, float]:
    """dB that rounding costs on each held-out set, real frames and simulated exposures, where it is more than INT8_COST_DB."""
    costs = {group: v["model"] - facts["shipped"]["si_psnr"][group]["model"] for group, v in facts["float32"]["si_psnr"].items()}
    return {group: cost for group, cost in costs.items() if cost > INT8_COST_DB}


def package(config_path: Path, run: Path, data: Path, zoo: Path) -> Path:
    config, card = load(config_path), load_card(config_path)
    upscale, step, frames = config.shape.upscale, config.shape.step, config.shape.frames
    network, iterations = load_network(config_path, run)
    model = build(network)
    difference = parity(network, model)
    if difference > PARITY:
        raise ValueError(f"the ONNX graph differs from PyTorch by {difference:.2e}")

    folder = zoo / config.id
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.onnx"
    with tempfile.TemporaryDirectory() as scratch:
        float32 = Path(scratch) / "float32.onnx"
        onnx.save(model, float32)
        if card.precision == "int8":
            quantise(float32, weights, calibration(config, data))
        else:
            weights.write_bytes(float32.read_bytes())
        against = bench(data, upscale)
        facts = {
            "sha256": sha256(weights),
            "parameters": parameter_count(network),
            "gmac": multiply_accumulates(network, 256, 256, frames) / 1e9,
            "step": step,
            "frames": frames,
            "iterations": iterations,
            "data": data_used(config.sources, config.real_share),
            "parity": difference,
            "float32": evaluate(float32, data, against),
            "shipped": evaluate(weights, data, against),
            "speed": [
                {
                    "side": side,
                    "threads": threads,
                    "float32": milliseconds(float32.read_bytes(), side, threads),
                    "shipped": milliseconds(weights.read_bytes(), side, threads),
                }
                for side, threads in ((256, 1), (256, 2), (512, 2))
            ],
            "machine": machine(),
            "halo": halo(session(weights), upscale, step),
        }
        if frames > 1:
            facts["temporal"] = compare([zoo / SINGLE_FRAME / "weights.onnx", weights], data)
    for group, cost in int8_cost(facts).items():
        print(f"{config.id}: int8 costs {cost:.2f} dB on {group}: consider a last stage with `quantised = true`", flush=True)
    if weights.stat().st_size > SIZE_LIMIT_BYTES:
        raise ValueError(f"{weights} is larger than {SIZE_LIMIT_BYTES} bytes")

    write_test_tensors(folder, weights, facts)
    (folder / "validation.json").write_text(json.dumps(facts, indent=2) + "\n")
    (folder / "README.md").write_text(readme(card, config.id, facts))
    hashes = {path.name: sha256(path) for path in folder.glob("test-*.npy")}
    timestamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    document = description(card, config.id, facts, hashes, timestamp)
    (folder / "bioimageio.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt, the same for all of them")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--zoo", type=Path, required=True)
    arguments = parser.parse_args()
    for config in arguments.configs:
        print(package(config, arguments.run, arguments.data, arguments.zoo), flush=True)


if __name__ == "__main__":
    main()
