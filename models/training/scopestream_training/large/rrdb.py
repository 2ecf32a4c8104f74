"""The RRDB generator of Real-ESRGAN (Wang et al. 2021, after ESRGAN, Wang et al. 2018) for one channel.

As published: residual-in-residual dense blocks on a pixel-unshuffled grid, enlargement by nearest neighbour and a 3x3
convolution, leaky ReLU 0.2. Not as published: no biases, so that f(a x) = a f(x) holds as in `networks.py`; a trained
linear upsampler carries the picture and the generator adds to it; `fine` channels on the grids finer than the body's.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from ..networks import LinearBase, conv
from .grid import Grid

LEAK = 0.2
RESIDUAL_SCALE = 0.2
DENSE_LAYERS = 5
DENSE_BLOCKS = 3  # in a residual-in-residual block


@dataclass(frozen=True)
class RrdbShape(Grid):
    """`width` (nf of the published code), `growth` (gc), `blocks` (nb); `fine`: channels of the grids finer than the body's,
    nf as published. `unshuffle` is 2 as published."""

    width: int
    growth: int
    blocks: int
    fine: int


def leaky(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, LEAK)


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each of which sees the outputs of all before it. The last starts at zero."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        inputs = [width + k * growth for k in range(DENSE_LAYERS)]
        outputs = [growth] * (DENSE_LAYERS - 1) + [width]
        self.layers = nn.ModuleList(conv(a, b, 3, padding=1) for a, b in zip(inputs, outputs, strict=True))
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x
        for layer in self.layers[:-1]:
            seen = torch.cat([seen, leaky(layer(seen))], 1)
        return x + RESIDUAL_SCALE * self.layers[-1](seen)


class ResidualInResidual(nn.Module):
    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(*(DenseBlock(width, growth) for _ in range(DENSE_BLOCKS)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + RESIDUAL_SCALE * self.dense(x)


class Rrdb(nn.Module):
    """Normalised frame [N, 1, H, W] in, normalised frame [N, 1, 2H, 2W] out."""

    def __init__(self, shape: RrdbShape) -> None:
        super().__init__()
        self.shape = shape
        u, width = shape.unshuffle, shape.width
        self.base = LinearBase(shape.upscale)
        self.head = conv(1, width, 3 * u, stride=u, padding=u)
        self.blocks = nn.Sequential(*(ResidualInResidual(width, shape.growth) for _ in range(shape.blocks)))
        self.end = conv(width, width, 3, padding=1)
        widths = [width] + [shape.fine] * shape.doublings
        self.ups = nn.ModuleList(conv(a, b, 3, padding=1) for a, b in pairwise(widths))
        self.fine = conv(shape.fine, shape.fine, 3, padding=1)
        self.tail = conv(shape.fine, 1, 3, padding=1)
        for module in (self.head, self.end, *self.ups, self.fine, self.tail):
            nn.init.kaiming_normal_(module.weight, LEAK)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.head(x)
        y = y + self.end(self.blocks(y))
        for up in self.ups:
            y = leaky(up(functional.interpolate(y, scale_factor=2, mode="nearest")))
        return self.base(x) + self.tail(leaky(self.fine(y)))
