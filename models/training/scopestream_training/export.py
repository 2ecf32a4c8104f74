"""Writes a trained network as ONNX, counts in and counts out, and checks it against PyTorch.

The graph is written node by node from the weights: no exporter decides its form, height and width stay symbolic, and
the same weights give the same bytes. Inputs: `raw` uint16 [1, frames, H, W] (mostly one frame; oldest first, if more),
`offset`, `scale`, `gain` float32 [1, 1].
Output: `enhanced` uint16 [1, 1, H * upscale, W * upscale] = round((f((raw - offset) / scale) * scale + offset) * gain),
clipped to 16 bits. `gain` is 2^(16 - significant bits), so that a 12-bit detector keeps its fractions of a count.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from .config import load
from .networks import BASE_RADIUS, FLIPS, FlipEnsemble, Lumen, ResidualBlock

OPSET = 17
IR_VERSION = 10
PRODUCER = "scopestream-training"
# Nodes of the network body carry this prefix; the quantiser touches no other.
BODY = "body/"
# Largest difference from PyTorch, in units of the normalised frame: float32 sums in another order.
PARITY = 2e-5


class Graph:
    """Collects nodes and weights; every method returns the name of the tensor it made."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, name: str, inputs: list[str], **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, name: str, x: str, module: torch.nn.Conv2d) -> str:
        weight = self.constant(f"{name}/weight", module.weight.detach().numpy())
        inputs = [x, weight]
        if module.bias is not None:
            inputs.append(self.constant(f"{name}/bias", module.bias.detach().numpy()))
        (pad, _), (stride, _), kernel = module.padding, module.stride, list(module.kernel_size)
        return self.add("Conv", name, inputs, kernel_shape=kernel, pads=[pad] * 4, strides=[stride, stride])

    def shuffle(self, name: str, x: str, factor: int) -> str:
        return self.add("DepthToSpace", name, [x], blocksize=factor, mode="CRD")

    def blocks(self, name: str, x: str, blocks: torch.nn.Sequential) -> str:
        for k, block in enumerate(blocks):
            assert isinstance(block, ResidualBlock)
            y = self.conv(f"{name}/{k}/first", x, block.first)
            y = self.add("Relu", f"{name}/{k}/relu", [y])
            y = self.conv(f"{name}/{k}/second", y, block.second)
            x = self.add("Add", f"{name}/{k}/add", [x, y])
        return x


def body(graph: Graph, x: str, network: Lumen) -> str:
    """The graph of `Lumen.forward` without its linear base."""
    shape = network.shape
    skips = []
    y = graph.conv(f"{BODY}head", x, network.head)
    for level, (blocks, down) in enumerate(zip(network.down_blocks, network.downs, strict=False)):
        y = graph.blocks(f"{BODY}encode{level}", y, blocks)
        skips.append(y)
        y = graph.conv(f"{BODY}down{level}", y, down)
    y = graph.blocks(f"{BODY}middle", y, network.down_blocks[-1])
    for level in reversed(range(len(network.ups))):
        y = graph.conv(f"{BODY}up{level}", y, network.ups[level])
        y = graph.shuffle(f"{BODY}up{level}/shuffle", y, 2)
        y = graph.add("Add", f"{BODY}join{level}", [y, skips.pop()])
        y = graph.blocks(f"{BODY}decode{level}", y, network.up_blocks[level])
    y = graph.conv(f"{BODY}tail", y, network.tail)
    return graph.shuffle(f"{BODY}tail/shuffle", y, shape.unshuffle * shape.upscale)


def base(graph: Graph, x: str, network: Lumen) -> str:
    if network.shape.frames > 1:
        last = graph.constant("base/last", np.array([network.shape.frames - 1], np.int64))
        x = graph.add("Gather", "base/frame", [x, last], axis=1)
    pads = graph.constant("base/pads", np.array([0, 0, BASE_RADIUS, BASE_RADIUS] * 2, np.int64))
    padded = graph.add("Pad", "base/pad", [x, pads], mode="edge")
    y = graph.conv("base/taps", padded, network.base.taps)
    return y if network.shape.upscale == 1 else graph.shuffle("base/shuffle", y, network.shape.upscale)


def single(graph: Graph, x: str, network: Lumen) -> str:
    return graph.add("Add", "residual", [base(graph, x, network), body(graph, x, network)])


def mirrored(graph: Graph, name: str, x: str, item: int, axes: tuple[int, ...], skip: int) -> str:
    """Item `item` of the batch, reversed along `axes` without the last `skip` samples of each.

    Cut first and reversed from its very end: onnxruntime's WebGPU provider (1.30) errs where a reversed slice begins elsewhere.
    """

    def sliced(name: str, x: str, bounds: list[tuple[int, int, int, int]]) -> str:
        columns = zip(*bounds, strict=True)  # starts, ends, axes, steps
        return graph.add("Slice", name, [x, *(graph.constant(f"{name}/{k}", np.array(v)) for k, v in enumerate(columns))])

    one = (item, item + 1, 0, 1)
    reverse = [(-1, np.iinfo(np.int64).min, axis, -1) for axis in axes]
    if not skip or not axes:
        return sliced(name, x, [one, *reverse])
    return sliced(name, sliced(f"{name}/cut", x, [one, *((0, -skip, axis, 1) for axis in axes)]), reverse)


def ensemble(graph: Graph, x: str, network: FlipEnsemble) -> str:
    """The graph of `FlipEnsemble.forward`: all views in one batch."""
    skip = network.shape.upscale - 1
    views = [mirrored(graph, f"view{k}", x, 0, axes, 0) for k, axes in enumerate(FLIPS)]
    y = single(graph, graph.add("Concat", "views", views, axis=0), network.network)
    pictures = []
    for k, axes in enumerate(FLIPS):
        picture = mirrored(graph, f"picture{k}", y, k, axes, skip)
        if skip and axes:
            after = [skip if axis in axes else 0 for axis in range(4)]
            pads = graph.constant(f"padded{k}/pads", np.array([0, 0, 0, 0, *after], np.int64))
            picture = graph.add("Pad", f"padded{k}", [picture, pads], mode="edge")
        pictures.append(picture)
    share = graph.constant("share", np.float32(1 / len(FLIPS)))
    return graph.add("Mul", "mean", [graph.add("Sum", "sum", pictures), share])


def drawn(graph: Graph, x: str, network: Lumen | FlipEnsemble) -> str:
    return ensemble(graph, x, network) if isinstance(network, FlipEnsemble) else single(graph, x, network)


# Adds the nodes of a network to a graph: from the name of the normalised frames to that of the normalised picture.
Draw = Callable[[Graph, str, torch.nn.Module], str]


def build(network: torch.nn.Module, draw: Draw = drawn) -> onnx.ModelProto:
    graph = Graph()
    counts = graph.add("Cast", "counts", ["raw"], to=TensorProto.FLOAT)
    above = graph.add("Sub", "above_offset", [counts, "offset"])
    x = graph.add("Div", "normalised", [above, "scale"])
    y = draw(graph, x, network)
    y = graph.add("Mul", "scaled", [y, "scale"])
    y = graph.add("Add", "in_counts", [y, "offset"])
    y = graph.add("Mul", "gained", [y, "gain"])
    y = graph.add("Round", "rounded", [y])
    low = graph.constant("low", np.float32(0))
    high = graph.constant("high", np.float32(65535))
    y = graph.add("Clip", "clipped", [y, low, high])
    graph.add("Cast", "enhanced", [y], to=TensorProto.UINT16)
    scalars = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1]) for n in ("offset", "scale", "gain")]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "lumen",
            [helper.make_tensor_value_info("raw", TensorProto.UINT16, [1, network.shape.frames, "height", "width"]), *scalars],
            [helper.make_tensor_value_info("enhanced", TensorProto.UINT16, [1, 1, "out_height", "out_width"])],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name=PRODUCER,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def session(model: Path | bytes, threads: int = 2) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # As the service runs it: threads that spin steal the core from the rest of the pipeline.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def enhance(run: onnxruntime.InferenceSession, raw: np.ndarray, offset: float, scale: float, gain: float = 1.0) -> np.ndarray:
    """`enhanced` (uint16 [H, W], counts times gain) of uint16 frames [frames, H, W], or of a frame [H, W], which stands for
    those before it too, as at the start of a session."""
    frames = run.get_inputs()[0].shape[1]
    scalars = {"offset": offset, "scale": scale, "gain": gain}
    feeds = {name: np.array([[value]], np.float32) for name, value in scalars.items()}
    return run.run(["enhanced"], {"raw": np.broadcast_to(raw, (1, frames, *raw.shape[-2:])), **feeds})[0][0, 0]


def load_network(config_path: Path, run: Path) -> tuple[Lumen | FlipEnsemble, int]:
    """The averaged weights of a training run, and the iterations it had."""
    config = load(config_path)
    network = Lumen(config.shape)
    state = torch.load(run / "checkpoint.pt", map_location="cpu")
    network.load_state_dict(state["ema"])
    return FlipEnsemble(network) if config.ensemble else network, state["iteration"]


def parity(network: Lumen | FlipEnsemble, model: onnx.ModelProto, seed: int = 0) -> float:
    """Largest difference between ONNX and PyTorch, in units of the normalised frame.

    Taken from 16-bit counts at full gain, where a count is 1/20000 of the frame's range; half of one is rounding.
    """
    rng = np.random.default_rng(seed)
    step = network.shape.step
    offset, scale = 20000.0, 20000.0
    frames = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    raw = rng.integers(18000, 45000, (frames, 8 * step, 12 * step)).astype(np.uint16)
    with torch.inference_mode():
        x = torch.from_numpy((raw.astype(np.float32) - offset) / scale)[None]
        expected = network(x)[0, 0].numpy() * scale + offset
    got = enhance(session(model.SerializeToString()), raw, offset, scale).astype(np.float64)
    return float(np.abs(got - np.clip(expected, 0, 65535)).max() - 0.5) / scale


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network, _ = load_network(arguments.config, arguments.run)
    model = build(network)
    difference = parity(network, model)
    print(f"largest difference from PyTorch: {difference:.2e} of the normalised range")
    if difference > PARITY:
        raise SystemExit("the ONNX graph differs from PyTorch")
    onnx.save(model, arguments.out)


if __name__ == "__main__":
    main()
