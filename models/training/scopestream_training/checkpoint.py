"""A training run on disk: `checkpoint.pt` in its folder, from which an interrupted run goes on and a finished one is packaged."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

FILE = "checkpoint.pt"


def write(run: Path, state: dict[str, object]) -> None:
    """In place of the one before, which stays whole if this is interrupted."""
    partial = run / FILE.replace(".pt", ".part")
    torch.save(state, partial)
    partial.replace(run / FILE)


def read(run: Path, device: str = "cpu") -> dict | None:
    """None where the run has not begun."""
    path = run / FILE
    return torch.load(path, map_location=device) if path.exists() else None


def states(network: nn.Module, ema: nn.Module, optimisers: Sequence[torch.optim.Optimizer]) -> dict[str, object]:
    """What a run of several optimisers goes on from, but for its counters."""
    return {
        "network": network.state_dict(),
        "ema": ema.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
    }


def restore(state: dict, network: nn.Module, ema: nn.Module, optimisers: Sequence[torch.optim.Optimizer]) -> None:
    """The inverse of `states`."""
    network.load_state_dict(state["network"])
    ema.load_state_dict(state["ema"])
    for optimiser, kept in zip(optimisers, state["optimisers"], strict=True):
        optimiser.load_state_dict(kept)
