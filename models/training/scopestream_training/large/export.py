"""The large networks as ONNX, counts in and counts out, node by node as `scopestream_training.export` writes the compact ones.

Weights are stored in half precision and worked with in float32: `rounded_to_half` first makes them exact in it.
"""

from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ..colour.swinir import WINDOW, Group, Layer, WindowAttention
from ..export import BODY, Graph, base
from ..export import build as build_with
from .config import LargeConfig
from .rrdb import LEAK, RESIDUAL_SCALE, Rrdb
from .srresnet import SrResNet
from .swinir import SwinIr

TOKENS = WINDOW * WINDOW


def scaled_sum(graph: Graph, name: str, x: str, y: str) -> str:
    """x + RESIDUAL_SCALE y"""
    scale = graph.constant(f"{name}/scale", np.float32(RESIDUAL_SCALE))
    return graph.add("Add", name, [x, graph.add("Mul", f"{name}/scaled", [y, scale])])


def leaky(graph: Graph, name: str, x: str) -> str:
    return graph.add("LeakyRelu", name, [x], alpha=LEAK)


def rrdb(graph: Graph, x: str, network: Rrdb) -> str:
    head = y = graph.conv(f"{BODY}head", x, network.head)
    for b, block in enumerate(network.blocks):
        entry = y
        for d, dense in enumerate(block.dense):
            name = f"{BODY}{b}/{d}"
            seen = y
            for k, layer in enumerate(dense.layers[:-1]):
                new = leaky(graph, f"{name}/{k}/leaky", graph.conv(f"{name}/{k}", seen, layer))
                seen = graph.add("Concat", f"{name}/{k}/seen", [seen, new], axis=1)
            y = scaled_sum(graph, f"{name}/sum", y, graph.conv(f"{name}/last", seen, dense.layers[-1]))
        y = scaled_sum(graph, f"{BODY}{b}/sum", entry, y)
    y = graph.add("Add", f"{BODY}sum", [head, graph.conv(f"{BODY}end", y, network.end)])
    twice = graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    for k, up in enumerate(network.ups):
        name = f"{BODY}up{k}"
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        y = graph.add("Resize", f"{name}/nearest", [y, "", twice], **nearest)
        y = leaky(graph, f"{name}/leaky", graph.conv(name, y, up))
    y = leaky(graph, f"{BODY}fine/leaky", graph.conv(f"{BODY}fine", y, network.fine))
    return graph.conv(f"{BODY}tail", y, network.tail)


def srresnet(graph: Graph, x: str, network: SrResNet) -> str:
    head = leaky(graph, f"{BODY}head/leaky", graph.conv(f"{BODY}head", x, network.head))
    y = graph.conv(f"{BODY}end", graph.blocks(f"{BODY}blocks", head, network.blocks), network.end)
    y = graph.add("Add", f"{BODY}sum", [head, y])
    for k, up in enumerate(network.ups):
        y = graph.shuffle(f"{BODY}up{k}/shuffle", graph.conv(f"{BODY}up{k}", y, up), 2)
        y = leaky(graph, f"{BODY}up{k}/leaky", y)
    return graph.conv(f"{BODY}tail", y, network.tail)


class TokenGraph(Graph):
    """With what a transformer needs. Pictures are [1, H, W, C]; windows are [rows, columns, 64, C]."""

    def __init__(self, other: Graph) -> None:
        self.nodes, self.weights = other.nodes, other.weights

    def reshape(self, name: str, x: str, shape: list[int]) -> str:
        """0 keeps an extent, -1 is what is left."""
        return self.add("Reshape", name, [x, self.constant(f"{name}/shape", np.array(shape, np.int64))])

    def transpose(self, name: str, x: str, *order: int) -> str:
        return self.add("Transpose", name, [x], perm=order)

    def linear(self, name: str, x: str, module: nn.Linear) -> str:
        weight = self.constant(f"{name}/weight", module.weight.detach().numpy().T)
        bias = self.constant(f"{name}/bias", module.bias.detach().numpy())
        return self.add("Add", name, [self.add("MatMul", f"{name}/product", [x, weight]), bias])

    def norm(self, name: str, x: str, module: nn.LayerNorm) -> str:
        scale = self.constant(f"{name}/scale", module.weight.detach().numpy())
        bias = self.constant(f"{name}/bias", module.bias.detach().numpy())
        return self.add("LayerNormalization", name, [x, scale, bias], axis=-1, epsilon=module.eps)

    def gelu(self, name: str, x: str) -> str:
        root, one, half = (self.constant(f"{name}/{k}", np.float32(v)) for k, v in enumerate((2**0.5, 1, 0.5)))
        share = self.add("Erf", f"{name}/erf", [self.add("Div", f"{name}/div", [x, root])])
        share = self.add("Mul", f"{name}/half", [self.add("Add", f"{name}/above", [share, one]), half])
        return self.add("Mul", name, [x, share])

    def roll(self, name: str, x: str, by: int) -> str:
        """Along rows and columns; a negative `by` moves towards the start."""
        for axis in (1, 2):
            parts = []
            for part, (start, end) in enumerate(((-by, np.iinfo(np.int64).max), (0, -by))):
                bounds = [np.array([v], np.int64) for v in (start, end, axis)]
                names = [self.constant(f"{name}/{axis}/{part}/{k}", v) for k, v in enumerate(bounds)]
                parts.append(self.add("Slice", f"{name}/{axis}/{part}", [x, *names]))
            x = self.add("Concat", f"{name}/{axis}", parts, axis=axis)
        return x

    def windows(self, name: str, x: str, channels: int) -> str:
        x = self.reshape(f"{name}/rows", x, [-1, WINDOW, 0, channels])
        x = self.reshape(f"{name}/columns", x, [0, WINDOW, -1, WINDOW, channels])
        return self.reshape(name, self.transpose(f"{name}/order", x, 0, 2, 1, 3, 4), [0, 0, TOKENS, channels])

    def picture(self, name: str, x: str, channels: int) -> str:
        """The inverse of `windows`."""
        x = self.reshape(f"{name}/places", x, [0, 0, WINDOW, WINDOW, channels])
        x = self.transpose(f"{name}/order", x, 0, 2, 1, 3, 4)
        return self.reshape(name, self.reshape(f"{name}/columns", x, [0, 0, -1, channels]), [1, -1, 0, channels])

    def mask(self, name: str, x: str) -> str:
        """[rows, columns, 1, 64, 64] for a picture rolled by half a window: -inf between what the seam joins, else 0."""
        shape = self.add("Shape", f"{name}/shape", [x])
        zero, one = (self.constant(f"{name}/{k}", np.array(k, np.int64)) for k in (0, 1))
        regions = []
        for axis in (1, 2):
            own = f"{name}/{axis}"
            extent = self.add("Gather", f"{own}/extent", [shape, self.constant(f"{own}/axis", np.array(axis, np.int64))])
            place = self.add("Range", f"{own}/place", [zero, extent, one])
            beyond = []
            for reach in (WINDOW, WINDOW // 2):
                width = self.constant(f"{own}/{reach}/width", np.array(reach, np.int64))
                start = self.add("Sub", f"{own}/{reach}/start", [extent, width])
                inside = self.add("GreaterOrEqual", f"{own}/{reach}", [place, start])
                beyond.append(self.add("Cast", f"{own}/{reach}/number", [inside], to=TensorProto.FLOAT))
            region = self.add("Add", f"{own}/region", beyond)
            regions.append(self.reshape(f"{own}/shaped", region, [1, -1, 1, 1] if axis == 1 else [1, 1, -1, 1]))
        thrice = self.add("Mul", f"{name}/thrice", [regions[0], self.constant(f"{name}/three", np.float32(3))])
        parts = self.windows(f"{name}/windows", self.add("Add", f"{name}/parts", [thrice, regions[1]]), 1)
        same = self.add("Equal", f"{name}/same", [parts, self.transpose(f"{name}/across", parts, 0, 1, 3, 2)])
        joined, apart = (self.constant(f"{name}/{k}", np.float32(v)) for k, v in (("joined", 0), ("apart", -np.inf)))
        logits = self.add("Where", f"{name}/logits", [same, joined, apart])
        return self.add("Unsqueeze", name, [logits, self.constant(f"{name}/heads", np.array([2], np.int64))])

    def attention(self, name: str, x: str, module: WindowAttention, mask: str | None) -> str:
        """`WindowAttention.forward` on [rows, columns, 64, C]."""
        width = module.out.in_features
        size = width // module.heads
        parts = [f"{name}/{part}" for part in ("queries", "keys", "values")]
        together = self.linear(f"{name}/qkv", x, module.queries_keys_values)
        self.nodes.append(helper.make_node("Split", [together], parts, name=f"{name}/split", axis=-1))
        parts = [self.reshape(f"{part}/heads", part, [0, 0, TOKENS, module.heads, size]) for part in parts]
        queries, keys, values = parts
        queries, values = (self.transpose(f"{part}/order", part, 0, 1, 3, 2, 4) for part in (queries, values))
        logits = self.add("MatMul", f"{name}/products", [queries, self.transpose(f"{keys}/order", keys, 0, 1, 3, 4, 2)])
        logits = self.add("Mul", f"{name}/scaled", [logits, self.constant(f"{name}/scale", np.float32(size**-0.5))])
        bias = self.constant(f"{name}/bias", module.bias[:, module.places].detach().numpy())
        logits = self.add("Add", f"{name}/biased", [logits, bias])
        if mask is not None:
            logits = self.add("Add", f"{name}/masked", [logits, mask])
        y = self.add("MatMul", f"{name}/mixed", [self.add("Softmax", f"{name}/softmax", [logits], axis=-1), values])
        y = self.reshape(f"{name}/joined", self.transpose(f"{name}/mixed/order", y, 0, 1, 3, 2, 4), [0, 0, TOKENS, width])
        return self.linear(f"{name}/out", y, module.out)

    def layer(self, name: str, x: str, module: Layer, mask: str) -> str:
        width = module.wide.in_features
        y = self.norm(f"{name}/norm0", x, module.norms[0])
        if module.shift:
            y = self.roll(f"{name}/shifted", y, -module.shift)
        y = self.windows(f"{name}/windows", y, width)
        y = self.attention(f"{name}/attention", y, module.attention, mask if module.shift else None)
        y = self.picture(f"{name}/picture", y, width)
        if module.shift:
            y = self.roll(f"{name}/back", y, module.shift)
        x = self.add("Add", f"{name}/attended", [x, y])
        y = self.linear(f"{name}/wide", self.norm(f"{name}/norm1", x, module.norms[1]), module.wide)
        y = self.linear(f"{name}/narrow", self.gelu(f"{name}/gelu", y), module.narrow)
        return self.add("Add", name, [x, y])

    def group(self, name: str, x: str, module: Group, mask: str) -> str:
        """Channels first on both sides, as in `Group.forward`."""
        y = self.transpose(f"{name}/last", x, 0, 2, 3, 1)
        for k, layer in enumerate(module.layers):
            y = self.layer(f"{name}/{k}", y, layer, mask)
        y = self.conv(f"{name}/conv", self.transpose(f"{name}/first", y, 0, 3, 1, 2), module.conv)
        return self.add("Add", name, [x, y])


def swinir(graph: Graph, x: str, network: SwinIr) -> str:
    tokens = TokenGraph(graph)
    head = y = graph.conv(f"{BODY}head", x, network.head)
    mask = tokens.mask(f"{BODY}mask", tokens.transpose(f"{BODY}last", head, 0, 2, 3, 1))
    for k, group in enumerate(network.groups):
        y = tokens.group(f"{BODY}group{k}", y, group, mask)
    y = tokens.norm(f"{BODY}norm", tokens.transpose(f"{BODY}norm/last", y, 0, 2, 3, 1), network.norm)
    y = graph.conv(f"{BODY}after", tokens.transpose(f"{BODY}norm/first", y, 0, 3, 1, 2), network.after)
    y = graph.conv(f"{BODY}tail", graph.add("Add", f"{BODY}sum", [head, y]), network.tail)
    return graph.shuffle(f"{BODY}tail/shuffle", y, network.shape.unshuffle * network.shape.upscale)


BODIES = {Rrdb: rrdb, SrResNet: srresnet, SwinIr: swinir}


def draw(graph: Graph, x: str, network: nn.Module) -> str:
    return graph.add("Add", "residual", [base(graph, x, network), BODIES[type(network)](graph, x, network)])


def build(network: nn.Module) -> onnx.ModelProto:
    return build_with(network, draw)


def rounded_to_half(network: nn.Module) -> nn.Module:
    """A copy whose weights are what half precision can hold, in float32."""
    return deepcopy(network).half().float()


def stored_in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, the weights that half precision holds exactly stored so and cast back; onnxruntime folds the casts when
    it loads."""
    result = deepcopy(model)
    graph = result.graph
    casts = []
    for weight in graph.initializer:
        name = weight.name
        if weight.data_type != TensorProto.FLOAT or not name.endswith(("/weight", "/bias")):
            continue
        full = numpy_helper.to_array(weight)
        half = full.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), full):
            continue
        weight.CopyFrom(numpy_helper.from_array(half, f"{name}/half"))
        casts.append(helper.make_node("Cast", [f"{name}/half"], [name], name=f"{name}/cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(result, full_check=True)
    return result


def trained(config: LargeConfig, run: Path) -> tuple[nn.Module, dict]:
    """The averaged weights of a training run, rounded to half precision, and what the checkpoint says of the run."""
    state = torch.load(run / "checkpoint.pt", map_location="cpu")
    network = config.network()
    network.load_state_dict(state["ema"])
    return rounded_to_half(network), {key: state[key] for key in ("iteration", "minutes")}
