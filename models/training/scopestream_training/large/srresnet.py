"""SRResNet, the generator of SRGAN (Ledig et al. 2017), for one channel.

As published: one run of residual blocks with a skip over all of them, then enlargement by convolution and pixel shuffle. Not as
published: no batch normalisation (as in EDSR and in BasicSR's MSRResNet); no biases, ReLU within the blocks and leaky ReLU
elsewhere (PReLU as published; with plain ReLU the enlargements died early in training), so that f(a x) = a f(x); a trained
linear upsampler carries the picture; the body may lie on an unshuffled grid (`unshuffle` 1 is the published one).
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from ..networks import LinearBase, conv, residual_blocks
from .grid import Grid
from .rrdb import LEAK, leaky


@dataclass(frozen=True)
class SrResNetShape(Grid):
    """`width`, `blocks`: 64 and 16 as published; `fine`: channels after each enlargement, 64 as published."""

    width: int
    blocks: int
    fine: int


class SrResNet(nn.Module):
    """Normalised frame [N, 1, H, W] in, normalised frame [N, 1, 2H, 2W] out."""

    def __init__(self, shape: SrResNetShape) -> None:
        super().__init__()
        self.shape = shape
        u, width = shape.unshuffle, shape.width
        self.base = LinearBase(shape.upscale)
        self.head = conv(1, width, 3 * u, stride=u, padding=u)
        self.blocks = residual_blocks(width, shape.blocks)
        self.end = conv(width, width, 3, padding=1)
        widths = [width] + [shape.fine] * shape.doublings
        self.ups = nn.ModuleList(conv(a, 4 * b, 3, padding=1) for a, b in pairwise(widths))
        self.tail = conv(shape.fine, 1, 3, padding=1)
        for module in (self.head, self.end, *self.ups, self.tail):
            nn.init.kaiming_normal_(module.weight, LEAK)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = leaky(self.head(x))
        y = y + self.end(self.blocks(y))
        for up in self.ups:
            y = leaky(functional.pixel_shuffle(up(y), 2))
        return self.base(x) + self.tail(y)
