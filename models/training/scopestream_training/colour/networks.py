"""The x4 networks: RGB in [0, 1], [N, 3, H, W] -> [N, 3, 4H, 4W], each a correction to bicubic.

`Compact` works at the input's sampling throughout (as SRVGGNetCompact of Real-ESRGAN does) and enlarges in its last layer.
`SRResNet` is the generator of SRGAN (Ledig et al. 2017) in the form without batch normalisation (MSRResNet of BasicSR).
SwinIR-light is in `swinir.py`.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..networks import ResidualBlock

FACTOR = 4
# Keys' cubic convolution (a = -1/2) reaches two samples to each side.
BASE_RADIUS = 2


def keys(distance: np.ndarray, a: float = -0.5) -> np.ndarray:
    """Keys' cubic convolution kernel (IEEE Trans. ASSP 29, 1981) at `distance` samples."""
    d = np.abs(distance)
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def bicubic_taps() -> np.ndarray:
    """Weights [48, 1, 5, 5] of the grouped convolution that, shuffled, enlarges three colours by 4, centres aligned."""
    phases = (np.arange(FACTOR) + 0.5) / FACTOR - 0.5
    rows = keys(np.arange(-BASE_RADIUS, BASE_RADIUS + 1)[None] - phases[:, None])
    taps = np.einsum("iy,jx->ijyx", rows, rows).reshape(FACTOR**2, 1, 5, 5)
    return np.tile(taps, (3, 1, 1, 1)).astype(np.float32)


class Bicubic(nn.Module):
    """Bicubic enlargement, edges replicated."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("taps", torch.from_numpy(bicubic_taps()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = functional.pad(x, [BASE_RADIUS] * 4, mode="replicate")
        return functional.pixel_shuffle(functional.conv2d(padded, self.taps, groups=3), FACTOR)


class BiasedBlock(ResidualBlock):
    """The residual block of the fluorescence networks, with biases: colour has no need of scale equivariance."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.first.bias = nn.Parameter(torch.zeros(width))
        self.second.bias = nn.Parameter(torch.zeros(width))


class Compact(nn.Module):
    """All work at the small picture's sampling."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.base = Bicubic()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(BiasedBlock(width) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, 3 * FACTOR**2, 3, padding=1)
        start_from_base(self.tail)

    def forward(self, x: Tensor) -> Tensor:
        y = self.tail(functional.relu(self.blocks(self.head(x))))
        return self.base(x) + functional.pixel_shuffle(y, FACTOR)


class SRResNet(nn.Module):
    """Residual blocks at the small picture's sampling, two shuffles, and a last layer on the large grid."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.base = Bicubic()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(BiasedBlock(width) for _ in range(blocks)))
        self.ups = nn.ModuleList(nn.Conv2d(width, 4 * width, 3, padding=1) for _ in range(2))
        self.tail = nn.Conv2d(width, 3, 3, padding=1)
        start_from_base(self.tail)

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(x)
        y = y + self.blocks(y)
        for up in self.ups:
            y = functional.relu(functional.pixel_shuffle(up(y), 2))
        return self.base(x) + self.tail(y)


def start_from_base(tail: nn.Conv2d) -> None:
    """A new network is bicubic."""
    nn.init.zeros_(tail.weight)
    nn.init.zeros_(tail.bias)


def multiply_accumulates(network: nn.Module, side: int = 64) -> int:
    """Of the convolutions, for a `side` x `side` picture."""
    total = 0

    def count(module: nn.Conv2d, _: object, output: Tensor) -> None:
        nonlocal total
        total += module.weight[0].numel() * output[0].numel()

    hooks = [module.register_forward_hook(count) for module in network.modules() if isinstance(module, nn.Conv2d)]
    with torch.inference_mode():
        network(torch.zeros(1, 3, side, side))
    for hook in hooks:
        hook.remove()
    return total
