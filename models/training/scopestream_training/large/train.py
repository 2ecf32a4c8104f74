"""Trains a large network: `python -m scopestream_training.large.train configs/large/lumen-l.toml --data DIR --run DIR`.

As `scopestream_training.train`: the same patches, weights of fields, optimisers, schedule and averaging, on a CPU or on a GPU
(`--device cuda`). With an `[adversary]` in the config the loss is that of a GAN. Run it again with the same `--run` to go on
after an interruption. `log.csv` holds the progress.
"""

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .. import checkpoint, log
from ..data import Mixture, Pair, assert_disjoint, load_w2s, normalised
from ..descent import Gradients, Rated, average, is_end, mean_gradients, muon_and_adam, pace, step
from ..metrics import si_psnr
from ..mixture import mixture
from ..train import COLUMNS, SHARES
from .adversary import Opponent
from .config import LargeConfig, load

SAVE_EVERY = 100  # iterations
PROGRESS_PAIRS = 12  # of the held-out, the first four fields: enough to follow the progress by
CONVOLUTION_DIMENSIONS = 4


def optimisers(network: nn.Module, config: LargeConfig) -> Rated:
    """Each with its learning rate: Muon for the convolutions of the body, Adam for its ends and for all that is no
    convolution (the linear layers, tables and norms of a transformer)."""

    def in_body(name: str, parameter: nn.Parameter) -> bool:
        return parameter.dim() == CONVOLUTION_DIMENSIONS and not is_end(name)

    return muon_and_adam(network, in_body, config.rate, config.adam_rate)


def validate(network: nn.Module, pairs: list[Pair], device: str) -> list[float]:
    """Mean SI-PSNR (dB), then that of each channel."""
    scores: dict[str, list[float]] = {}
    stride = network.shape.upscale
    for pair in pairs:
        frame = torch.from_numpy(normalised(pair.raw[::stride, ::stride], pair.offset, pair.scale))
        with torch.inference_mode():
            output = network(frame[None, None].to(device))[0, 0].cpu().numpy()
        scores.setdefault(pair.name.split("_")[1], []).append(si_psnr(output, pair.truth))
    channels = [float(np.mean(scores[channel])) for channel in sorted(scores)]
    return [float(np.mean(channels)), *channels]


def gradients(
    network: nn.Module,
    opponent: Opponent | None,
    source: Mixture,
    count: int,
    patch: int,
    rng: np.random.Generator,
    device: str,
) -> tuple[float, Gradients, Gradients]:
    """Loss of one share of a batch, and its gradients for the network and for the discriminator, if there is one."""
    inputs, truths, weights = (torch.from_numpy(array).to(device) for array in source.batch(count, patch, rng))
    made = network(inputs)
    if opponent is None:
        loss = (weights * (made - truths).square().mean((1, 2, 3))).mean()
        return loss.item(), torch.autograd.grad(loss, tuple(network.parameters())), ()
    loss = opponent.generator_loss(made, truths, weights)
    ours = torch.autograd.grad(loss, tuple(network.parameters()))
    theirs = torch.autograd.grad(opponent.discriminator_loss(made, truths), opponent.parameters())
    return loss.item(), ours, theirs


def train(config: LargeConfig, data: Path, run: Path, workers: int, minutes: float, device: str) -> None:
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    network, ema = (config.network().to(device, memory_format=torch.channels_last) for _ in range(2))
    if config.start:
        network.load_state_dict(torch.load(config.start, map_location=device)["ema"])
    ema.load_state_dict(network.state_dict())
    ema.requires_grad_(False)
    rated = optimisers(network, config)
    steppers = [optimiser for optimiser, _ in rated]
    opponent = Opponent(config.adversary, device) if config.adversary else None
    first, earlier = 0, 0.0
    if (state := checkpoint.read(run, device)) is not None:
        checkpoint.restore(state, network, ema, steppers)
        if opponent:
            opponent.restore(state["opponent"])
        first, earlier = state["iteration"], state["minutes"]

    source = mixture(config, data)
    held = load_w2s(data, "val", config.shape.upscale)
    assert_disjoint(source.pairs, held)
    followed = held[:PROGRESS_PAIRS]
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(workers)
    losses: list[float] = []
    started, done = time.monotonic(), first

    def spent() -> float:
        return earlier + (time.monotonic() - started) / 60

    def save() -> None:
        rest = {"opponent": opponent.state() if opponent else None, "iteration": done, "minutes": spent()}
        checkpoint.write(run, checkpoint.states(network, ema, steppers) | rest)

    for iteration in range(first, config.iterations):
        progress = max(iteration / config.iterations, spent() / minutes)
        if progress >= 1:
            break
        factor = pace(config.warmup, iteration, progress)
        if opponent:
            opponent.prepare()
        # A generator per share: an interrupted run draws what an uninterrupted one would have drawn.
        generators = [np.random.default_rng((config.seed, iteration, share)) for share in range(SHARES)]
        count = config.batch // SHARES
        jobs = [pool.submit(gradients, network, opponent, source, count, config.patch, rng, device) for rng in generators]
        values, ours, theirs = zip(*(job.result() for job in jobs), strict=True)
        step(network, ours, rated, factor)
        if opponent:
            opponent.step(mean_gradients(theirs), factor)
        average(ema, network, config.ema, iteration)
        losses.append(float(np.mean(values)))
        done = iteration + 1
        if done % SAVE_EVERY == 0:
            save()
            row = [done, round(60 * spent()), config.rate * factor, float(np.mean(losses)), *validate(ema, followed, device)]
            log.append(run, dict(zip(COLUMNS, row, strict=False)), decimals=6)
            losses.clear()
    pool.shutdown()
    save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with w2s/, tubulin/, bbbc039/")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt and log.csv")
    parser.add_argument("--workers", type=int, default=2, help="threads, each with a share of the batch")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end the schedule by then, on a shared machine")
    parser.add_argument("--device", default="cpu", help="of PyTorch: cpu, cuda, cuda:1")
    arguments = parser.parse_args()
    config = load(arguments.config)
    train(config, arguments.data, arguments.run, arguments.workers, arguments.minutes, arguments.device)


if __name__ == "__main__":
    main()
