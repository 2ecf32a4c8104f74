"""The training loop that the three networks share: Adam, warm-up, cosine decay, averaged weights, progress in a CSV file."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from .. import checkpoint, log
from ..descent import average, pace

# On cores that other work uses too, threads inside an operation wait for each other most of the time.
THREADS = 1
GRADIENT_NORM = 5.0


@dataclass(frozen=True)
class Schedule:
    """iterations; rate: of Adam, at its highest; warmup: iterations; ema: decay of the averaged weights; decay: of weights;
    every: iterations between two lines of the log."""

    iterations: int
    rate: float = 2e-3
    warmup: int = 100
    ema: float = 0.995
    decay: float = 1e-4
    every: int = 250
    seed: int = 1


class Batches(Dataset):
    """Batch number k, drawn by `draw(k)`: the same for the same seed, in whatever process it is drawn."""

    def __init__(self, draw: Callable[[int], tuple], first: int, last: int) -> None:
        self.draw, self.first, self.last = draw, first, last

    def __len__(self) -> int:
        return self.last - self.first

    def __getitem__(self, k: int) -> tuple:
        if k >= len(self):
            raise IndexError(k)
        return self.draw(self.first + k)


def single_thread(_worker: int) -> None:
    torch.set_num_threads(1)


def train(
    network: nn.Module,
    draw: Callable[[int], tuple],
    loss_of: Callable[[nn.Module, tuple], torch.Tensor],
    score: Callable[[nn.Module], dict[str, float]],
    schedule: Schedule,
    run: Path,
    minutes: float,
    workers: int = 2,
) -> nn.Module:
    """The averaged network. `draw(iteration)` gives a batch, `score(network)` what the log shows beside the loss.

    An interrupted run goes on from `run/checkpoint.pt`. `minutes` ends the schedule by the clock on a shared machine.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(THREADS)
    network = network.to(memory_format=torch.channels_last).train()
    ema = copy.deepcopy(network).eval().requires_grad_(False)
    optimiser = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.99), weight_decay=schedule.decay)
    first = 0
    if (state := checkpoint.read(run)) is not None:
        network.load_state_dict(state["network"])
        ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["iteration"]

    source = Batches(draw, first, schedule.iterations)
    loader = DataLoader(source, batch_size=None, num_workers=workers, prefetch_factor=4, worker_init_fn=single_thread)
    started, losses, iteration = time.monotonic(), [], first
    for batch in loader:
        progress = max(iteration / schedule.iterations, (time.monotonic() - started) / (60 * minutes))
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * pace(schedule.warmup, iteration, progress)
        loss = loss_of(network, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        optimiser.step()
        average(ema, network, schedule.ema, iteration)
        losses.append(loss.item())
        iteration += 1
        if iteration % schedule.every == 0:
            save(run, network, ema, optimiser, iteration)
            row = {"iteration": iteration, "seconds": round(time.monotonic() - started), "loss": sum(losses) / len(losses)}
            row |= score(ema)
            log.append(run, row)
            print({key: round(value, 4) for key, value in row.items()}, flush=True)
            losses.clear()
    save(run, network, ema, optimiser, iteration)
    return ema


def save(run: Path, network: nn.Module, ema: nn.Module, optimiser: torch.optim.Optimizer, iteration: int) -> None:
    parts = {"network": network, "ema": ema, "optimiser": optimiser}
    checkpoint.write(run, {name: part.state_dict() for name, part in parts.items()} | {"iteration": iteration})
