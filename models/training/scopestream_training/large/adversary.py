"""The discriminator, and the losses that a generator has because of it.

Real-ESRGAN's U-Net discriminator with spectral normalisation, which the colour networks have too, here for one channel. The
published perceptual loss compares pictures inside VGG; this one inside the encoder of one of our own denoising networks.
"""

from pathlib import Path

import torch
from torch import nn

from ..colour.adversary import MADE, REAL, UNetDiscriminator, judged
from ..config import load as load_lumen
from ..networks import Lumen
from ..train import weights_of
from .config import Adversary

COLOURS = 3  # that the colour networks' discriminator sees


class Discriminator(UNetDiscriminator):
    """[N, 1, H, W] normalised, H and W multiples of 16 -> logits [N, 1, H / 2, W / 2]."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.head = nn.Conv2d(self.head.in_channels // COLOURS, width, 3, padding=1)


class Encoder(nn.Module):
    """The way down of a trained Lumen network: features of every level."""

    def __init__(self, network: Lumen) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        features = []
        y = self.network.head(x)
        for k, blocks in enumerate(self.network.down_blocks):
            y = blocks(self.network.downs[k - 1](y) if k else y)
            features.append(y)
        return features


def load_encoder(settings: Adversary) -> Encoder:
    network = Lumen(load_lumen(Path(settings.encoder)).shape)
    network.load_state_dict(weights_of(Path(settings.weights)))
    return Encoder(network).requires_grad_(False)


def feature_distance(made: list[torch.Tensor], wanted: list[torch.Tensor]) -> torch.Tensor:
    """Mean over levels of the absolute difference, in units of the level's own mean magnitude."""
    levels = zip(made, wanted, strict=True)
    return sum((a - b).abs().mean() / b.abs().mean().clamp_min(1e-6) for a, b in levels) / len(wanted)


class Opponent:
    """A discriminator with its optimiser, and the generator's loss against it."""

    def __init__(self, settings: Adversary, device: str) -> None:
        self.settings = settings
        self.discriminator = Discriminator(settings.width).to(device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.discriminator.parameters(), settings.rate, betas=(0.9, 0.99))
        self.encoder = load_encoder(settings).to(device, memory_format=torch.channels_last)

    def prepare(self) -> None:
        """Once an iteration, before the shares: one power iteration of every spectral norm, which then stands still."""
        self.discriminator.refresh_norms()

    def parameters(self) -> tuple[nn.Parameter, ...]:
        return tuple(self.discriminator.parameters())

    def generator_loss(self, made: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """`weights` are inverse squared errors; their roots suit absolute errors."""
        settings = self.settings
        pixel = (weights.sqrt() * (made - truth).abs().mean((1, 2, 3))).mean()
        features = feature_distance(self.encoder(made), self.encoder(truth))
        adversarial = judged(self.discriminator(made), REAL)
        return settings.pixel * pixel + settings.feature * features + settings.adversarial * adversarial

    def discriminator_loss(self, made: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        return judged(self.discriminator(truth), REAL) + judged(self.discriminator(made.detach()), MADE)

    def step(self, gradients: list[torch.Tensor], factor: float) -> None:
        for parameter, gradient in zip(self.parameters(), gradients, strict=True):
            parameter.grad = gradient
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * factor
        self.optimiser.step()

    def state(self) -> dict:
        return {"discriminator": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimiser.load_state_dict(state["optimiser"])
