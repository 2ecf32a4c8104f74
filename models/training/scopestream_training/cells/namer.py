"""`smear-name`: a compact residual network that names one white cell."""

from dataclasses import dataclass

import torch
from torch import nn

from .layers import Unit, residuals
from .smears import CLASSES
from .white import transmittance

GLASS_PATCH = 8
DARKEST = 0.02  # transmittance: 1.7 of optical density


@dataclass(frozen=True)
class NamerShape:
    """Channels at a half, a quarter, an eighth and a sixteenth of the crop's sampling, and residual blocks at the last three."""

    widths: tuple[int, int, int, int] = (16, 32, 64, 112)
    blocks: tuple[int, int, int] = (1, 1, 1)


class Namer(nn.Module):
    """uint8 [N, 96, 96, 3] in, logits [N, classes] out. The network sees absorbances, in which stains add."""

    def __init__(self, shape: NamerShape) -> None:
        super().__init__()
        w2, w4, w8, w16 = shape.widths
        self.stem = Unit(3, w2, 5, 2)
        self.to4 = Unit(w2, w4, stride=2)
        self.at4 = residuals(w4, shape.blocks[0])
        self.to8 = Unit(w4, w8, stride=2)
        self.at8 = residuals(w8, shape.blocks[1])
        self.to16 = Unit(w8, w16, stride=2)
        self.at16 = residuals(w16, shape.blocks[2])
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(w16, len(CLASSES))

    def features(self, cells: torch.Tensor) -> torch.Tensor:
        x = -transmittance(cells, GLASS_PATCH).clamp(min=DARKEST).log()
        x = self.at4(self.to4(self.stem(x)))
        x = self.at16(self.to16(self.at8(self.to8(x))))
        return x.mean((2, 3))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.features(cells)))
