"""A Lumen network computed as its int8 form will be, in PyTorch, so that it can be trained for that.

The same tensors are rounded as by `quantise`, to the same steps: activations to 8 bits between the smallest and the largest
value that the calibration frames give, weights to 7 bits a channel. Backwards a rounded value counts as the one it was
rounded from, unless it was clipped (straight-through estimator).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .export import Graph, body, build
from .networks import Lumen
from .normalise import offset_and_scale
from .quantise import ACTIVATION_LEVELS, WEIGHT_LIMIT, is_int8, rounded_tensors

Step = tuple[float, int]  # of an activation: size, and the level that stands for zero


class Computation(Graph):
    """Computes what `Graph` writes down: its methods take and give tensors in place of their names."""

    def conv(self, name: str, x: torch.Tensor, module: nn.Conv2d) -> torch.Tensor:
        y = functional.conv2d(x, self.weight(name, module.weight), module.bias, module.stride, module.padding)
        return self.activation(name, y)

    def shuffle(self, name: str, x: torch.Tensor, factor: int) -> torch.Tensor:
        return self.activation(name, functional.pixel_shuffle(x, factor))

    def add(self, kind: str, name: str, inputs: list[torch.Tensor], **attributes: object) -> torch.Tensor:
        y = {"Relu": torch.relu, "Add": torch.add}[kind](*inputs)
        return self.activation(name, y)

    def weight(self, name: str, weight: torch.Tensor) -> torch.Tensor:
        return weight

    def activation(self, name: str, value: torch.Tensor) -> torch.Tensor:
        return value


class Observed(Computation):
    """In float32, remembering the smallest and the largest value of each tensor, and zero."""

    def __init__(self) -> None:
        super().__init__()
        self.low: dict[str, float] = {}
        self.high: dict[str, float] = {}

    def activation(self, name: str, value: torch.Tensor) -> torch.Tensor:
        low, high = torch.aminmax(value)
        self.low[name] = min(self.low.get(name, 0.0), low.item())
        self.high[name] = max(self.high.get(name, 0.0), high.item())
        return value


class Rounded(Computation):
    """As int8 computes, but for the order of sums."""

    def __init__(self, steps: dict[str, Step]) -> None:
        super().__init__()
        self.steps = steps

    def weight(self, name: str, weight: torch.Tensor) -> torch.Tensor:
        if not is_int8(name):
            return weight
        largest = weight.detach().abs().amax((1, 2, 3))
        scale = torch.where(largest > 0, largest / WEIGHT_LIMIT, 1.0)
        zero = torch.zeros_like(scale, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -WEIGHT_LIMIT, WEIGHT_LIMIT)

    def activation(self, name: str, value: torch.Tensor) -> torch.Tensor:
        if name not in self.steps:
            return value
        scale, zero = self.steps[name]
        return torch.fake_quantize_per_tensor_affine(value, scale, zero, 0, ACTIVATION_LEVELS)


class FakeQuantised(nn.Module):
    """`network` as int8 would compute it; its parameters are the network's own. `frames`: uint16 frames as `quantise` takes
    them; `calibrate` must be called once the weights have moved."""

    def __init__(self, network: Lumen, frames: list[np.ndarray]) -> None:
        super().__init__()
        self.network = network
        self.shape = network.shape
        self.frames = [normalised(frame) for frame in frames]
        self.rounded = rounded_tensors(build(network))
        self.steps: dict[str, Step] = {}
        self.calibrate()

    @torch.no_grad()
    def calibrate(self) -> None:
        seen = Observed()
        for frame in self.frames:
            body(seen, frame, self.network)
        for name in self.rounded:
            scale = (seen.high[name] - seen.low[name]) / ACTIVATION_LEVELS or 1.0
            self.steps[name] = scale, round(-seen.low[name] / scale)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network.base(x[:, -1:]) + body(Rounded(self.steps), x, self.network)


def normalised(frames: np.ndarray) -> torch.Tensor:
    """[1, frames, H, W] of uint16 [frames, H, W] or [H, W], as the graph normalises it."""
    stack = frames.reshape(1, -1, *frames.shape[-2:])
    offset, scale = offset_and_scale(stack[0, 0])
    return torch.from_numpy((stack.astype(np.float32) - np.float32(offset)) / np.float32(scale))
