"""The two blocks that all networks of this folder are built from."""

import torch
from torch import nn
from torch.nn import functional


class Unit(nn.Module):
    """Convolution, batch normalisation and, unless told otherwise, ReLU. Export folds the normalisation into the weights."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1, rectify: bool = True) -> None:
        super().__init__()
        # A kernel as large as its stride tiles the picture and needs no border.
        padding = 0 if size == stride else size // 2
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.rectify = rectify

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(x))
        return functional.relu(y) if self.rectify else y


class Residual(nn.Module):
    """`relu(x + f(x))` with two 3x3 convolutions in `f`, the second of which starts as nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = Unit(width, width)
        self.second = Unit(width, width, rectify=False)
        nn.init.zeros_(self.second.norm.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(x + self.second(self.first(x)))


def residuals(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Residual(width) for _ in range(count)))


def doubled(x: torch.Tensor) -> torch.Tensor:
    """Twice the sampling, every sample repeated."""
    return functional.interpolate(x, scale_factor=2, mode="nearest")
