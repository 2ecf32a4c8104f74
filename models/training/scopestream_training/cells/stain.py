"""Colours of other labs: stain, lamp, white balance and camera curve of a smear, drawn at random.

Absorbance (-ln of the transmitted share of light) is where stains add (Beer-Lambert), so they are changed there: the
amounts of the two blood stains are scaled as in the haematoxylin-eosin-DAB jitter of Tellez et al. (2018, IEEE TMI 37, 2126),
then hues are turned and mixed, which no change of amounts can do. Lamp and camera act on the light that is left.
"""

from dataclasses import dataclass

import numpy as np
import torch

# Rows: absorbance in red, green and blue of a nuclear violet, of a red-brown cytoplasm, and of what neither explains; the
# haematoxylin-eosin-DAB directions of Ruifrok and Johnston (2001, Anal Quant Cytol Histol 23, 291).
STAINS = torch.tensor([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
UNMIX = torch.linalg.inv(STAINS)
DARKEST = 1 / 255


@dataclass(frozen=True)
class StainRange:
    """Standard deviations, unless said otherwise. strength: of the logarithm of all absorbance. amounts: of the logarithm of
    each stain's amount. turn: degrees of hue. mix: of the entries of a matrix added to identity. lamp: of the logarithm of
    each colour's light. level: lowest brightness of empty glass. curve: of the logarithm of the camera's gamma.
    saturation: largest change of the share of colour. grey_share: of pictures without any colour."""

    strength: float = 0.25
    amounts: float = 0.3
    turn: float = 15.0
    mix: float = 0.08
    lamp: float = 0.10
    level: float = 0.55
    curve: float = 0.2
    saturation: float = 0.4
    grey_share: float = 0.02


def hue_turn(degrees: float) -> torch.Tensor:
    """Rotation by `degrees` about the grey axis."""
    angle, axis = np.deg2rad(degrees), np.full(3, 3**-0.5)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) * 3**-0.5
    matrix = np.eye(3) * np.cos(angle) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)
    return torch.from_numpy(matrix).float()


def absorbance_change(ranges: StainRange, rng: np.random.Generator) -> torch.Tensor:
    """A matrix that turns the absorbances (red, green, blue) of one lab into those of another."""
    amounts = torch.from_numpy(np.exp(rng.normal(0, ranges.amounts, 3))).float()
    restained = UNMIX @ torch.diag(amounts) @ STAINS
    mixed = torch.eye(3) + torch.from_numpy(rng.normal(0, ranges.mix, (3, 3))).float()
    return (restained @ mixed).T @ hue_turn(rng.normal(0, ranges.turn)) * float(np.exp(rng.normal(0, ranges.strength)))


def restain(light: torch.Tensor, ranges: StainRange, rng: np.random.Generator) -> torch.Tensor:
    """Another lab's picture of the same cells; light is float32 [3, H, W] in [0, 1]."""
    glass = torch.quantile(light[:, ::4, ::4].flatten(1), 0.95, dim=1)[:, None].clamp(min=0.1)
    absorbed = -torch.log((light.flatten(1) / glass).clamp(DARKEST, 1.2))
    transmitted = torch.exp(-(absorbance_change(ranges, rng) @ absorbed)).clamp(max=1.2)
    colour = torch.from_numpy(np.exp(rng.normal(0, ranges.lamp, 3))).float()
    new_glass = (rng.uniform(ranges.level, 1.0) * colour / colour.max())[:, None]
    seen = (transmitted * new_glass).clamp(DARKEST, 1) ** float(np.exp(rng.normal(0, ranges.curve)))
    grey = seen.mean(0, keepdim=True)
    share = 0.0 if rng.random() < ranges.grey_share else 1 + rng.uniform(-ranges.saturation, ranges.saturation)
    return (grey + share * (seen - grey)).clamp(0, 1).view_as(light)
