"""SwinIR-light for x4 (Liang et al. 2021, https://arxiv.org/abs/2108.10257): attention within shifted windows of 8x8.

The published light model has width 60 and four groups of six layers with six heads; `groups` and `layers` shorten it. The
enlargement is the published "pixelshuffledirect". As the other networks here it corrects bicubic.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .networks import FACTOR, Bicubic, start_from_base

WINDOW = 8


def windows(x: Tensor) -> Tensor:
    """[N, H, W, C] -> [N * windows, 64, C], row by row."""
    n, height, width, channels = x.shape
    x = x.view(n, height // WINDOW, WINDOW, width // WINDOW, WINDOW, channels)
    return x.transpose(2, 3).reshape(-1, WINDOW**2, channels)


def from_windows(x: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `windows`."""
    channels = x.shape[-1]
    x = x.view(-1, height // WINDOW, width // WINDOW, WINDOW, WINDOW, channels)
    return x.transpose(2, 3).reshape(-1, height, width, channels)


def relative_places() -> Tensor:
    """For every pair of places in a window, the index of their displacement: [64, 64], 0 to 15 * 15 - 1."""
    place = torch.stack(torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")).flatten(1)
    apart = place[:, :, None] - place[:, None] + WINDOW - 1
    return apart[0] * (2 * WINDOW - 1) + apart[1]


def apart_after_shift(height: int, width: int, shift: int) -> Tensor:
    """Where a shifted window joins opposite borders of the picture: -inf between its parts, else 0. [windows, 64, 64]."""
    part = torch.zeros(1, height, width, 1)
    borders = (slice(0, -WINDOW), slice(-WINDOW, -shift), slice(-shift, None))
    for k, rows in enumerate(borders):
        for j, columns in enumerate(borders):
            part[:, rows, columns] = 3 * k + j
    parts = windows(part)[..., 0]
    return torch.zeros(len(parts), WINDOW**2, WINDOW**2).masked_fill(parts[:, None] != parts[:, :, None], -torch.inf)


class WindowAttention(nn.Module):
    """Attention within windows, with a learned bias for every displacement and head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, (2 * WINDOW - 1) ** 2))
        self.register_buffer("places", relative_places(), persistent=False)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """x: [N * windows, 64, C]. mask: [windows, 64, 64], added to the logits."""
        count, length, width = x.shape
        parts = self.queries_keys_values(x).view(count, length, 3, self.heads, width // self.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        bias = self.bias[:, self.places]
        if mask is not None:
            bias = (bias + mask[:, None]).repeat(count // len(mask), 1, 1, 1)
        y = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias.expand(count, -1, -1, -1))
        return self.out(y.transpose(1, 2).reshape(count, length, width))


class Layer(nn.Module):
    """Window attention, then two linear layers, each with its residual."""

    def __init__(self, width: int, heads: int, shift: int) -> None:
        super().__init__()
        self.shift = shift
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = WindowAttention(width, heads)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        y = self.norms[0](x)
        if self.shift:
            y = y.roll((-self.shift, -self.shift), (1, 2))
        y = from_windows(self.attention(windows(y), mask if self.shift else None), height, width)
        if self.shift:
            y = y.roll((self.shift, self.shift), (1, 2))
        x = x + y
        return x + self.narrow(functional.gelu(self.wide(self.norms[1](x))))


class Group(nn.Module):
    """Layers whose windows are shifted by half every other time, a convolution, and a residual."""

    def __init__(self, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, heads, (k % 2) * WINDOW // 2) for k in range(layers))
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = x.permute(0, 2, 3, 1)
        for layer in self.layers:
            y = layer(y, mask)
        return x + self.conv(y.permute(0, 3, 1, 2))


class SwinIRLight(nn.Module):
    """[N, 3, H, W] in [0, 1] -> [N, 3, 4H, 4W]; H and W of any size (padded by repeating the edge)."""

    def __init__(self, width: int = 60, groups: int = 4, layers: int = 6, heads: int = 6) -> None:
        super().__init__()
        self.base = Bicubic()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.groups = nn.ModuleList(Group(width, layers, heads) for _ in range(groups))
        self.norm = nn.LayerNorm(width)
        self.after = nn.Conv2d(width, width, 3, padding=1)
        self.tail = nn.Conv2d(width, 3 * FACTOR**2, 3, padding=1)
        start_from_base(self.tail)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = functional.pad(x, [0, -width % WINDOW, 0, -height % WINDOW], mode="replicate")
        mask = apart_after_shift(*padded.shape[2:], WINDOW // 2).to(x.device)
        head = self.head(padded)
        y = head
        for group in self.groups:
            y = group(y, mask)
        y = self.norm(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = functional.pixel_shuffle(self.tail(head + self.after(y)), FACTOR)
        return self.base(x) + y[:, :, : FACTOR * height, : FACTOR * width]
