"""The two families of the published study, trained from nothing: a residual network and a Vision Transformer.

Both take cells as uint8 [N, 224, 224, 3] and average them down by `reduction` before the first layer; `named` starts after that.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..cells.layers import Unit
from ..colour.pictures import CLASSES

MIDDLE, SPREAD = 0.5, 0.25  # of light in [0, 1]: what the first layer sees is (light - MIDDLE) / SPREAD
STAGES = (3, 4, 6, 3)  # bottlenecks of ResNet-50
EXPANSION = 4


class Reduced(nn.Module):
    """The way from bytes to the network's own sampling."""

    def __init__(self, reduction: int) -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, cells: Tensor) -> Tensor:
        light = cells.permute(0, 3, 1, 2).float() / 255
        return self.named(functional.avg_pool2d(light, self.reduction) if self.reduction > 1 else light)

    def named(self, light: Tensor) -> Tensor:
        """Logits [N, classes] of light [N, 3, 224 / reduction, 224 / reduction] in [0, 1]."""
        raise NotImplementedError


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a residual (He et al. 2016; the stride is the 3x3's)."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.narrow = Unit(inputs, width, 1)
        self.look = Unit(width, width, 3, stride)
        self.widen = Unit(width, outputs, 1, rectify=False)
        self.shortcut = Unit(inputs, outputs, 1, stride, rectify=False) if inputs != outputs or stride > 1 else None
        nn.init.zeros_(self.widen.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.shortcut(x) if self.shortcut else x
        return functional.relu(kept + self.widen(self.look(self.narrow(x))))


class ResNet50(Reduced):
    """ResNet-50 with adaptive average pooling. width: 64 as published."""

    def __init__(self, width: int, reduction: int) -> None:
        super().__init__(reduction)
        self.stem = Unit(3, width, 7, 2)
        blocks, inputs = [], width
        for stage, count in enumerate(STAGES):
            inner = width * 2**stage
            for k in range(count):
                blocks.append(Bottleneck(inputs, inner, 2 if stage and k == 0 else 1))
                inputs = EXPANSION * inner
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(inputs, len(CLASSES))

    def named(self, light: Tensor) -> Tensor:
        x = functional.max_pool2d(self.stem((light - MIDDLE) / SPREAD), 3, 2, 1)
        return self.head(self.blocks(x).mean((2, 3)))


class TransformerLayer(nn.Module):
    """Attention, then two linear layers, normalised before (Dosovitskiy et al. 2021)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        count, length, width = x.shape
        parts = self.queries_keys_values(self.first(x)).view(count, length, 3, self.heads, width // self.heads)
        seen = functional.scaled_dot_product_attention(*parts.permute(2, 0, 3, 1, 4))
        x = x + self.out(seen.transpose(1, 2).reshape(count, length, width))
        return x + self.narrow(functional.gelu(self.wide(self.second(x))))


class SmallViT(Reduced):
    """A small Vision Transformer; the mean of its tokens is named (no class token)."""

    def __init__(self, width: int, layers: int, heads: int, patch: int, reduction: int) -> None:
        super().__init__(reduction)
        side = 224 // reduction // patch
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.places = nn.Parameter(0.02 * torch.randn(1, side**2, width))
        self.layers = nn.ModuleList(TransformerLayer(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(CLASSES))

    def named(self, light: Tensor) -> Tensor:
        x = self.patches((light - MIDDLE) / SPREAD).flatten(2).transpose(1, 2) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x).mean(1))
