"""Draws raw, bicubic, best Gaussian, each model and the truth side by side.

`python -m scopestream_training.pictures MODEL... --data DIR --out DIR`. Only from what may be shown: scenes simulated here
(Apache-2.0), BBBC039 (CC0) under simulated noise, and live lysosomes (MIT) with their own noise, where the mean of nine
frames stands for the truth. All of a row share one window.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np

from .data import fit_affine, paths_of, read_grey
from .degradation import Noise, expose
from .evaluate import SIGMAS, cropped, enhancer, simulated_noise_scenes
from .export import session
from .filters import bicubic, gaussian
from .metrics import si_psnr
from .scenes import Kind, filaments, membranes, mitochondria, scene

matplotlib.use("agg")
from matplotlib import pyplot

STRIDE = 2
SIDE = 128  # output samples that are shown
COLOUR_MAP = "gray"


@dataclass(frozen=True)
class Example:
    name: str
    frame: np.ndarray  # uint16
    truth: np.ndarray
    row: int  # top left corner of what is shown, output samples
    column: int
    truth_is: str = "truth"


def simulated(name: str, kind: Kind, peak: float, seed: int) -> Example:
    rng = np.random.default_rng(seed)
    clean = scene(512, rng, (kind,))
    noise = Noise(peak=peak, background=0.05 * peak, excess=1.2, read=0.4, smear=0.1)
    frame = np.clip(np.round(100 + 20 * expose(clean, noise, STRIDE, rng)), 0, 65535).astype(np.uint16)
    return Example(f"{name}, simulated, {peak:g} e-", frame, clean, *busiest(clean))


def busiest(image: np.ndarray) -> tuple[int, int]:
    """The corner of the window with the most contrast, on a coarse grid."""
    corners = [(r, c) for r in range(16, image.shape[0] - SIDE - 16, 32) for c in range(16, image.shape[1] - SIDE - 16, 32)]
    return max(corners, key=lambda corner: image[corner[0] :, corner[1] :][:SIDE, :SIDE].std())


def examples(data: Path) -> Iterator[Example]:
    yield simulated("filaments", filaments, 20, 31)
    yield simulated("mitochondria", mitochondria, 20, 32)
    yield simulated("membranes", membranes, 20, 33)
    nuclei = next(s for s in simulated_noise_scenes(data, "bbbc039", STRIDE) if s.group.endswith(", 20 e-"))
    yield Example("nuclei (BBBC039), simulated noise, 20 e-", nuclei.frame, nuclei.truth, *busiest(nuclei.truth))
    movie = cropped(read_grey(paths_of(data, "lysosome", held_out=True)[0]), 32)
    truth = movie[16:25].mean(0)
    # The whole of the small frame but its rim.
    start = max(0, (min(truth.shape) - SIDE) // 2)
    yield Example(
        "live lysosomes, own noise", movie[20, ::STRIDE, ::STRIDE].astype(np.uint16), truth, start, start, "mean of 9 frames"
    )


def draw(example: Example, models: list[Path], out: Path) -> None:
    sigma = max(SIGMAS, key=lambda s: si_psnr(gaussian(example.frame, s, STRIDE), example.truth))
    columns = {
        "raw": np.repeat(np.repeat(example.frame.astype(np.float32), STRIDE, 0), STRIDE, 1),
        "bicubic": bicubic(example.frame, STRIDE),
        f"Gaussian {sigma:g} px": gaussian(example.frame, sigma, STRIDE),
        **{model.parent.name: enhancer(session(model))(example.frame) for model in models},
        example.truth_is: example.truth,
    }
    low, high = np.percentile(example.truth, [0.5, 99.8])
    figure, axes = pyplot.subplots(1, len(columns), figsize=(2.2 * len(columns), 2.75), layout="constrained")
    for axis, (name, picture) in zip(axes, columns.items(), strict=True):
        fitted = fit_affine(picture, example.truth)
        shown = fitted[example.row :, example.column :][:SIDE, :SIDE]
        axis.imshow(shown, cmap=COLOUR_MAP, vmin=low, vmax=high, interpolation="nearest")
        score = "" if name in ("raw", example.truth_is) else f"\n{si_psnr(picture, example.truth):.1f} dB"
        axis.set_title(name + score, fontsize=9)
        axis.axis("off")
    figure.suptitle(example.name, fontsize=10)
    figure.savefig(out, dpi=90)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", help="weights.onnx of packages that double the sampling")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for example in examples(arguments.data):
        draw(example, arguments.models, arguments.out / f"{example.name.split(',')[0].split(' (')[0].replace(' ', '-')}.png")


if __name__ == "__main__":
    main()
