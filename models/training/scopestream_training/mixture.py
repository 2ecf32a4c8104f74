"""The training data that a config asks for."""

from functools import partial
from pathlib import Path

import numpy as np

from .config import Config
from .data import Mixture, load_clean, load_w2s
from .degradation import NoiseRange
from .temporal import MovingMixture


def mixture(config: Config, data: Path) -> Mixture:
    rng = np.random.default_rng(config.seed)
    stride = config.shape.upscale
    kind = Mixture if config.shape.frames == 1 else partial(MovingMixture, frames=config.shape.frames)
    return kind(
        pairs=load_w2s(data, "train", stride) if config.real_share > 0 else [],
        cleans=[load_clean(data, source, rng) for source in config.sources],
        noise=NoiseRange(),
        stride=stride,
        real_share=config.real_share,
    )
