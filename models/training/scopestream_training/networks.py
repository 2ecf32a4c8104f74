"""The Lumen networks: small bias-free residual U-Nets on an unshuffled grid.

*Bias-free.* No convolution has a bias and the only non-linearity is ReLU, so the network is exactly scale
equivariant, `f(a x) = a f(x)` for `a > 0`: flux in against flux out has slope 1 by construction, an empty input
gives an empty output, and a network trained at some noise levels holds at others (Mohan et al., ICLR 2020).

*Sampling convention.* Sample `k` of the input sits on sample `upscale * k` of the output, as after `[::2, ::2]`.
Output sample `upscale * k + p` therefore lies `p / upscale` input pixels to the right of input sample `k`. Both the
linear base and the body follow it; a bicubic resize with centred pixels would be half an output pixel off.

*Grid.* A strided first convolution of kernel `3 u` and stride `u` equals a pixel-unshuffle by `u` followed by a
3x3 convolution, with no reshape in the graph. Height and width must be multiples of `LumenShape.step`.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

FLIPS = ((), (2,), (3,), (2, 3))  # axes that a view of FlipEnsemble mirrors
BASE_RADIUS = 4  # input pixels: the linear base has 9x9 taps
BASE_SIGMA = 1.2  # input pixels: where the trained base starts from


@dataclass(frozen=True)
class LumenShape:
    """`unshuffle`: body grid in input pixels; `upscale`: output samples per input sample along an axis;
    `widths`: channels per level, each level at half the grid of the one before; `blocks`: residual blocks per level,
    run once on the way down and once on the way up (the last level runs them once); `frames`: the newest frames it looks
    at, oldest first. What comes out is always the last one."""

    unshuffle: int
    upscale: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    frames: int = 1

    @property
    def step(self) -> int:
        """Height and width must be multiples of this many input pixels."""
        return self.unshuffle * 2 ** (len(self.widths) - 1)


def conv(inputs: int, outputs: int, size: int, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, padding, bias=False)


class ResidualBlock(nn.Module):
    """`x + conv(relu(conv(x)))`. The second convolution starts at zero: a new block changes nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width, 3, padding=1)
        self.second = conv(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.second(functional.relu(self.first(x)))


def gaussian_upsampler(upscale: int, sigma: float, radius: int) -> torch.Tensor:
    """Weights [upscale², 1, n, n] that blur by `sigma` (input pixels) and sample at the convention's positions."""
    taps = torch.arange(-radius, radius + 1, dtype=torch.float64)
    rows = torch.stack([torch.exp(-0.5 * ((taps - p / upscale) / sigma) ** 2) for p in range(upscale)])
    rows = rows / rows.sum(1, keepdim=True)
    weight = torch.einsum("ai,bj->abij", rows, rows).reshape(upscale**2, 1, taps.numel(), taps.numel())
    return weight.float()


class LinearBase(nn.Module):
    """A trained linear upsampler that starts as a Gaussian; the body adds what a filter cannot know."""

    def __init__(self, upscale: int) -> None:
        super().__init__()
        self.upscale = upscale
        self.taps = conv(1, upscale**2, 2 * BASE_RADIUS + 1)
        with torch.no_grad():
            self.taps.weight.copy_(gaussian_upsampler(upscale, BASE_SIGMA, BASE_RADIUS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padded = functional.pad(x, (BASE_RADIUS,) * 4, mode="replicate")
        return functional.pixel_shuffle(self.taps(padded), self.upscale)


class Lumen(nn.Module):
    """Normalised frames [N, frames, H, W] in, normalised frame [N, 1, H * upscale, W * upscale] out."""

    def __init__(self, shape: LumenShape) -> None:
        super().__init__()
        self.shape = shape
        u, widths, blocks = shape.unshuffle, shape.widths, shape.blocks
        self.base = LinearBase(shape.upscale)
        self.head = conv(shape.frames, widths[0], 3 * u, stride=u, padding=u)
        self.down_blocks = nn.ModuleList(residual_blocks(w, n) for w, n in zip(widths, blocks, strict=True))
        self.up_blocks = nn.ModuleList(residual_blocks(w, n) for w, n in zip(widths[:-1], blocks[:-1], strict=True))
        pairs = list(pairwise(widths))
        self.downs = nn.ModuleList(conv(fine, coarse, 2, stride=2) for fine, coarse in pairs)
        self.ups = nn.ModuleList(conv(coarse, 4 * fine, 1) for fine, coarse in pairs)
        self.tail = conv(widths[0], (u * shape.upscale) ** 2, 3, padding=1)
        for module in (self.head, *self.downs, *self.ups):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
        with torch.no_grad():
            self.tail.weight.mul_(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        y = self.head(x)
        for blocks, down in zip(self.down_blocks, self.downs, strict=False):
            y = blocks(y)
            skips.append(y)
            y = down(y)
        y = self.down_blocks[-1](y)
        for blocks, up in zip(reversed(self.up_blocks), reversed(self.ups), strict=True):
            y = blocks(functional.pixel_shuffle(up(y), 2) + skips.pop())
        body = functional.pixel_shuffle(self.tail(y), self.shape.unshuffle * self.shape.upscale)
        return self.base(x[:, -1:]) + body


class FlipEnsemble(nn.Module):
    """The mean of a network's pictures of a frame and of its mirror images: better by about 0.1 dB for four times the work.

    Rows stay rows, so noise that is correlated along a scan line looks as it did in training. A mirrored frame of `n` samples
    puts its sample `k` on output sample `upscale (n - 1 - k)`; the last `upscale - 1` rows and columns of a mirror image lie
    beyond its samples, and repeat their neighbours.
    """

    def __init__(self, network: Lumen) -> None:
        super().__init__()
        self.network = network
        self.shape = network.shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(self.view(x, axes) for axes in FLIPS) / len(FLIPS)

    def view(self, x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
        y = self.network(x.flip(axes))
        for axis in axes:
            extent = y.shape[axis] - (self.shape.upscale - 1)
            y = y.narrow(axis, 0, extent).flip(axis)
            y = torch.cat([y, *[y.narrow(axis, extent - 1, 1)] * (self.shape.upscale - 1)], axis)
        return y


def residual_blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width) for _ in range(count)))


def at_input_sampling(weights: dict[str, torch.Tensor], unshuffle: int) -> dict[str, torch.Tensor]:
    """Weights of the same function without upscaling: only the output samples that sit on input samples are kept."""
    phases = round(weights["tail.weight"].shape[0] ** 0.5)
    kept = torch.arange(0, phases, phases // unshuffle)
    return {
        **weights,
        "base.taps.weight": weights["base.taps.weight"][:1],
        "tail.weight": weights["tail.weight"][(phases * kept[:, None] + kept).flatten()],
    }


def over_frames(weights: dict[str, torch.Tensor], frames: int) -> dict[str, torch.Tensor]:
    """Weights of the same function of the last of `frames` frames; the frames before it count for nothing yet."""
    head = weights["head.weight"]
    before = head.new_zeros(head.shape[0], frames - head.shape[1], *head.shape[2:])
    return {**weights, "head.weight": torch.cat([before, head], 1)}


def parameter_count(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def multiply_accumulates(network: Lumen | FlipEnsemble, height: int, width: int, frames: int = 1) -> int:
    """MACs of one picture, of `frames` frames of `height` x `width` input pixels."""
    total = 0

    def count(module: nn.Conv2d, _inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        total += output.shape[-2] * output.shape[-1] * module.weight.numel()

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.inference_mode():
        network(torch.zeros(1, frames, height, width))
    for hook in hooks:
        hook.remove()
    return total
