"""What a run of a large network is: read from `configs/large/<id>.toml`. As `scopestream_training.config`, with the kind of the
network under `[shape]` and, for a GAN, `[adversary]`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ..config import Config
from .rrdb import Rrdb, RrdbShape
from .srresnet import SrResNet, SrResNetShape
from .swinir import SwinIr, SwinShape

KINDS = {"rrdb": (Rrdb, RrdbShape), "srresnet": (SrResNet, SrResNetShape), "swinir": (SwinIr, SwinShape)}


@dataclass(frozen=True)
class Adversary:
    """The GAN part of a run. Weights of the generator's losses: `pixel` (absolute error), `adversarial`, and `feature`, a
    distance inside the encoder of one of our own denoising networks (`encoder`: its config; `weights`: its checkpoint, or the
    `weights.onnx` of its package).
    width: of the discriminator; rate: its learning rate (Adam)."""

    encoder: str
    weights: str
    pixel: float = 1.0
    adversarial: float = 0.1
    feature: float = 1.0
    width: int = 16
    rate: float = 2e-4


@dataclass(frozen=True)
class LargeConfig(Config):
    """kind: of the network, a key of KINDS. `start` names a checkpoint of the same network. `teacher`, `ensemble` and `tail`
    of the compact networks are not used."""

    kind: str = "rrdb"
    adversary: Adversary | None = None

    def network(self) -> nn.Module:
        return KINDS[self.kind][0](self.shape)


def load(path: Path) -> LargeConfig:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    shape = values.pop("shape")
    kind = shape.pop("kind")
    if adversary := values.pop("adversary", None):
        values["adversary"] = Adversary(**adversary)
    values["sources"] = tuple(values["sources"])
    return LargeConfig(id=path.stem, kind=kind, shape=KINDS[kind][1](**shape), **values)
