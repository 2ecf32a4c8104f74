"""The references as ONNX: `cells` uint8 [N, 224, 224, 3] in, `logits` [N, classes] out; weights stored as float16."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_tensor_value_info
from torch import nn

from ..cells.graph import CellGraph
from .networks import MIDDLE, SPREAD, Bottleneck, Reduced, ResNet50, SmallViT, TransformerLayer
from .views import CLASSES, VIEW_SIDE

STORED_SMALL_ABOVE = 1000  # values: biases and the like stay float32


class ReferenceGraph(CellGraph):
    def seen(self, network: Reduced) -> str:
        """From bytes to what the first layer sees."""
        levels = self.add("Cast", "levels", ["cells"], to=TensorProto.FLOAT)
        x = self.add("Transpose", "planes", [levels], perm=[0, 3, 1, 2])
        if network.reduction > 1:
            sides = [network.reduction] * 2
            x = self.add("AveragePool", "reduced", [x], kernel_shape=sides, strides=sides)
        x = self.add("Sub", "centred", [x, self.number("middle", 255 * MIDDLE)])
        return self.add("Div", "normalised", [x, self.number("spread", 255 * SPREAD)])

    def bottleneck(self, name: str, x: str, block: Bottleneck) -> str:
        y = self.unit(f"{name}/look", self.unit(f"{name}/narrow", x, block.narrow), block.look)
        y = self.unit(f"{name}/widen", y, block.widen)
        kept = self.unit(f"{name}/shortcut", x, block.shortcut) if block.shortcut else x
        return self.relu(f"{name}/relu", self.add("Add", f"{name}/add", [kept, y]))

    def linear(self, name: str, x: str, module: nn.Linear) -> str:
        weight = self.constant(f"{name}/weight", module.weight.detach().numpy().T)
        bias = self.constant(f"{name}/bias", module.bias.detach().numpy())
        return self.add("Add", name, [self.add("MatMul", f"{name}/product", [x, weight]), bias])

    def norm(self, name: str, x: str, module: nn.LayerNorm) -> str:
        tensors = [self.constant(f"{name}/{key}", getattr(module, key).detach().numpy()) for key in ("weight", "bias")]
        return self.add("LayerNormalization", name, [x, *tensors], axis=-1, epsilon=module.eps)

    def gelu(self, name: str, x: str) -> str:
        scaled = self.add("Mul", f"{name}/scaled", [x, self.number(f"{name}/root", 0.5**0.5)])
        risen = self.add("Add", f"{name}/risen", [self.add("Erf", f"{name}/erf", [scaled]), self.number(f"{name}/one", 1)])
        halved = self.add("Mul", f"{name}/halved", [risen, self.number(f"{name}/half", 0.5)])
        return self.add("Mul", name, [x, halved])

    def item(self, name: str, x: str, index: int) -> str:
        """`x[index]`."""
        kept = self.add("Gather", f"{name}/kept", [x, self.values(f"{name}/index", [index])], axis=0)
        return self.add("Squeeze", name, [kept, self.values(f"{name}/axis", [0])])

    def attention(self, name: str, x: str, layer: TransformerLayer) -> str:
        width = layer.out.in_features
        each = width // layer.heads
        parts = self.linear(f"{name}/parts", x, layer.queries_keys_values)
        split = self.add("Reshape", f"{name}/split", [parts, self.values(f"{name}/shape", [0, 0, 3, layer.heads, each])])
        rows = self.add("Transpose", f"{name}/rows", [split], perm=[2, 0, 3, 1, 4])
        queries, keys, values = (self.item(f"{name}/{key}", rows, k) for k, key in enumerate(("queries", "keys", "values")))
        turned = self.add("Transpose", f"{name}/turned", [keys], perm=[0, 1, 3, 2])
        likeness = self.add("MatMul", f"{name}/likeness", [queries, turned])
        scaled = self.add("Mul", f"{name}/scaled", [likeness, self.number(f"{name}/scale", each**-0.5)])
        weights = self.add("Softmax", f"{name}/weights", [scaled], axis=-1)
        mixed = self.add("MatMul", f"{name}/mixed", [weights, values])
        tokens = self.add("Transpose", f"{name}/tokens", [mixed], perm=[0, 2, 1, 3])
        joined = self.add("Reshape", f"{name}/joined", [tokens, self.values(f"{name}/flat", [0, 0, width])])
        return self.linear(f"{name}/out", joined, layer.out)

    def layer(self, name: str, x: str, layer: TransformerLayer) -> str:
        y = self.attention(f"{name}/attention", self.norm(f"{name}/first", x, layer.first), layer)
        x = self.add("Add", f"{name}/seen", [x, y])
        y = self.linear(f"{name}/wide", self.norm(f"{name}/second", x, layer.second), layer.wide)
        return self.add("Add", f"{name}/done", [x, self.linear(f"{name}/narrow", self.gelu(f"{name}/gelu", y), layer.narrow)])


def resnet50(graph: ReferenceGraph, x: str, network: ResNet50) -> str:
    """The graph of `ResNet50.named` up to its head."""
    x = graph.unit("stem", x, network.stem)
    x = graph.add("MaxPool", "pool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for k, block in enumerate(network.blocks):
        x = graph.bottleneck(f"blocks/{k}", x, block)
    return graph.add("ReduceMean", "mean", [x], axes=[2, 3], keepdims=0)


def small_vit(graph: ReferenceGraph, x: str, network: SmallViT) -> str:
    """The graph of `SmallViT.named` up to its head."""
    x = graph.plain("patches", x, network.patches)
    width = network.patches.out_channels
    x = graph.add("Reshape", "flat", [x, graph.values("flat/shape", [0, width, -1])])
    x = graph.add("Transpose", "tokens", [x], perm=[0, 2, 1])
    x = graph.add("Add", "placed", [x, graph.constant("places", network.places.detach().numpy())])
    for k, layer in enumerate(network.layers):
        x = graph.layer(f"layers/{k}", x, layer)
    return graph.add("ReduceMean", "mean", [graph.norm("norm", x, network.norm)], axes=[1], keepdims=0)


BODIES = {ResNet50: resnet50, SmallViT: small_vit}


def build(network: Reduced, name: str) -> onnx.ModelProto:
    graph = ReferenceGraph()
    x = BODIES[type(network)](graph, graph.seen(network), network)
    weight = graph.constant("head/weight", network.head.weight.detach().numpy())
    bias = graph.constant("head/bias", network.head.bias.detach().numpy())
    graph.add("Gemm", "logits", [x, weight, bias], transB=1)
    return stored_small(
        graph.model(
            name,
            [make_tensor_value_info("cells", TensorProto.UINT8, ["cells", VIEW_SIDE, VIEW_SIDE, 3])],
            [make_tensor_value_info("logits", TensorProto.FLOAT, ["cells", len(CLASSES)])],
        )
    )


def stored_small(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with large weights as float16, cast back where they are used."""
    casts = []
    for weight in model.graph.initializer:
        value = numpy_helper.to_array(weight)
        if value.dtype == np.float32 and value.size > STORED_SMALL_ABOVE:
            name, stored = weight.name, f"{weight.name}/float16"
            weight.CopyFrom(numpy_helper.from_array(value.astype(np.float16), stored))
            casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}/cast", to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    return model
