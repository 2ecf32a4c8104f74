"""Trains one network: `python -m scopestream_training.train configs/lumen-m.toml --data DIR --run DIR`.

Squared error, weighted per field by the inverse error of a Gaussian filter (so that the loss follows the mean of the
decibels and not the brightest field); Muon for the body and Adam for the first and last layers, both with warm-up and
cosine decay; an exponential moving average of the weights is the result. Run it again with the same `--run` to go on
after an interruption. `log.csv` holds the progress.
"""

import argparse
import csv
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from .config import Config, load
from .data import Mixture, Pair, assert_disjoint, load_clean, load_w2s, normalised
from .degradation import NoiseRange
from .metrics import si_psnr
from .muon import Muon
from .networks import Lumen, at_input_sampling, over_frames
from .temporal import MovingMixture

SAVE_EVERY = 250  # iterations
# A batch is worked off in this many shares by single-threaded workers that meet once an iteration. On cores that other
# work uses too this is far faster than threads inside each operation, which wait for each other hundreds of times.
SHARES = 4
GRADIENT_NORM = 1.0  # clipped above; a rare bright patch would otherwise throw the weights


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


def pace(warmup: int, iteration: int, progress: float) -> float:
    """Factor of the learning rates: linear warm-up, then a cosine over the schedule (`progress` 0 to 1) down to 1 %."""
    warm = min(1.0, (iteration + 1) / warmup)
    return warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


def optimisers(network: Lumen, config: Config) -> list[tuple[torch.optim.Optimizer, float]]:
    """Each with its learning rate. Where pixels come in and go out the rows of a weight mean something: Adam, as is usual."""
    body, ends = [], []
    for name, parameter in network.named_parameters():
        (ends if name.startswith(("base", "head", "tail")) else body).append(parameter)
    adam = torch.optim.Adam(ends, config.adam_rate, betas=(0.9, 0.99))
    return [(Muon(body, config.rate), config.rate), (adam, config.adam_rate)]


@torch.no_grad()
def average(ema: torch.nn.Module, network: torch.nn.Module, decay: float, iteration: int) -> None:
    decay = min(decay, (1 + iteration) / (10 + iteration))
    for kept, new in zip(ema.parameters(), network.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)
    for kept, new in zip(ema.buffers(), network.buffers(), strict=True):
        kept.copy_(new)


def predict(network: Lumen, pair: Pair) -> np.ndarray:
    """The network's picture of a field, in the counts of its raw frame, which stands for the frames before it too."""
    stride = network.shape.upscale
    frame = normalised(pair.raw[::stride, ::stride], pair.offset, pair.scale)
    with torch.inference_mode():
        output = network(torch.from_numpy(frame).expand(1, network.shape.frames, -1, -1))[0, 0].numpy()
    return output * pair.scale + pair.offset


def validate(network: Lumen, pairs: list[Pair]) -> list[float]:
    """Mean SI-PSNR (dB), then that of each channel."""
    scores = {pair.name: si_psnr(predict(network, pair), pair.truth) for pair in pairs}
    channels = sorted({name.split("_")[1] for name in scores})
    per_channel = [np.mean([s for n, s in scores.items() if n.endswith(f"_{c}")]) for c in channels]
    return [float(np.mean(list(scores.values()))), *map(float, per_channel)]


def take_over(network: Lumen, weights: dict[str, torch.Tensor]) -> None:
    """Starts `network` as the function of another run, which may be shallower, see fewer frames, or upscale where this one
    does not."""
    if network.shape.upscale == 1:
        weights = at_input_sampling(weights, network.shape.unshuffle)
    weights = over_frames(weights, network.shape.frames)
    new = network.load_state_dict(weights, strict=False)
    if new.unexpected_keys:
        raise ValueError(f"the run to start from has other blocks: {new.unexpected_keys}")


Aim = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def load_aim(config: Config) -> Aim:
    """From inputs and truths to what the network shall give: the truth, or a mixture of it with what a teacher gives."""
    teacher = config.teacher
    if teacher is None:
        return lambda _inputs, truths: truths
    network = Lumen(load(Path(teacher.config)).shape).to(memory_format=torch.channels_last).requires_grad_(False)
    network.load_state_dict(torch.load(teacher.checkpoint)["ema"])
    return lambda inputs, truths: truths.lerp(network(inputs), teacher.share)


def gradients(
    network: Lumen, source: Mixture, aim: Aim, count: int, patch: int, rng: np.random.Generator
) -> tuple[float, tuple[torch.Tensor, ...]]:
    """Loss of one share of a batch, and its gradient for every parameter."""
    inputs, truths, weights = map(torch.from_numpy, source.batch(count, patch, rng))
    targets = aim(inputs, truths)
    error = (network(inputs) - targets).square().mean((1, 2, 3))
    loss = (weights * error).mean()
    return loss.item(), torch.autograd.grad(loss, tuple(network.parameters()))


def train(config: Config, data: Path, run: Path, workers: int, minutes: float) -> None:
    fit(config, mixture(config, data), load_w2s(data, "val", config.shape.upscale), run, workers, minutes)


def fit(config: Config, source: Mixture, held: list[Pair], run: Path, workers: int, minutes: float) -> None:
    """Trains on `source` and scores on `held`, fields that it has not; everything else is the config's."""
    assert_disjoint(source.pairs, held)
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    network = Lumen(config.shape).to(memory_format=torch.channels_last)
    if config.start:
        take_over(network, torch.load(config.start)["ema"])
    ema = Lumen(config.shape).to(memory_format=torch.channels_last).requires_grad_(False)
    ema.load_state_dict(network.state_dict())
    both = optimisers(network, config)
    first = 0
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        ema.load_state_dict(state["ema"])
        for (optimiser, _), kept in zip(both, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        first = state["iteration"]

    aim = load_aim(config)
    batch, patch = config.batch, config.patch
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(workers)
    losses, started, done = [], time.monotonic(), first
    for iteration in range(first, config.iterations):
        progress = max(iteration / config.iterations, (time.monotonic() - started) / (60 * minutes))
        if progress >= 1:
            break
        factor = pace(config.warmup, iteration, progress)
        if progress >= 1 - config.tail:
            source = replace(source, real_share=config.tail_real_share)
            batch, patch = config.tail_batch, config.tail_patch
        # A generator per share: an interrupted run draws what an uninterrupted one would have drawn.
        generators = [np.random.default_rng((config.seed, iteration, share)) for share in range(SHARES)]
        jobs = [pool.submit(gradients, network, source, aim, batch // SHARES, patch, rng) for rng in generators]
        shares = [job.result() for job in jobs]
        for parameter, *parts in zip(network.parameters(), *(gradient for _, gradient in shares), strict=True):
            parameter.grad = torch.stack(parts).mean(0)
        loss = float(np.mean([value for value, _ in shares]))
        torch.nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
        for optimiser, rate in both:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
            optimiser.step()
        average(ema, network, config.ema, iteration)
        losses.append(loss)
        done = iteration + 1
        if done % SAVE_EVERY == 0:
            save(checkpoint, network, ema, both, done)
            row = [done, round(time.monotonic() - started), config.rate * factor, np.mean(losses)]
            log(run / "log.csv", row + validate(ema, held))
            losses.clear()
    pool.shutdown()
    save(checkpoint, network, ema, both, done)


def save(path: Path, network: Lumen, ema: Lumen, both: list[tuple[torch.optim.Optimizer, float]], iteration: int) -> None:
    state = {
        "network": network.state_dict(),
        "ema": ema.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser, _ in both],
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
    parser.add_argument("--workers", type=int, default=2, help="threads, each with a share of the batch")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    arguments = parser.parse_args()
    train(load(arguments.config), arguments.data, arguments.run, arguments.workers, arguments.minutes)


if __name__ == "__main__":
    main()
