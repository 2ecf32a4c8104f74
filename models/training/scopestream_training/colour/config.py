"""What a colour run is: read from `configs/colour/<id>.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from .networks import Compact, SRResNet
from .swinir import SwinIRLight

NETWORKS = {"compact": Compact, "srresnet": SRResNet, "swinir-light": SwinIRLight}


@dataclass(frozen=True)
class Adversary:
    """The GAN part of a run. Weights of the generator's losses beside the pixel loss, whose weight is 1.

    width, rate: of the discriminator, which learns alone for the first `head_start` iterations: against a novice the generator
    only loses what it knew. features: checkpoint of the classifier whose features are compared.
    """

    width: int
    adversarial: float
    feature: float
    features: str
    rate: float = 2e-4
    head_start: int = 0


@dataclass(frozen=True)
class Config:
    """id: of the package. kind: of the network; shape: its arguments. patch: side of the small picture's crop.
    instrument_share: of the patches that came through a poor instrument (the others are only reduced). softened: share of
    the truths (see patches.py).
    rate (Adam, first and last layer) and muon_rate (the weights between; 0: Adam for all), warmup: the optimisers'.
    start: checkpoint of another run to take weights from."""

    id: str
    kind: str
    shape: dict[str, int]
    iterations: int
    batch: int = 16
    patch: int = 32
    instrument_share: float = 0.5
    softened: float = 0.25
    rate: float = 1e-3
    muon_rate: float = 0.02
    warmup: int = 50
    ema: float = 0.999
    seed: int = 1
    start: str | None = None
    adversary: Adversary | None = None

    def network(self) -> nn.Module:
        return NETWORKS[self.kind](**self.shape)


def load(path: Path) -> Config:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    adversary = values.pop("adversary", None)
    return Config(id=path.stem, adversary=Adversary(**adversary) if adversary else None, **values)
