"""Trains one colour network: `python -m scopestream_training.colour.train configs/colour/smear-sr.toml --data DIR --run DIR`.

L1 loss, Muon for the body and Adam for the first and last layer, both with warm-up and cosine decay, a moving average of the
weights as the result. With an `[adversary]` in the config, L1 + adversarial + feature loss against a U-Net discriminator.
Run it again with the same `--run` to go on after an interruption. `log.csv` holds the progress.
"""

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .. import checkpoint, log
from ..descent import Gradients, Rated, average, muon_and_adam, pace, step
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


def optimisers(network: nn.Module, config: Config) -> Rated:
    """Each with its learning rate."""
    if config.muon_rate == 0:
        return [(torch.optim.Adam(network.parameters(), betas=(0.9, 0.99)), config.rate)]

    def in_body(name: str, parameter: nn.Parameter) -> bool:
        return parameter.ndim > 1 and not name.startswith(("head", "tail"))

    return muon_and_adam(network, in_body, config.muon_rate, config.rate)


Job = tuple[dict[str, float], Gradients]


def fidelity_gradients(network: nn.Module, small: Tensor, truth: Tensor) -> Job:
    loss = (network(small) - truth).abs().mean()
    return {"pixel": loss.item()}, torch.autograd.grad(loss, tuple(network.parameters()))


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
    rated = optimisers(network, config)
    steppers = [optimiser for optimiser, _ in rated]
    opponent = Opponent(config.adversary) if config.adversary else None
    first, spent = 0, 0.0
    if (state := checkpoint.read(run)) is not None:
        checkpoint.restore(state, network, ema, steppers)
        if opponent:
            opponent.restore(state["opponent"])
        first, spent = state["iteration"], state["minutes"]

    source = Patches(load_cells(data, "train").pixels, config.instrument_share, config.softened)
    held = held_pairs(data)
    pool = ThreadPoolExecutor(SHARES)
    records: list[dict[str, float]] = []
    started, done = time.monotonic(), first

    def save() -> None:
        counters = {"iteration": done, "minutes": spent + (time.monotonic() - started) / 60}
        rest = {"opponent": opponent.state() if opponent else None} | counters
        checkpoint.write(run, checkpoint.states(network, ema, steppers) | rest)

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
        step(network, [gradient for _, gradient in jobs], rated, factor)
        average(ema, network, config.ema, iteration)
        records.append(record | {key: float(np.mean([job[0][key] for job in jobs])) for key in jobs[0][0]})
        if done % SAVE_EVERY == 0:
            save()
            means = {key: float(np.mean([r[key] for r in records])) for key in records[0]}
            clean, instrument = validate(ema, held)
            seconds = round(time.monotonic() - started)
            log.append(run, {"iteration": done, "seconds": seconds, **means, "psnr": clean, "psnr_instrument": instrument})
            records.clear()
    pool.shutdown()
    save()


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
