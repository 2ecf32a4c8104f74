"""Trains one network: `python -m scopestream_training.train configs/lumen-m.toml --data DIR --run DIR`.

Squared error, weighted per field by the inverse error of a Gaussian filter (so that the loss follows the mean of the
decibels and not the brightest field); Muon for the body and Adam for the first and last layers, both with warm-up and
cosine decay; an exponential moving average of the weights is the result. Run it again with the same `--run` to go on
after an interruption. `log.csv` holds the progress.
"""

import argparse
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from . import checkpoint, log
from .config import Config, load
from .data import Mixture, Pair, assert_disjoint, load_w2s, normalised
from .descent import Gradients, average, is_end, muon_and_adam, pace, step
from .fake_quantisation import FakeQuantised
from .metrics import si_psnr
from .mixture import mixture
from .networks import Lumen, at_input_sampling, over_frames
from .package_weights import package_weights
from .quantise import calibration

SAVE_EVERY = 250  # iterations
# A batch is worked off in this many shares by single-threaded workers that meet once an iteration. On cores that other
# work uses too this is far faster than threads inside each operation, which wait for each other hundreds of times.
SHARES = 4
RECALIBRATE_EVERY = 50  # iterations, of a quantised network
COLUMNS = ("iteration", "seconds", "rate", "loss", "si_psnr", "si_psnr_0", "si_psnr_1", "si_psnr_2")


def predict(network: Lumen | FakeQuantised, pair: Pair) -> np.ndarray:
    """The network's picture of a field, in the counts of its raw frame, which stands for the frames before it too."""
    stride = network.shape.upscale
    frame = normalised(pair.raw[::stride, ::stride], pair.offset, pair.scale)
    with torch.inference_mode():
        output = network(torch.from_numpy(frame).expand(1, network.shape.frames, -1, -1))[0, 0].numpy()
    return output * pair.scale + pair.offset


def validate(network: Lumen | FakeQuantised, pairs: list[Pair]) -> list[float]:
    """Mean SI-PSNR (dB), then that of each channel."""
    scores = {pair.name: si_psnr(predict(network, pair), pair.truth) for pair in pairs}
    channels = sorted({name.split("_")[1] for name in scores})
    per_channel = [np.mean([s for n, s in scores.items() if n.endswith(f"_{c}")]) for c in channels]
    return [float(np.mean(list(scores.values()))), *map(float, per_channel)]


def weights_of(start: Path) -> dict[str, torch.Tensor]:
    """Of a checkpoint, or of the weights.onnx of a package."""
    return package_weights(start) if start.suffix == ".onnx" else torch.load(start)["ema"]


def take_over(network: Lumen, weights: dict[str, torch.Tensor]) -> None:
    """Starts `network` as the function of another run, which may be shallower, have fewer levels, see fewer frames, or upscale
    where this one does not."""
    if network.shape.upscale == 1:
        weights = at_input_sampling(weights, network.shape.unshuffle)
    weights = over_frames(weights, network.shape.frames)
    new = network.load_state_dict(weights, strict=False)
    if new.unexpected_keys:
        raise ValueError(f"the run to start from has other blocks: {new.unexpected_keys}")
    with torch.no_grad():  # A new level adds nothing yet; new blocks start so by themselves.
        for name in new.missing_keys:
            if name.startswith("ups."):
                network.get_parameter(name).zero_()


Aim = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def load_aim(config: Config) -> Aim:
    """From inputs and truths to what the network shall give: the truth, or a mixture of it with what a teacher gives."""
    teacher = config.teacher
    if teacher is None:
        return lambda _inputs, truths: truths
    network = Lumen(load(Path(teacher.config)).shape).to(memory_format=torch.channels_last).requires_grad_(False)
    network.load_state_dict(weights_of(Path(teacher.checkpoint)))
    return lambda inputs, truths: truths.lerp(network(inputs), teacher.share)


def gradients(
    network: Lumen | FakeQuantised, source: Mixture, aim: Aim, count: int, patch: int, rng: np.random.Generator
) -> tuple[float, Gradients]:
    """Loss of one share of a batch, and its gradient for every parameter."""
    inputs, truths, weights = map(torch.from_numpy, source.batch(count, patch, rng))
    targets = aim(inputs, truths)
    error = (network(inputs) - targets).square().mean((1, 2, 3))
    loss = (weights * error).mean()
    return loss.item(), torch.autograd.grad(loss, tuple(network.parameters()))


def train(config: Config, data: Path, run: Path, workers: int, minutes: float) -> None:
    frames = calibration(config, data) if config.quantised else None
    held = load_w2s(data, "val", config.shape.upscale)
    fit(config, mixture(config, data), held, run, workers, minutes, frames)


def fit(
    config: Config,
    source: Mixture,
    held: list[Pair],
    run: Path,
    workers: int,
    minutes: float,
    frames: list[np.ndarray] | None = None,
) -> None:
    """Trains on `source` and scores on `held`, fields that it has not; everything else is the config's. With `frames` the
    network is computed as the int8 form that they calibrate."""
    assert_disjoint(source.pairs, held)
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    network = Lumen(config.shape).to(memory_format=torch.channels_last)
    if config.start:
        take_over(network, weights_of(Path(config.start)))
    ema = Lumen(config.shape).to(memory_format=torch.channels_last).requires_grad_(False)
    ema.load_state_dict(network.state_dict())
    rated = muon_and_adam(network, lambda name, _: not is_end(name), config.rate, config.adam_rate)
    optimisers = [optimiser for optimiser, _ in rated]
    first = 0
    if (state := checkpoint.read(run)) is not None:
        checkpoint.restore(state, network, ema, optimisers)
        first = state["iteration"]
    computed = network if frames is None else FakeQuantised(network, frames)

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
        if frames is not None and iteration % RECALIBRATE_EVERY == 0:
            computed.calibrate()
        # A generator per share: an interrupted run draws what an uninterrupted one would have drawn.
        generators = [np.random.default_rng((config.seed, iteration, share)) for share in range(SHARES)]
        jobs = [pool.submit(gradients, computed, source, aim, batch // SHARES, patch, rng) for rng in generators]
        shares = [job.result() for job in jobs]
        step(network, [gradient for _, gradient in shares], rated, factor)
        average(ema, network, config.ema, iteration)
        losses.append(float(np.mean([value for value, _ in shares])))
        done = iteration + 1
        if done % SAVE_EVERY == 0:
            checkpoint.write(run, checkpoint.states(network, ema, optimisers) | {"iteration": done})
            scores = validate(ema if frames is None else FakeQuantised(ema, frames), held)
            row = [done, round(time.monotonic() - started), config.rate * factor, float(np.mean(losses)), *scores]
            log.append(run, dict(zip(COLUMNS, row, strict=False)), decimals=6)
            losses.clear()
    pool.shutdown()
    checkpoint.write(run, checkpoint.states(network, ema, optimisers) | {"iteration": done})


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
