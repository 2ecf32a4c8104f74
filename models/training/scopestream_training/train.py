"""Trains one network: `python -m scopestream_training.train configs/lumen-m.toml --data DIR --run DIR`.

Squared error, weighted per field by the inverse error of a Gaussian filter (so that the loss follows the mean of the
decibels and not the brightest field), Adam with warm-up and cosine decay, an exponential moving average of the weights
as the result. Run it again with the same `--run` to go on after an interruption. `log.csv` holds the progress.
"""

import argparse
import csv
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from .config import Config, load
from .data import Mixture, Pair, assert_disjoint, load_clean, load_w2s, normalised
from .degradation import NoiseRange
from .metrics import si_psnr
from .networks import Lumen

SAVE_EVERY = 500  # iterations
GRADIENT_NORM = 1.0  # clipped above; a rare bright patch would otherwise throw the weights


def mixture(config: Config, data: Path) -> Mixture:
    rng = np.random.default_rng(config.seed)
    stride = config.shape.upscale
    return Mixture(
        pairs=load_w2s(data, "train", stride) if config.real_share > 0 else [],
        cleans=[load_clean(data, source, rng) for source in config.sources],
        noise=NoiseRange(),
        stride=stride,
        real_share=config.real_share,
    )


def rate_at(config: Config, iteration: int) -> float:
    warm = min(1.0, (iteration + 1) / config.warmup)
    return config.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * iteration / config.iterations)))


@torch.no_grad()
def average(ema: Lumen, network: Lumen, decay: float, iteration: int) -> None:
    decay = min(decay, (1 + iteration) / (10 + iteration))
    for kept, new in zip(ema.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)


def predict(network: Lumen, pair: Pair) -> np.ndarray:
    """The network's picture of a field, in the counts of its raw frame."""
    stride = network.shape.upscale
    frame = normalised(pair.raw[::stride, ::stride], pair.offset, pair.scale)
    with torch.inference_mode():
        output = network(torch.from_numpy(frame)[None, None])[0, 0].numpy()
    return output * pair.scale + pair.offset


def validate(network: Lumen, pairs: list[Pair]) -> list[float]:
    """Mean SI-PSNR (dB), then that of each channel."""
    scores = {pair.name: si_psnr(predict(network, pair), pair.truth) for pair in pairs}
    channels = sorted({name.split("_")[1] for name in scores})
    per_channel = [np.mean([s for n, s in scores.items() if n.endswith(f"_{c}")]) for c in channels]
    return [float(np.mean(list(scores.values()))), *map(float, per_channel)]


def train(config: Config, data: Path, run: Path) -> None:
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    network = Lumen(config.shape).to(memory_format=torch.channels_last)
    if config.start:
        network.load_state_dict(torch.load(config.start)["ema"], strict=False)
    ema = Lumen(config.shape).to(memory_format=torch.channels_last).requires_grad_(False)
    ema.load_state_dict(network.state_dict())
    optimiser = torch.optim.Adam(network.parameters(), betas=(0.9, 0.99))
    first = 0
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["iteration"]

    source = mixture(config, data)
    held = load_w2s(data, "val", config.shape.upscale)
    assert_disjoint(source.pairs, held)
    batch, patch = config.batch, config.patch
    losses, started = [], time.monotonic()
    for iteration in range(first, config.iterations):
        if iteration >= (1 - config.tail) * config.iterations:
            source = replace(source, real_share=config.tail_real_share)
            batch, patch = config.tail_batch, config.tail_patch
        # A generator per iteration: an interrupted run draws what an uninterrupted one would have drawn.
        rng = np.random.default_rng((config.seed, iteration))
        inputs, targets, weights = map(torch.from_numpy, source.batch(batch, patch, rng))
        for group in optimiser.param_groups:
            group["lr"] = rate_at(config, iteration)
        error = (network(inputs) - targets).square().mean((1, 2, 3))
        loss = (weights * error).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        optimiser.step()
        average(ema, network, config.ema, iteration)
        losses.append(loss.item())
        done = iteration + 1
        if done % SAVE_EVERY == 0 or done == config.iterations:
            save(checkpoint, network, ema, optimiser, done)
            row = [done, round(time.monotonic() - started), rate_at(config, iteration), np.mean(losses)]
            log(run / "log.csv", row + validate(ema, held))
            losses.clear()


def save(path: Path, network: Lumen, ema: Lumen, optimiser: torch.optim.Adam, iteration: int) -> None:
    state = {
        "network": network.state_dict(),
        "ema": ema.state_dict(),
        "optimiser": optimiser.state_dict(),
        "iteration": iteration,
    }
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


def log(path: Path, row: list[float]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(["iteration", "seconds", "rate", "loss", "si_psnr", "si_psnr_0", "si_psnr_1", "si_psnr_2"])
        writer.writerow([round(v, 6) if isinstance(v, float) else v for v in row])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with w2s/, tubulin/, bbbc039/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt and log.csv")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(load(arguments.config), arguments.data, arguments.run)


if __name__ == "__main__":
    main()
