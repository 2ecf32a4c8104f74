"""Weights of a shipped package, to go on from: checkpoints are not kept in the repository, packages are.

An int8 package gives its weights back on the 7-bit grid that they were rounded to; training takes them off it again.
"""

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from .export import BODY

QUANTISED, SCALE = "_quantized", "_scale"
# Names of the graph's parts, and of the modules of `networks.Lumen` that they were written from.
MODULES = (
    (re.compile(r"^encode(\d+)/"), r"down_blocks.\1."),
    (re.compile(r"^decode(\d+)/"), r"up_blocks.\1."),
    (re.compile(r"^(down|up)(\d+)/"), r"\1s.\2."),
)


def package_weights(path: Path) -> dict[str, torch.Tensor]:
    """State dict of the network (not of a flip ensemble around it) whose `weights.onnx` lies at `path`."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    levels = len({name for name in values if re.match(rf"{BODY}down\d+/weight(_quantized)?$", name)})
    weights = {}
    for name, value in values.items():
        if name.endswith("/weight"):
            weights[module_of(name, levels)] = torch.from_numpy(value.astype(np.float32))
        elif name.endswith(f"/weight{QUANTISED}"):
            plain = name.removesuffix(QUANTISED)
            scale = values[plain + SCALE].reshape(-1, *[1] * (value.ndim - 1))
            weights[module_of(plain, levels)] = torch.from_numpy(value.astype(np.float32) * scale)
    return weights


def module_of(name: str, levels: int) -> str:
    """The parameter that `name` was written from; the deepest of `levels` levels below the first is called `middle`."""
    name = name.removeprefix(BODY).replace("middle/", f"encode{levels}/")
    for pattern, module in MODULES:
        name = pattern.sub(module, name)
    return name.replace("/", ".")
