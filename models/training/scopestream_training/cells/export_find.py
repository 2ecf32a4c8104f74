"""The detector as ONNX: `image` uint8 [1, H, W, 3] in; `peaks` [1, kinds, H/16, W/16] and `boxes` [1, 4, H/16, W/16]
out, in pixels."""

import numpy as np
import onnx
from onnx import TensorProto
from onnx.helper import make_tensor_value_info

from .detector import GLASS_PATCH, LARGEST_EXTENT, REDUCTION, STRIDE, Detector
from .graph import CellGraph
from .smears import KINDS


def places(graph: CellGraph, name: str, maps: str, axis: int) -> str:
    """Centres of the map's places along `axis`, in strides: 0.5, 1.5 ..., shaped to broadcast."""
    shape = graph.add("Shape", f"{name}/shape", [maps])
    extent = graph.add("Gather", f"{name}/extent", [shape, graph.constant(f"{name}/axis", np.int64(axis))])
    bounds = [graph.constant(f"{name}/{key}", np.int64(value)) for key, value in (("from", 0), ("by", 1))]
    count = graph.add("Range", f"{name}/count", [bounds[0], extent, bounds[1]])
    numbers = graph.add("Cast", f"{name}/numbers", [count], to=TensorProto.FLOAT)
    centres = graph.add("Add", f"{name}/centres", [numbers, graph.number(f"{name}/half", 0.5)])
    spread = graph.values(f"{name}/spread", [k for k in (0, 1, 2, 3) if k != axis])
    return graph.add("Unsqueeze", f"{name}/places", [centres, spread])


def channels(graph: CellGraph, name: str, x: str, first: int, last: int) -> str:
    bounds = [graph.values(f"{name}/{k}", [v]) for k, v in (("from", first), ("to", last), ("axis", 1))]
    return graph.add("Slice", name, [x, *bounds])


def build(network: Detector) -> onnx.ModelProto:
    graph = CellGraph()
    x = graph.transmittance("image", GLASS_PATCH, REDUCTION)
    x = graph.add("Sub", "above", [x, graph.number("above/grey", 0.7)])
    x = graph.add("Mul", "input", [x, graph.number("input/gain", 3)])
    x8 = graph.unit("to8", graph.unit("stem", x, network.stem), network.to8)
    x16 = graph.residuals("at16", graph.unit("to16", x8, network.to16), network.at16)
    x32 = graph.residuals("at32", graph.unit("to32", x16, network.to32), network.at32)
    up = graph.doubled("up16/doubled", graph.unit("up16", x32, network.up16))
    x16 = graph.relu("sum16/relu", graph.add("Add", "sum16", [x16, up]))
    x16 = graph.residual("join16", x16, network.join16)
    up = graph.doubled("up8/doubled", graph.unit("up8", x16, network.up8))
    x8 = graph.relu("sum8/relu", graph.add("Add", "sum8", [x8, up]))
    maps = graph.plain("head", graph.unit("join8", x8, network.join8), network.head)

    kinds = len(KINDS)
    probability = graph.add("Sigmoid", "probability", [channels(graph, "logits", maps, 0, kinds)])
    highest = graph.add("MaxPool", "highest", [probability], kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1])
    is_peak = graph.add("Equal", "is_peak", [probability, highest])
    graph.add("Where", "peaks", [is_peak, probability, graph.number("nothing", 0)])

    extent = channels(graph, "extent_logarithms", maps, kinds + 2, kinds + 4)
    largest = graph.number("extent/largest", LARGEST_EXTENT)
    extent = graph.add("Exp", "extent", [graph.add("Min", "extent/bounded", [extent, largest])])
    half = graph.add("Mul", "half_extent", [extent, graph.number("half", 0.5)])
    columns, rows = places(graph, "columns", maps, 3), places(graph, "rows", maps, 2)
    across = graph.add("Add", "across", [channels(graph, "offset_x", maps, kinds, kinds + 1), columns])
    down = graph.add("Add", "down", [channels(graph, "offset_y", maps, kinds + 1, kinds + 2), rows])
    centre = graph.add("Concat", "centre", [across, down], axis=1)
    corner = graph.add("Sub", "corner", [centre, half])
    in_strides = graph.add("Concat", "in_strides", [corner, extent], axis=1)
    graph.add("Mul", "boxes", [in_strides, graph.number("stride", REDUCTION * STRIDE)])
    return graph.model(
        "smear-find",
        [make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])],
        [
            make_tensor_value_info("peaks", TensorProto.FLOAT, [1, kinds, "rows", "columns"]),
            make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 4, "rows", "columns"]),
        ],
    )
