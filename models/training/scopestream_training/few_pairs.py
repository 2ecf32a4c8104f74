"""What a few real pairs of a new structure are worth:
`python -m scopestream_training.few_pairs configs/few-pairs.toml --data DIR --run DIR`.

Each channel of W2S in turn is a structure that nobody trained on. A base model sees neither its pairs nor its long averages; it
is scored as it is (zero-shot), and after a short training on 200 and on 400 pairs of the channel. Beside it: bicubic, the best
single Gaussian, the same training on all channels, and one that sees the long averages of all channels, but simulated noise in
place of every real exposure. A pair is a ninth of a field (170x170 samples at full sampling), as 59
fields are too few; pairs are taken field by field, so 200 of them come from 23 fields. Scored: the held-out fields.
Run it again with the same `--run` to go on after an interruption: what is trained is not trained again.
"""

import argparse
import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from .config import Config, load
from .data import Clean, Mixture, Pair, load_w2s
from .evaluate import SIGMAS, interval
from .filters import bicubic, gaussian
from .metrics import si_psnr
from .mixture import mixture
from .networks import Lumen
from .train import fit, predict

CHANNELS = {"0": "mitochondria", "1": "tubulin", "2": "actin"}
PAIRS = (200, 400)
PARTS = 3  # of a field along an axis
TUNING = {"iterations": 60, "rate": 0.005, "adam_rate": 2.5e-4, "warmup": 10, "tail": 0.0}  # a quarter of the base's rates
COLUMNS = ("channel", "method", "field", "si_psnr")


@dataclass(frozen=True)
class Score:
    """A field of the held-out channel under one method; `si_psnr` in dB."""

    channel: str
    method: str
    field: str
    si_psnr: float


def channel_of(pair: Pair) -> str:
    """Pairs are called `FIELD_CHANNEL`."""
    return pair.name.split("_")[1]


def without(source: Mixture, channel: str) -> Mixture:
    """`source` without the pairs of `channel`, and without its long averages as clean images."""

    def shown(image: Clean) -> bool:
        return not (image.name.startswith("w2s/") and image.name.endswith(f"_{channel}"))

    cleans = [[image for image in images if shown(image)] for images in source.cleans]
    return replace(source, pairs=[pair for pair in source.pairs if channel_of(pair) != channel], cleans=cleans)


def ninths(pair: Pair) -> Iterator[Pair]:
    """The parts of a field, each at the field's normalisation, as a session's is that of its first whole frame."""
    side = pair.raw.shape[0] // PARTS
    for row, column in np.ndindex(PARTS, PARTS):
        part = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
        yield replace(pair, raw=pair.raw[part], truth=pair.truth[part])


def choose(pairs: list[Pair], count: int, seed: int) -> list[Pair]:
    """`count` ninths from as few fields as hold them. Fields come in an order set by `seed`: a smaller choice is in a larger."""
    order = np.random.default_rng(seed).permutation(len(pairs))
    parts = [part for k in order[: math.ceil(count / PARTS**2)] for part in ninths(pairs[k])]
    if len(parts) < count:
        raise ValueError(f"{len(parts)} pairs at most, not {count}")
    return parts[:count]


def trained(config: Config, source: Mixture, held: list[Pair], run: Path, workers: int) -> Lumen:
    """The averaged weights of a run, which is gone through first as far as it is not done."""
    checkpoint = run / "checkpoint.pt"
    if not checkpoint.exists() or torch.load(checkpoint)["iteration"] < config.iterations:
        fit(config, source, held, run, workers, math.inf)
    network = Lumen(config.shape)
    network.load_state_dict(torch.load(checkpoint)["ema"])
    return network


def scores(network: Lumen, method: str, fields: list[Pair]) -> list[Score]:
    return [Score(channel_of(p), method, p.name.split("_")[0], si_psnr(predict(network, p), p.truth)) for p in fields]


def baselines(fields: list[Pair], stride: int) -> list[Score]:
    """Bicubic, and the Gaussian of the one sigma with the highest mean over `fields`, which favours it."""

    def score(method: str, blurred: list[np.ndarray]) -> list[Score]:
        return [
            Score(channel_of(p), method, p.name.split("_")[0], si_psnr(image, p.truth))
            for p, image in zip(fields, blurred, strict=True)
        ]

    frames = [pair.raw[::stride, ::stride] for pair in fields]
    trials = [score("best Gaussian", [gaussian(frame, sigma, stride) for frame in frames]) for sigma in SIGMAS]
    best = max(trials, key=lambda trial: sum(s.si_psnr for s in trial))
    return score("bicubic", [bicubic(frame, stride) for frame in frames]) + best


def experiment(config: Config, data: Path, run: Path, channels: list[str], workers: int) -> Iterator[list[Score]]:
    """Scores of one method after the other. Runs lie in `run`: `without-C`, `without-C-PAIRS`, `all`
    and `simulated`."""
    source = mixture(config, data)
    held = load_w2s(data, "val", config.shape.upscale)
    fields = {channel: [pair for pair in held if channel_of(pair) == channel] for channel in channels}
    for channel in channels:
        yield baselines(fields[channel], config.shape.upscale)
    for channel in channels:
        base = run / f"without-{channel}"
        yield scores(trained(config, without(source, channel), held, base, workers), "zero-shot", fields[channel])
        pairs = [pair for pair in source.pairs if channel_of(pair) == channel]
        for count in PAIRS:
            tuning = replace(config, start=str(base / "checkpoint.pt"), real_share=1.0, **TUNING)
            few = replace(source, pairs=choose(pairs, count, config.seed), cleans=[], real_share=1.0)
            network = trained(tuning, few, held, run / f"without-{channel}-{count}", workers)
            yield scores(network, f"{count} pairs", fields[channel])
    simulated = replace(source, pairs=[], real_share=0.0)
    for name, method, material in (("all", "all channels", source), ("simulated", "all channels, simulated noise", simulated)):
        network = trained(config, material, held, run / name, workers)
        for channel in channels:
            yield scores(network, method, fields[channel])


def values(rows: list[Score], channel: str, method: str) -> np.ndarray:
    """si-psnr by field, in the order of fields."""
    chosen = [row for row in rows if (row.channel, row.method) == (channel, method)]
    return np.array([row.si_psnr for row in sorted(chosen, key=lambda row: row.field)])


def table(rows: list[Score]) -> str:
    """Markdown: mean and 95 % interval over fields, then what it is above zero-shot on the same fields."""
    lines = ["| held out | method | si-psnr, dB [95 %] | above zero-shot, dB [95 %] |", "|---|---|---|---|"]

    def cell(numbers: np.ndarray) -> str:
        low, high = interval(list(numbers))
        return f"{numbers.mean():.2f} [{low:.2f}, {high:.2f}]"

    for channel, method in dict.fromkeys((row.channel, row.method) for row in rows):
        here, zero = values(rows, channel, method), values(rows, channel, "zero-shot")
        gain = cell(here - zero) if len(zero) and method != "zero-shot" else ""
        lines.append(f"| {CHANNELS.get(channel, channel)} | {method} | {cell(here)} | {gain} |")
    return "\n".join([*lines[:2], *sorted(lines[2:], key=lambda line: line.split("|")[1])])


def write(path: Path, rows: list[Score]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((row.channel, row.method, row.field, f"{row.si_psnr:.4f}") for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with w2s/, tubulin/, bbbc039/")
    parser.add_argument("--run", type=Path, required=True, help="folder of the runs and of few_pairs.csv")
    parser.add_argument("--channels", nargs="+", choices=CHANNELS, default=list(CHANNELS))
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    arguments.run.mkdir(parents=True, exist_ok=True)
    rows: list[Score] = []
    for found in experiment(load(arguments.config), arguments.data, arguments.run, arguments.channels, arguments.workers):
        rows += found
        write(arguments.run / "few_pairs.csv", rows)
    print(table(rows))


if __name__ == "__main__":
    main()
