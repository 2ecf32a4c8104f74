"""Writes a colour network as ONNX, bytes in and bytes out, node by node, and checks it against PyTorch.

Input `raw` uint8 [1, H, W, 3]; output `enhanced` uint8 [1, 4H, 4W, 3] = round(255 f(raw / 255)), clipped. H and W are free.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from ..export import IR_VERSION, OPSET, PRODUCER, Graph, session
from .config import Config
from .networks import BASE_RADIUS, FACTOR, Bicubic, Compact, SRResNet
from .patches import as_tensor

__all__ = ["OPSET", "build", "difference", "enhance", "session", "trained"]


class ColourGraph(Graph):
    """With the bias that colour networks have."""

    def conv(self, name: str, x: str, module: nn.Conv2d) -> str:
        weight = self.constant(f"{name}/weight", module.weight.detach().contiguous().numpy())
        bias = self.constant(f"{name}/bias", module.bias.detach().numpy())
        return self.add("Conv", name, [x, weight, bias], kernel_shape=list(module.kernel_size), pads=[*module.padding] * 2)

    def base(self, x: str, module: Bicubic) -> str:
        pads = self.constant("base/pads", np.array([0, 0, BASE_RADIUS, BASE_RADIUS] * 2, np.int64))
        padded = self.add("Pad", "base/pad", [x, pads], mode="edge")
        taps = self.constant("base/weight", module.taps.numpy())
        y = self.add("Conv", "base/taps", [padded, taps], group=3, kernel_shape=[5, 5])
        return self.shuffle("base/shuffle", y, FACTOR)


def compact(graph: ColourGraph, x: str, network: Compact) -> str:
    """The graph of `Compact.forward` without its base."""
    y = graph.blocks("blocks", graph.conv("head", x, network.head), network.blocks)
    y = graph.conv("tail", graph.add("Relu", "relu", [y]), network.tail)
    return graph.shuffle("tail/shuffle", y, FACTOR)


def srresnet(graph: ColourGraph, x: str, network: SRResNet) -> str:
    """The graph of `SRResNet.forward` without its base."""
    head = graph.conv("head", x, network.head)
    y = graph.add("Add", "body", [head, graph.blocks("blocks", head, network.blocks)])
    for k, up in enumerate(network.ups):
        y = graph.shuffle(f"up{k}/shuffle", graph.conv(f"up{k}", y, up), 2)
        y = graph.add("Relu", f"up{k}/relu", [y])
    return graph.conv("tail", y, network.tail)


BODIES = {Compact: compact, SRResNet: srresnet}


def build(network: nn.Module) -> onnx.ModelProto:
    graph = ColourGraph()
    white = graph.constant("white", np.float32(255))
    levels = graph.add("Cast", "levels", ["raw"], to=TensorProto.FLOAT)
    planes = graph.add("Transpose", "planes", [levels], perm=[0, 3, 1, 2])
    x = graph.add("Div", "normalised", [planes, white])
    y = graph.add("Add", "residual", [graph.base(x, network.base), BODIES[type(network)](graph, x, network)])
    y = graph.add("Mul", "in_levels", [y, white])
    y = graph.add("Clip", "clipped", [y, graph.constant("low", np.float32(0)), white])
    y = graph.add("Transpose", "interleaved", [graph.add("Round", "rounded", [y])], perm=[0, 2, 3, 1])
    graph.add("Cast", "enhanced", [y], to=TensorProto.UINT8)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "colour",
            [helper.make_tensor_value_info("raw", TensorProto.UINT8, [1, "height", "width", 3])],
            [helper.make_tensor_value_info("enhanced", TensorProto.UINT8, [1, "out_height", "out_width", 3])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def enhance(run: object, picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> [4H, 4W, 3]."""
    return run.run(["enhanced"], {"raw": picture[None]})[0][0]


def trained(config: Config, run: Path) -> tuple[nn.Module, dict]:
    """The averaged weights of a training run, and what the run's checkpoint says of it."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu")
    network = config.network()
    network.load_state_dict(state["ema"])
    return network.eval(), state


def difference(network: nn.Module, model: onnx.ModelProto, seed: int = 0) -> float:
    """Largest difference between ONNX and PyTorch beyond rounding, in levels of 255."""
    picture = np.random.default_rng(seed).integers(0, 256, (20, 28, 3)).astype(np.uint8)
    with torch.inference_mode():
        expected = network(as_tensor(picture[None]))[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255
    got = enhance(session(model.SerializeToString()), picture)
    return max(0.0, float(np.abs(got - expected).max()) - 0.5)
