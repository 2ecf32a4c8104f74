"""SwinIR-light (Liang et al. 2021) for one channel, of the groups that the colour network has too.

As published: residual groups of Swin transformer layers, windows of 8x8 that are shifted in every second layer, one convolution
and pixel shuffle at the end. Not as published: a trained linear upsampler carries the picture; the body may lie on an
unshuffled grid (`unshuffle` 1 is the published one). Biases and layer normalisation make it depend on the brightness
of a frame: f(a x) is not a f(x), unlike in the other networks here.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from ..colour.swinir import WINDOW, Group, apart_after_shift
from ..networks import LinearBase
from .grid import Grid


@dataclass(frozen=True)
class SwinShape(Grid):
    """`width`, `groups`, `layers` (of a group), `heads`: 60, 4, 6, 6 in the published light form."""

    width: int
    groups: int
    layers: int
    heads: int

    @property
    def step(self) -> int:
        return self.unshuffle * WINDOW


class SwinIr(nn.Module):
    """Normalised frame [N, 1, H, W] in, normalised frame [N, 1, 2H, 2W] out."""

    def __init__(self, shape: SwinShape) -> None:
        super().__init__()
        self.shape = shape
        u = shape.unshuffle
        self.base = LinearBase(shape.upscale)
        self.head = nn.Conv2d(1, shape.width, 3 * u, u, u)
        self.groups = nn.ModuleList(Group(shape.width, shape.layers, shape.heads) for _ in range(shape.groups))
        self.norm = nn.LayerNorm(shape.width)
        self.after = nn.Conv2d(shape.width, shape.width, 3, padding=1)
        self.tail = nn.Conv2d(shape.width, (u * shape.upscale) ** 2, 3, padding=1)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        head = self.head(x)
        mask = apart_after_shift(*head.shape[2:], WINDOW // 2).to(x.device)
        y = head
        for group in self.groups:
            y = group(y, mask)
        y = self.norm(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.tail(head + self.after(y))
        return self.base(x) + functional.pixel_shuffle(y, self.shape.unshuffle * self.shape.upscale)
