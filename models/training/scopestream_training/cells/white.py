"""Brightfield white inside the graphs: every colour is divided by the brightest patch of its picture.

In a smear that patch is the empty glass, so the colour of the lamp, the white balance and the exposure drop out.
"""

import torch
from torch.nn import functional

DARKEST = 0.1  # of full scale: a picture without light is not amplified beyond ten times


def transmittance(picture: torch.Tensor, patch: int) -> torch.Tensor:
    """Light [N, 3, H, W] as a share of the brightest `patch` x `patch` mean of its colour; pictures [N, H, W, 3] of 0 to 255."""
    light = picture.permute(0, 3, 1, 2).float() / 255
    glass = functional.avg_pool2d(light, patch).amax((2, 3), keepdim=True).clamp(min=DARKEST)
    return light / glass
