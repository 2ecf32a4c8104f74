"""Trains one colour network: `python -m scopestream_training.colour.train configs/colour/smear-sr.toml --data DIR --run DIR`.

L1 loss, Muon for the body and Adam for the first and last layer, both with warm-up and cosine decay, a moving average of the
weights as the result. With an `[adversary]` in the config, L1 + adversarial + feature loss against a U-Net discriminator.
Run it again with the same `--run` to go on after an interruption. `log.csv` holds the progress.
"""

import argparse
import csv
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..muon import Muon
from ..train import average, pace
from .adversary import Opponent
from .config import Config, load
from .degradation import Instrument, reduced, through_instrument
from .metrics import psnr
from .patches import Patches, as_pictures, as_tensor
from .pictures import load_cells

SAVE_EVERY = 100  # iterations
HELD_PICTURES = 25  # of the validation set, to follow the progress
# As in scopestream_training.train: shares of a batch on single-threaded workers that meet once an iteration.
SHARES = 2
GRADIENT_NORM = 1.0


def optimisers(network: nn.Module, config: Config) -> list[tuple[torch.optim.Optimizer, float]]:
    """Each with its learning rate."""
    if config.muon_rate == 0:
        return [(torch.optim.Adam(network.parameters(), betas=(0.9, 0.99)), config.rate)]
    body, others = [], []
    for name, parameter in network.named_parameters():
        (body if parameter.ndim > 1 and not name.startswith(("head", "tail")) else others).append(parameter)
    adam = torch.optim.Adam(others, betas=(0.9, 0.99))
    return [(Muon(body, config.muon_rate), config.muon_rate), (adam, config.rate)]


Job = tuple[dict[str, float], tuple[Tensor, ...]]


def fidelity_gradients(network: nn.Module, small: Tensor, truth: Tensor) -> Job:
    loss = (network(small) - truth).abs().mean()
    return {"pixel": loss.item()}, torch.autograd.grad(loss, tuple(network.parameters()))


def take_mean(network: nn.Module, shares: list[tuple[Tensor, ...]]) -> None:
    """Gives every parameter the mean of the shares' gradients."""
    for parameter, *parts in zip(network.parameters(), *shares, strict=True):
        parameter.grad = torch.stack(parts).mean(0)
    nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)


def held_pairs(data: Path) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Truth, reduced, and through the scored instrument, of pictures spread over the classes."""
    cells = load_cells(data, "val")
    chosen = np.linspace(0, len(cells.pixels) - 1, HELD_PICTURES).round().astype(int)
    rng = np.random.default_rng(0)
    return [(p, reduced(p), through_instrument(p, Instrument(), rng)) for p in cells.pixels[chosen]]


def validate(network: nn.Module, held: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Mean PSNR (dB, RGB, no crop) of reduced pictures, and of those through the instrument."""
    sums = np.zeros(2)
    with torch.inference_mode():
        for truth, *smalls in held:
            for k, small in enumerate(smalls):
                sums[k] += psnr(as_pictures(network(as_tensor(small[None])))[0], truth)
    return tuple(sums / len(held))


def train(config: Config, data: Path, run: Path, minutes: float) -> None:
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    torch.set_num_threads(1)
    network, ema = (config.network().to(memory_format=torch.channels_last) for _ in range(2))
    if config.start:
        network.load_state_dict(torch.load(config.start)["ema"])
    ema.load_state_dict(network.state_dict())
    ema.requires_grad_(False)
    steppers = optimisers(network, config)
    opponent = Opponent(config.adversary) if config.adversary else None
    first, spent = 0, 0.0
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        ema.load_state_dict(state["ema"])
        for (optimiser, _), kept in zip(steppers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        if opponent:
            opponent.restore(state["opponent"])
        first, spent = state["iteration"], state["minutes"]

    source = Patches(load_cells(data, "train").pixels, config.instrument_share, config.softened)
    held = held_pairs(data)
    pool = ThreadPoolExecutor(SHARES)
    records: list[dict[str, float]] = []
    started, done = time.monotonic(), first

    def save() -> None:
        state = {
            "network": network.state_dict(),
            "ema": ema.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser, _ in steppers],
            "opponent": opponent.state() if opponent else None,
            "iteration": done,
            "minutes": spent + (time.monotonic() - started) / 60,
        }
        partial = checkpoint.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(checkpoint)

    for iteration in range(first, config.iterations):
        progress = max(iteration / config.iterations, (time.monotonic() - started) / (60 * minutes))
        if progress >= 1:
            break
        factor = pace(config.warmup, iteration, progress)
        # A generator per share: an interrupted run draws what an uninterrupted one would have drawn.
        generators = [np.random.default_rng((config.seed, iteration, k)) for k in range(SHARES)]
        batches = list(pool.map(lambda rng: source.batch(config.batch // SHARES, config.patch, rng), generators))
        done = iteration + 1
        if opponent:
            record = opponent.learn(network, batches, pool, factor)
            if done <= config.adversary.head_start:
                continue
            jobs = list(pool.map(lambda pair: opponent.gradients(network, *pair), batches))
        else:
            record = {}
            jobs = list(pool.map(lambda pair: fidelity_gradients(network, *pair), batches))
        take_mean(network, [gradient for _, gradient in jobs])
        for optimiser, rate in steppers:
            for group in optimiser.param_groups:
                group["lr"] = factor * rate
            optimiser.step()
        average(ema, network, config.ema, iteration)
        records.append(record | {key: float(np.mean([job[0][key] for job in jobs])) for key in jobs[0][0]})
        if done % SAVE_EVERY == 0:
            save()
            means = {key: float(np.mean([r[key] for r in records])) for key in records[0]}
            clean, instrument = validate(ema, held)
            seconds = round(time.monotonic() - started)
            log(run / "log.csv", {"iteration": done, "seconds": seconds, **means, "psnr": clean, "psnr_instrument": instrument})
            records.clear()
    pool.shutdown()
    save()


def log(path: Path, row: dict[str, float]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if fresh:
            writer.writeheader()
        writer.writerow({key: round(value, 5) for key, value in row.items()})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt and log.csv")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    arguments = parser.parse_args()
    train(load(arguments.config), arguments.data, arguments.run, arguments.minutes)


if __name__ == "__main__":
    main()
