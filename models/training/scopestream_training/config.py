"""What a training run is: read from `configs/<id>.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from .networks import LumenShape


@dataclass(frozen=True)
class Teacher:
    """A larger network to learn from: its config, its checkpoint, and the share of its picture in the target. What it
    predicts has no noise of the truth in it, and nothing that the input does not hold."""

    config: str
    checkpoint: str
    share: float = 0.5


@dataclass(frozen=True)
class Config:
    """id: of the package. sources: of clean images (see data.load_clean). iterations, batch, patch (input samples),
    rate (Muon), adam_rate and warmup (iterations): the optimisers'. real_share: expected share of real pairs; the last
    `tail` of the schedule uses `tail_real_share`, `tail_patch` and `tail_batch`. start: checkpoint of another run to take
    weights from. ensemble: packaged as a FlipEnsemble. teacher: to distil from. quantised: computed as its int8 form
    will be (fake_quantisation.py), mostly to go on from a run that was not."""

    id: str
    shape: LumenShape
    sources: tuple[str, ...]
    real_share: float
    iterations: int
    batch: int
    patch: int
    rate: float = 0.02
    adam_rate: float = 1e-3
    warmup: int = 100
    ema: float = 0.999
    seed: int = 1
    tail: float = 0.0
    tail_real_share: float = 0.0
    tail_patch: int = 64
    tail_batch: int = 16
    start: str | None = None
    ensemble: bool = False
    teacher: Teacher | None = None
    quantised: bool = False


def load(path: Path) -> Config:
    values = tomllib.loads(path.read_text())
    values.pop("card", None)
    shape = values.pop("shape")
    shape = LumenShape(**{k: tuple(v) if isinstance(v, list) else v for k, v in shape.items()})
    values["sources"] = tuple(values["sources"])
    if "teacher" in values:
        values["teacher"] = Teacher(**values["teacher"])
    return Config(id=path.stem, shape=shape, **values)
