"""`nuclei-find`: a small U-Net that says where nuclei and their rims are, and the outlines that follow from it."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from skimage.segmentation import watershed
from torch import nn
from torch.nn import functional

from .layers import Residual, Unit, doubled, residuals
from .teacher import without_specks

GRID = 4  # pixels from one value of the finest level to the next
STEP = 16  # height and width must be multiples of this many pixels
FOREGROUND, RIM = range(2)


@dataclass(frozen=True)
class NucleiShape:
    """Channels at strides 4, 8 and 16, and residual blocks at stride 16."""

    widths: tuple[int, int, int] = (24, 48, 72)
    blocks: int = 2


class Nuclei(nn.Module):
    """Normalised frame [N, 1, H, W] in; logits of foreground and rim [N, 2, H, W] out."""

    def __init__(self, shape: NucleiShape) -> None:
        super().__init__()
        w4, w8, w16 = shape.widths
        self.stem = Unit(1, w4, 2 * GRID + 1, GRID)
        self.at4 = Residual(w4)
        self.to8 = Unit(w4, w8, stride=2)
        self.at8 = Residual(w8)
        self.to16 = Unit(w8, w16, stride=2)
        self.at16 = residuals(w16, shape.blocks)
        self.up8 = Unit(w16, w8, 1, rectify=False)
        self.join8 = Residual(w8)
        self.up4 = Unit(w8, w4, 1, rectify=False)
        self.join4 = Residual(w4)
        self.head = nn.Conv2d(w4, 2 * GRID**2, 3, padding=1)
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, frame: torch.Tensor) -> torch.Tensor:
        x4 = self.at4(self.stem(frame))
        x8 = self.at8(self.to8(x4))
        x16 = self.at16(self.to16(x8))
        x8 = self.join8(functional.relu(x8 + doubled(self.up8(x16))))
        x4 = self.join4(functional.relu(x4 + doubled(self.up4(x8))))
        return functional.pixel_shuffle(self.head(x4), GRID)


def outlined(foreground: np.ndarray, rim: np.ndarray, threshold: float, seed_threshold: float, smallest: int) -> np.ndarray:
    """Labels uint16 [H, W]: seeds where foreground minus rim is above `seed_threshold`, grown into foreground above `threshold`;
    nuclei of fewer than `smallest` pixels are dropped. The service does the same."""
    inside = foreground - rim
    seeds, _ = ndimage.label(inside > seed_threshold)
    grown = watershed(-inside, seeds, mask=foreground > threshold)
    return without_specks(grown, smallest)


def rims(labels: np.ndarray) -> np.ndarray:
    """Pixels of a nucleus within two pixels of another label, and of the background beside it: the boundary to be learnt."""
    highest = ndimage.maximum_filter(labels, 3)
    lowest = ndimage.minimum_filter(labels, 3)
    return ndimage.binary_dilation(highest != lowest, iterations=1) & (ndimage.maximum_filter(labels, 5) > 0)
