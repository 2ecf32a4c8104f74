"""What the three packages have in common: test tensors, `bioimageio.yaml`, hashes, times."""

import datetime
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import yaml

from ..card import CITATIONS, FORMAT_VERSION, OPSET
from ..export import session

WEIGHTS = "weights.onnx"
PARITY = 1e-3  # largest difference from PyTorch, in units of the output or as a share of its largest value
CITED = {
    **CITATIONS,
    "bccd": {
        "text": "BCCD: a small-scale dataset for blood cells detection. MIT licence.",
        "url": "https://github.com/Shenggan/BCCD_Dataset",
    },
    "pbc": {
        "text": "Acevedo et al. (2020) A dataset of microscopic peripheral blood cell images for development of automatic "
        "recognition systems. Data in Brief 30, 105474.",
        "doi": "10.1016/j.dib.2020.105474",
    },
    "centernet": {"text": "Zhou, Wang, Krähenbühl (2019) Objects as Points.", "url": "https://arxiv.org/abs/1904.07850"},
    "energy": {
        "text": "Liu et al. (2020) Energy-based Out-of-distribution Detection. NeurIPS.",
        "url": "https://arxiv.org/abs/2010.03759",
    },
    "temperature": {
        "text": "Guo et al. (2017) On Calibration of Modern Neural Networks. ICML.",
        "url": "https://arxiv.org/abs/1706.04599",
    },
    "nuclei-teacher": {
        "text": "UNet 2D Nuclei Broad, a bioimage.io package (teacher of this model). MIT licence.",
        "url": "https://github.com/bioimage-io/spec-bioimage-io/tree/main/example_descriptions/models/unet2d_nuclei_broad",
    },
}


def batch_axis(size: int | None = 1) -> dict:
    return {"type": "batch", **({"size": size} if size else {})}


def channel_axis(names: tuple[str, ...]) -> dict:
    return {"type": "channel", "channel_names": list(names)}


def space_axis(name: str, size: dict | int, scale: float = 1.0, halo: int | None = None) -> dict:
    return {"type": "space", "id": name, "size": size, "scale": scale, **({"halo": halo} if halo else {})}


def as_input(tensor: str, name: str, scale: float) -> dict:
    """An output axis that covers what the input's axis `name` covers, with samples `scale` of its pixels apart."""
    return space_axis(name, {"tensor_id": tensor, "axis_id": name, "offset": 0}, scale)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tensor(folder: Path, name: str, text: str, axes: list[dict], kind: str, value: np.ndarray) -> dict:
    """The description of an input or output; `value` becomes its test tensor."""
    path = folder / f"test-{name}.npy"
    np.save(path, value)
    return {
        "id": name,
        "description": text,
        "axes": axes,
        "data": {"type": kind, **({"range": [0, 255]} if kind == "uint8" else {})},
        "test_tensor": {"source": path.name, "sha256": sha256(path)},
    }


def timings(model: Path, feed: dict[str, np.ndarray], runs: int = 20) -> dict[str, float]:
    """Milliseconds of one run on one thread: fastest and median by the clock, and the processor's own time (median)."""
    run = session(model, threads=1)
    clock, processor = [], []
    for _ in range(runs + 3):
        started = time.perf_counter(), time.process_time()
        run.run(None, feed)
        clock.append(1000 * (time.perf_counter() - started[0]))
        processor.append(1000 * (time.process_time() - started[1]))
    return {
        "fastest": min(clock[3:]),
        "median": float(np.median(clock[3:])),
        "processor": float(np.median(processor[3:])),
    }


def assert_parity(model: onnx.ModelProto, feed: dict[str, np.ndarray], expected: list[np.ndarray]) -> float:
    """Largest difference of the graph's outputs from PyTorch's, each as a share of the output's largest value, or 1."""
    got = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feed)
    shares = [float(np.abs(a - b).max() / max(1.0, np.abs(b).max())) for a, b in zip(got, expected, strict=True)]
    if max(shares) > PARITY:
        raise ValueError(f"the ONNX graph differs from PyTorch by {max(shares):.2e}")
    return max(shares)


def write_package(
    folder: Path,
    card: dict,
    model: Path,
    tensors: tuple[list[dict], list[dict]],
    settings: dict,
    facts: dict,
    readme: Callable[[dict, dict], str],
) -> None:
    """`bioimageio.yaml`, `README.md` and `validation.json`. card: name, version, summary, cite, tags ... of the config."""
    inputs, outputs = tensors
    facts = {**facts, "sha256": sha256(model)}
    document = {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "id": folder.name,
        "name": card["name"],
        "version": card["version"],
        "description": card["summary"],
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "authors": [{"name": "Scopestream contributors"}],
        "cite": [CITED[key] for key in card["cite"]],
        "license": "Apache-2.0",
        "documentation": "README.md",
        "tags": card["tags"],
        "inputs": inputs,
        "outputs": outputs,
        "weights": {"onnx": {"source": WEIGHTS, "sha256": facts["sha256"], "opset_version": OPSET}},
        "config": {"scopestream": settings},
    }
    (folder / "bioimageio.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))
    (folder / "validation.json").write_text(json.dumps(facts, indent=2) + "\n")
    (folder / "README.md").write_text(readme(card, facts))
