"""The finder of nuclei as ONNX: `image` float32 [1, 1, H, W] in; `foreground` and `boundary` float32 [1, 1, H, W] out."""

import onnx
from onnx import TensorProto
from onnx.helper import make_tensor_value_info

from .graph import CellGraph
from .nuclei import FOREGROUND, GRID, RIM, Nuclei


def build(network: Nuclei) -> onnx.ModelProto:
    graph = CellGraph()
    x4 = graph.residual("at4", graph.unit("stem", "image", network.stem), network.at4)
    x8 = graph.residual("at8", graph.unit("to8", x4, network.to8), network.at8)
    x16 = graph.residuals("at16", graph.unit("to16", x8, network.to16), network.at16)
    up = graph.doubled("up8/doubled", graph.unit("up8", x16, network.up8))
    x8 = graph.residual("join8", graph.relu("sum8/relu", graph.add("Add", "sum8", [x8, up])), network.join8)
    up = graph.doubled("up4/doubled", graph.unit("up4", x8, network.up4))
    x4 = graph.residual("join4", graph.relu("sum4/relu", graph.add("Add", "sum4", [x4, up])), network.join4)
    maps = graph.shuffle("head/shuffle", graph.plain("head", x4, network.head), GRID)
    probability = graph.add("Sigmoid", "probability", [maps])
    for name, channel in (("foreground", FOREGROUND), ("boundary", RIM)):
        bounds = [graph.values(f"{name}/{key}", [v]) for key, v in (("from", channel), ("to", channel + 1), ("axis", 1))]
        graph.add("Slice", name, [probability, *bounds])
    whole = [1, 1, "height", "width"]
    return graph.model(
        "nuclei-find",
        [make_tensor_value_info("image", TensorProto.FLOAT, whole)],
        [make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, None, None]) for name in ("foreground", "boundary")],
    )
