"""Plots the progress of training runs: `python -m scopestream_training.curves RUN... --out curves.png`."""

import argparse
import csv
from pathlib import Path

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot


def read(run: Path) -> dict[str, list[float]]:
    with (run / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {column: [float(row[column]) for row in rows] for column in rows[0]}


def plot(runs: list[Path], out: Path) -> None:
    figure, (loss, score) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for run in runs:
        columns = read(run)
        loss.plot(columns["iteration"], columns["loss"], label=run.name)
        score.plot(columns["iteration"], columns["si_psnr"], label=run.name)
    loss.set(xlabel="iteration", ylabel="weighted squared error", yscale="log")
    score.set(xlabel="iteration", ylabel="SI-PSNR on W2S validation, dB")
    score.legend()
    figure.savefig(out, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    plot(arguments.runs, arguments.out)


if __name__ == "__main__":
    main()
