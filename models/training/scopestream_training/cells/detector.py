"""`smear-find`: a compact network that marks the centres of cells and gives their boxes.

Centres as peaks of one map per kind, after CenterNet (Zhou et al. 2019, arXiv:1904.07850). Most of the work is done at a
sixteenth and a thirty-second of the picture's sampling, where one value sees a whole white cell.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from .layers import Residual, Unit, doubled, residuals
from .smears import KINDS
from .white import transmittance

# The network looks at means of REDUCTION x REDUCTION pixels: a white cell of an immersion lens is some 200 pixels across, and a
# quarter of the work shows it as well. What follows is in such means; the package speaks in pixels.
REDUCTION = 2
STRIDE = 8  # from one value of the maps to the next
STEP = 32  # height and width must be multiples of this
GLASS_PATCH = 16
# What the network starts from: cells are rare, and 64 pixels wide.
PEAK_START, EXTENT_START = -4.0, 2.1
LARGEST_EXTENT = 4.2  # ln of strides: 530 pixels


@dataclass(frozen=True)
class DetectorShape:
    """Channels at strides 4, 8, 16 and 32, and residual blocks at strides 16 and 32."""

    widths: tuple[int, int, int, int] = (24, 32, 64, 96)
    blocks: tuple[int, int] = (1, 2)


class Detector(nn.Module):
    """Reduced pictures [N, H, W, 3] (0 to 255) in; logits of the centre maps [N, kinds, H/8, W/8] and boxes [N, 4, H/8, W/8] out.

    Boxes are left, top, width and height in samples of the reduced picture, for every place of the map.
    """

    def __init__(self, shape: DetectorShape) -> None:
        super().__init__()
        w4, w8, w16, w32 = shape.widths
        self.shape = shape
        self.stem = Unit(3, w4, 4, 4)
        self.to8 = Unit(w4, w8, stride=2)
        self.to16 = Unit(w8, w16, stride=2)
        self.at16 = residuals(w16, shape.blocks[0])
        self.to32 = Unit(w16, w32, stride=2)
        self.at32 = residuals(w32, shape.blocks[1])
        self.up16 = Unit(w32, w16, 1, rectify=False)
        self.join16 = Residual(w16)
        self.up8 = Unit(w16, w8, 1, rectify=False)
        self.join8 = Unit(w8, w8)
        self.head = nn.Conv2d(w8, len(KINDS) + 4, 1)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias.copy_(torch.tensor([PEAK_START] * len(KINDS) + [0, 0, EXTENT_START, EXTENT_START]))

    def maps(self, picture: torch.Tensor) -> torch.Tensor:
        """Raw values [N, kinds + 4, H/8, W/8]: logits, then the centre's offset and the logarithms of the extents, in strides."""
        x = (transmittance(picture, GLASS_PATCH) - 0.7) * 3
        x8 = self.to8(self.stem(x))
        x16 = self.at16(self.to16(x8))
        x32 = self.at32(self.to32(x16))
        x16 = self.join16(functional.relu(x16 + doubled(self.up16(x32))))
        x8 = self.join8(functional.relu(x8 + doubled(self.up8(x16))))
        return self.head(x8)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        maps = self.maps(picture)
        return maps[:, : len(KINDS)], boxes_of(maps[:, len(KINDS) :])


def boxes_of(values: torch.Tensor) -> torch.Tensor:
    """Boxes in samples [N, 4, h, w] from centre offsets and logarithms of extents [N, 4, h, w], in strides."""
    height, width = values.shape[2:]
    columns = torch.arange(width, dtype=torch.float32) + 0.5
    rows = torch.arange(height, dtype=torch.float32) + 0.5
    extent = values[:, 2:].clamp(max=LARGEST_EXTENT).exp()
    left = columns + values[:, 0] - extent[:, 0] / 2
    top = rows[:, None] + values[:, 1] - extent[:, 1] / 2
    return torch.stack([left, top, extent[:, 0], extent[:, 1]], 1) * STRIDE


def reduced(picture: torch.Tensor) -> torch.Tensor:
    """Means float32 [N, H/2, W/2, 3] of a picture uint8 [N, H, W, 3], both 0 to 255."""
    return functional.avg_pool2d(picture.permute(0, 3, 1, 2).float(), REDUCTION).permute(0, 2, 3, 1)


def peaks_of(logits: torch.Tensor) -> torch.Tensor:
    """Probability where no neighbour is more probable, 0 elsewhere."""
    probability = logits.sigmoid()
    return torch.where(probability == functional.max_pool2d(probability, 3, 1, 1), probability, 0.0)
