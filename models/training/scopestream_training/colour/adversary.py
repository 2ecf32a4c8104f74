"""The discriminator and the generator's losses against it.

`UNetDiscriminator`: Real-ESRGAN's (Wang et al. 2021, after Schonfeld et al. 2020), with spectral normalisation, one real-or-not
logit for every 2x2 pixels. It looks through a 2x2 unshuffle, which costs a quarter, at the picture and, many times stronger,
at the detail that the small picture cannot hold: without that it learns nothing in hundreds of iterations.
The feature loss compares pictures inside our own classifier of blood cells (`features.py`), not inside VGG.
"""

import itertools
from concurrent.futures import Executor
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from .config import Adversary
from .degradation import FACTOR
from .features import load_features

REAL, MADE = 1.0, 0.0
MIDDLE, SPREAD = 0.5, 0.25  # of pictures; what the first layer sees is (picture - MIDDLE) / SPREAD
DETAIL = 16.0  # times which detail is shown
LEAK = 0.2
# Of every normalised convolution: a signal that is normalised and rectified halves in each of seven layers.
GAIN = 2.0


class UNetDiscriminator(nn.Module):
    """[N, 3, H, W] in [0, 1], H and W multiples of 16 -> logits [N, 1, H / 2, W / 2]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.head = nn.Conv2d(2 * 12, width, 3, padding=1)
        pairs = list(itertools.pairwise(widths))
        self.downs = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, 2, 1, bias=False)) for a, b in pairs)
        self.ups = nn.ModuleList(spectral_norm(nn.Conv2d(b, a, 3, 1, 1, bias=False)) for a, b in reversed(pairs))
        self.last = spectral_norm(nn.Conv2d(width, width, 3, 1, 1, bias=False))
        self.tail = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        shown = torch.cat([(x - MIDDLE) / SPREAD, DETAIL * detail(x)], 1)
        y = functional.leaky_relu(self.head(functional.pixel_unshuffle(shown, 2)), LEAK)
        skips = []
        for down in self.downs:
            skips.append(y)
            y = functional.leaky_relu(GAIN * down(y), LEAK)
        for up in self.ups:
            y = functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=False)
            y = functional.leaky_relu(GAIN * up(y), LEAK) + skips.pop()
        return self.tail(functional.leaky_relu(GAIN * self.last(y), LEAK))

    def refresh_norms(self) -> None:
        """One power iteration of every spectral norm; between these the weights are fixed, so that threads may share them."""
        self.train()
        with torch.no_grad():
            for module in self.modules():
                if is_parametrized(module):
                    _ = module.weight
        self.eval()


def detail(x: Tensor) -> Tensor:
    """What averages over 4x4 pixels leave out."""
    coarse = functional.avg_pool2d(x, FACTOR)
    return x - functional.interpolate(coarse, scale_factor=FACTOR, mode="bilinear", align_corners=False)


def judged(logits: Tensor, verdict: float) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, verdict))


class Opponent:
    """A discriminator with its optimiser, and the losses that the generator has because of it."""

    def __init__(self, settings: Adversary) -> None:
        self.settings = settings
        self.discriminator = UNetDiscriminator(settings.width).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.discriminator.parameters(), betas=(0.9, 0.99))
        self.features = load_features(Path(settings.features))

    def learn(self, network: nn.Module, batches: list[tuple[Tensor, Tensor]], pool: Executor, factor: float) -> dict[str, float]:
        """One step of the discriminator: the truth is real, the network's pictures are made."""
        for group in self.optimiser.param_groups:
            group["lr"] = factor * self.settings.rate
        self.discriminator.refresh_norms()
        parameters = tuple(self.discriminator.parameters())

        def job(pair: tuple[Tensor, Tensor]) -> tuple[float, tuple[Tensor, ...]]:
            small, truth = pair
            with torch.no_grad():
                made = network(small)
            loss = judged(self.discriminator(truth), REAL) + judged(self.discriminator(made), MADE)
            return loss.item(), torch.autograd.grad(loss, parameters)

        jobs = list(pool.map(job, batches))
        for parameter, *parts in zip(parameters, *(gradient for _, gradient in jobs), strict=True):
            parameter.grad = torch.stack(parts).mean(0)
        self.optimiser.step()
        self.discriminator.eval()
        return {"discriminator": sum(loss for loss, _ in jobs) / len(jobs)}

    def gradients(self, network: nn.Module, small: Tensor, truth: Tensor) -> tuple[dict[str, float], tuple[Tensor, ...]]:
        """The generator's losses, and the gradient of their weighted sum."""
        made = network(small)
        pixel = (made - truth).abs().mean()
        adversarial = judged(self.discriminator(made), REAL)
        with torch.no_grad():
            wanted = self.features(truth)
        feature = sum((a - b).abs().mean() for a, b in zip(self.features(made), wanted, strict=True))
        loss = pixel + self.settings.adversarial * adversarial + self.settings.feature * feature
        values = {"pixel": pixel.item(), "adversarial": adversarial.item(), "feature": feature.item()}
        return values, torch.autograd.grad(loss, tuple(network.parameters()))

    def state(self) -> dict:
        return {"discriminator": self.discriminator.state_dict(), "optimiser": self.optimiser.state_dict()}

    def restore(self, state: dict) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimiser.load_state_dict(state["optimiser"])
