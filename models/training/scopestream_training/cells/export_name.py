"""The classifier as ONNX: `cells` uint8 [N, 96, 96, 3] in, `logits` [N, classes] out."""

import onnx
from onnx import TensorProto
from onnx.helper import make_tensor_value_info

from .crops import SIDE
from .graph import CellGraph
from .namer import DARKEST, GLASS_PATCH, Namer
from .smears import CLASSES


def build(network: Namer) -> onnx.ModelProto:
    graph = CellGraph()
    x = graph.transmittance("cells", GLASS_PATCH)
    x = graph.add("Max", "seen", [x, graph.number("seen/darkest", DARKEST)])
    x = graph.add("Neg", "absorbance", [graph.add("Log", "seen/log", [x])])
    x = graph.unit("to4", graph.unit("stem", x, network.stem), network.to4)
    x = graph.unit("to8", graph.residuals("at4", x, network.at4), network.to8)
    x = graph.unit("to16", graph.residuals("at8", x, network.at8), network.to16)
    x = graph.residuals("at16", x, network.at16)
    x = graph.add("ReduceMean", "mean", [x], axes=[2, 3], keepdims=0)
    weight = graph.constant("head/weight", network.head.weight.detach().numpy())
    bias = graph.constant("head/bias", network.head.bias.detach().numpy())
    graph.add("Gemm", "logits", [x, weight, bias], transB=1)
    return graph.model(
        "smear-name",
        [make_tensor_value_info("cells", TensorProto.UINT8, ["cells", SIDE, SIDE, 3])],
        [make_tensor_value_info("logits", TensorProto.FLOAT, ["cells", len(CLASSES)])],
    )
