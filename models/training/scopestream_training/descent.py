"""Going downhill, as all training loops do: optimisers, their schedule, gradients of several workers, averaged weights."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import nn

from .muon import Muon

GRADIENT_NORM = 1.0  # clipped above; a rare bright patch would otherwise throw the weights

Gradients = tuple[torch.Tensor, ...]
Rated = list[tuple[torch.optim.Optimizer, float]]


def muon_and_adam(network: nn.Module, in_body: Callable[[str, nn.Parameter], bool], muon_rate: float, adam_rate: float) -> Rated:
    """Muon for what is `in_body` (by name and value), Adam for the rest; each with its learning rate."""
    body, others = [], []
    for name, parameter in network.named_parameters():
        (body if in_body(name, parameter) else others).append(parameter)
    adam = torch.optim.Adam(others, adam_rate, betas=(0.9, 0.99))
    return [(Muon(body, muon_rate), muon_rate), (adam, adam_rate)]


def is_end(name: str) -> bool:
    """Where pixels come in and go out the rows of a weight mean something: Adam, as is usual."""
    return name.startswith(("base", "head", "tail"))


def pace(warmup: int, iteration: int, progress: float) -> float:
    """Factor of the learning rates: linear warm-up, then a cosine over the schedule (`progress` 0 to 1) down to 1 %."""
    warm = min(1.0, (iteration + 1) / warmup)
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def mean_gradients(shares: Sequence[Gradients]) -> list[torch.Tensor]:
    """Of the shares of a batch, parameter by parameter."""
    return [torch.stack(parts).mean(0) for parts in zip(*shares, strict=True)]


def step(network: nn.Module, shares: Sequence[Gradients], optimisers: Rated, factor: float) -> None:
    """One iteration along the mean of the shares' gradients, clipped, at `factor` times each optimiser's rate."""
    for parameter, gradient in zip(network.parameters(), mean_gradients(shares), strict=True):
        parameter.grad = gradient
    nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
    for optimiser, rate in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = rate * factor
        optimiser.step()


@torch.no_grad()
def average(ema: nn.Module, network: nn.Module, decay: float, iteration: int) -> None:
    decay = min(decay, (1 + iteration) / (10 + iteration))
    for kept, new in zip(ema.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
    for kept, new in zip(ema.buffers(), network.buffers(), strict=True):
        kept.copy_(new)
