"""`smear-name`: a compact residual network that names one white cell."""

from dataclasses import dataclass

import torch
from torch import nn

from .layers import Unit, residuals
from .smears import CLASSES
from .white import transmittance

GLASS_PATCH = 8
DARKEST = 0.02  # transmittance: 1.7 of optical density
STYLE_SHARE, STYLE_ALPHA = 0.5, 0.1  # of batches whose styles are mixed; of the beta distribution of the mixture


@dataclass(frozen=True)
class NamerShape:
    """Channels at a half, a quarter, an eighth and a sixteenth of the crop's sampling, and residual blocks at the last three.
    mix_styles: in training (see `styles_mixed`)."""

    widths: tuple[int, int, int, int] = (16, 32, 64, 112)
    blocks: tuple[int, int, int] = (1, 1, 1)
    mix_styles: bool = False


def styles_mixed(x: torch.Tensor) -> torch.Tensor:
    """MixStyle (Zhou et al. 2021, arXiv:2104.02008): mean and spread of each channel of a cell, where stain and lamp show, are
    mixed with those of another cell of the batch. What a class looks like must then be read from shape and texture."""
    mean = x.mean((2, 3), keepdim=True).detach()
    spread = (x.var((2, 3), keepdim=True) + 1e-6).sqrt().detach()
    own = torch.distributions.Beta(STYLE_ALPHA, STYLE_ALPHA).sample((len(x), 1, 1, 1))
    other = torch.randperm(len(x))
    return (x - mean) / spread * spread[other].lerp(spread, own) + mean[other].lerp(mean, own)


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
        self.mix_styles = shape.mix_styles

    def features(self, cells: torch.Tensor) -> torch.Tensor:
        x = -transmittance(cells, GLASS_PATCH).clamp(min=DARKEST).log()
        x = self.styled(self.at4(self.to4(self.styled(self.stem(x)))))
        x = self.at16(self.to16(self.at8(self.to8(x))))
        return x.mean((2, 3))

    def styled(self, x: torch.Tensor) -> torch.Tensor:
        return styles_mixed(x) if self.training and self.mix_styles and torch.rand(()) < STYLE_SHARE else x

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.features(cells)))
