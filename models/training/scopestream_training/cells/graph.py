"""ONNX, node by node, for networks of `layers.py`; batch normalisation is folded into the convolution before it."""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ..export import IR_VERSION, OPSET, PRODUCER, Graph
from .layers import Residual, Unit
from .white import DARKEST


class CellGraph(Graph):
    """Every method returns the name of the tensor it made."""

    def values(self, name: str, numbers: list[int]) -> str:
        return self.constant(name, np.array(numbers, np.int64))

    def number(self, name: str, value: float) -> str:
        return self.constant(name, np.float32(value))

    def convolve(self, name: str, x: str, weight: torch.Tensor, bias: torch.Tensor, stride: int, pad: int) -> str:
        tensors = [self.constant(f"{name}/{key}", v.detach().numpy()) for key, v in (("weight", weight), ("bias", bias))]
        kernel = list(weight.shape[2:])
        return self.add("Conv", name, [x, *tensors], kernel_shape=kernel, pads=[pad] * 4, strides=[stride, stride])

    def plain(self, name: str, x: str, conv: nn.Conv2d) -> str:
        return self.convolve(name, x, conv.weight, conv.bias, conv.stride[0], conv.padding[0])

    def unit(self, name: str, x: str, unit: Unit) -> str:
        conv, norm = unit.conv, unit.norm
        statistics = (norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
        weight, bias = fuse_conv_bn_weights(conv.weight, None, *statistics)
        y = self.convolve(name, x, weight, bias, conv.stride[0], conv.padding[0])
        return self.relu(f"{name}/relu", y) if unit.rectify else y

    def relu(self, name: str, x: str) -> str:
        return self.add("Relu", name, [x])

    def residual(self, name: str, x: str, block: Residual) -> str:
        y = self.unit(f"{name}/second", self.unit(f"{name}/first", x, block.first), block.second)
        return self.relu(f"{name}/relu", self.add("Add", f"{name}/add", [x, y]))

    def residuals(self, name: str, x: str, blocks: nn.Sequential) -> str:
        for k, block in enumerate(blocks):
            x = self.residual(f"{name}/{k}", x, block)
        return x

    def doubled(self, name: str, x: str) -> str:
        scales = self.constant(f"{name}/scales", np.array([1, 1, 2, 2], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.add("Resize", name, [x, "", scales], **how)

    def transmittance(self, picture: str, patch: int, reduction: int = 1) -> str:
        """The graph of `white.transmittance`, after means of `reduction` x `reduction` pixels."""
        y = self.add("Cast", "white/float", [picture], to=TensorProto.FLOAT)
        y = self.add("Transpose", "white/planes", [y], perm=[0, 3, 1, 2])
        if reduction > 1:
            y = self.add("AveragePool", "white/reduced", [y], kernel_shape=[reduction] * 2, strides=[reduction] * 2)
        light = self.add("Mul", "white/light", [y, self.number("white/share", 1 / 255)])
        patches = self.add("AveragePool", "white/patches", [light], kernel_shape=[patch] * 2, strides=[patch] * 2)
        glass = self.add("ReduceMax", "white/brightest", [patches], axes=[2, 3], keepdims=1)
        glass = self.add("Max", "white/glass", [glass, self.number("white/darkest", DARKEST)])
        return self.add("Div", "white/transmittance", [light, glass])

    def model(self, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        """The finished graph, checked."""
        model = helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, self.weights),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name=PRODUCER,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
