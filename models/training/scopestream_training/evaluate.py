"""Scores packaged ONNX models as the service runs them: `python -m scopestream_training.evaluate --data DIR MODEL...`.

Every figure is of `weights.onnx` itself, uint16 in and uint16 out, with the session normalisation taken from each frame.
Bicubic and the best single Gaussian stand beside it; the Gaussian's sigma is chosen on the scored set itself, which
favours it. Nothing here was read in training: W2S `val`, and the files of the other folders that `data.paths_of` holds out.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from .data import load_w2s, paths_of, read_grey
from .degradation import Noise, expose
from .export import enhance, session
from .filters import bicubic, gaussian
from .metrics import si_psnr
from .normalise import offset_and_scale

SIGMAS = (0.5, 0.7, 0.9, 1.2, 1.5, 1.8, 2.1, 2.5)  # input samples
HEADROOM = 1.5  # of the uint16 output above the brightest raw sample
BOOTSTRAP = 2000
# A video-rate confocal (PMT) at three light levels: e- at a bright sample.
PMT_PEAKS = (5.0, 20.0, 80.0)
COUNTS_PER_ELECTRON, COUNTS_OFFSET = 20.0, 100.0


@dataclass(frozen=True)
class Scene:
    """A frame to enhance and what it is compared with; `group` names the row of the table it counts to."""

    group: str
    frame: np.ndarray  # uint16
    truth: np.ndarray


Enhancer = Callable[[np.ndarray], np.ndarray]


def enhancer(run: onnxruntime.InferenceSession, step: int = 16) -> Enhancer:
    """Counts in, counts out. Frames, cropped to multiples of 16 beforehand, go on as in a mirror up to a multiple of `step`."""

    def apply(frame: np.ndarray) -> np.ndarray:
        offset, scale = offset_and_scale(frame)
        gain = 2.0 ** np.floor(np.log2(65535 / (HEADROOM * max(int(frame.max()), 1))))
        whole = np.pad(frame, [(0, 0)] * (frame.ndim - 2) + [(0, -side % step) for side in frame.shape[-2:]], mode="symmetric")
        picture = enhance(run, whole, offset, scale, gain).astype(np.float32) / gain
        return picture[tuple(slice(side * picture.shape[-1] // whole.shape[-1]) for side in frame.shape[-2:])]

    return apply


def upscale_of(run: onnxruntime.InferenceSession) -> int:
    probe = np.zeros((64, 64), np.uint16)
    return enhance(run, probe, 0.0, 1.0).shape[0] // 64


def w2s_scenes(data: Path, stride: int) -> Iterator[Scene]:
    for pair in load_w2s(data, "val", stride):
        frame = pair.raw[::stride, ::stride].astype(np.uint16)
        yield Scene(f"W2S channel {pair.name.split('_')[1]}", frame, pair.truth)


def simulated_noise_scenes(data: Path, source: str, stride: int) -> Iterator[Scene]:
    """Held-out images (of a movie, the first frame) of another instrument under PMT noise: F² 1.2, 12-bit counts."""
    rng = np.random.default_rng(11)
    for path in paths_of(data, source, held_out=True):
        frames = read_grey(path)
        image = cropped(frames if frames.ndim == 2 else frames[0], 32)
        image = (image - np.percentile(image, 0.1)) / np.ptp(np.percentile(image, [0.1, 99.9]))
        for peak in PMT_PEAKS:
            noise = Noise(peak=peak, background=0.05 * peak, excess=1.2, read=0.4, smear=0.1)
            counts = COUNTS_OFFSET + COUNTS_PER_ELECTRON * expose(image, noise, stride, rng)
            frame = np.clip(np.round(counts), 0, 4095).astype(np.uint16)
            yield Scene(f"{source}, {peak:g} e-", frame, np.maximum(image, 0))


def cropped(image: np.ndarray, step: int) -> np.ndarray:
    height, width = (extent - extent % step for extent in image.shape[-2:])
    return image[..., :height, :width]


def score(scenes: list[Scene], apply: Enhancer) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = {}
    for scene in scenes:
        scores.setdefault(scene.group, []).append(si_psnr(apply(scene.frame), scene.truth))
    return scores


def best_gaussian(scenes: list[Scene], data: Path, stride: int) -> dict[str, list[float]]:
    """Per group, the scores of the one sigma with the highest mean."""
    trials = []
    for sigma in SIGMAS:

        def blur(frame: np.ndarray, sigma: float = sigma) -> np.ndarray:
            return gaussian(frame, sigma, stride)

        trials.append(with_lysosome(score(scenes, blur), data, stride, blur))
    return {group: max((t[group] for t in trials), key=np.mean) for group in trials[0]}


def interval(values: list[float], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over fields."""
    rng = np.random.default_rng(seed)
    means = rng.choice(values, (BOOTSTRAP, len(values))).mean(1)
    return tuple(np.percentile(means, [2.5, 97.5]))


def next_frame_psnr(data: Path, stride: int, apply: Enhancer) -> float:
    """uPSNR (dB) on live lysosomes: prediction of frame t against frame t+1, less the noise of frames t+2 and t+3.

    No ground truth is needed, but motion between frames counts as error, for every method alike.
    """
    scores = []
    for path in sorted((data / "lysosome").glob("*.tif")):
        movie = cropped(read_grey(path), 32)
        span = np.ptp(np.percentile(movie.mean(0), [0.1, 99.9]))
        errors = []
        for t in range(0, len(movie) - 3, 8):
            frame = movie[t, ::stride, ::stride].astype(np.uint16)
            inside = slice(8, -8)
            error = np.mean((movie[t + 1] - apply(frame))[inside, inside] ** 2)
            noise = 0.5 * np.mean((movie[t + 2] - movie[t + 3])[inside, inside] ** 2)
            errors.append(error - noise)
        scores.append(10 * np.log10(span**2 / max(float(np.mean(errors)), 1e-9)))
    return float(np.mean(scores))


def noise_response(apply: Enhancer) -> dict[str, float]:
    """What comes out when there is nothing to see: 100 counts of offset and noise only.

    `kept` is the output's standard deviation over the noise's; `peak` the largest deviation in output standard
    deviations (a Gaussian field of this size stays near 5); `flat` the spread on a frame without any noise.
    """
    rng = np.random.default_rng(3)
    noisy = np.clip(np.round(100 + rng.normal(0, 10, (256, 256))), 0, 65535).astype(np.uint16)
    output = apply(noisy)
    flat = apply(np.full((256, 256), 100, np.uint16))
    spread = float(output.std())
    return {
        "kept": spread / 10,
        "peak": float(np.abs(output - output.mean()).max()) / spread,
        "flat": float(np.ptp(flat)),
    }


def flux_slope(apply: Enhancer, stride: int) -> float:
    """Slope of flux out on flux in for 49 isolated spots whose brightness spans a factor of 8, mean of 8 exposures."""
    rng = np.random.default_rng(5)
    side, cell = 512, 64
    flux_in = np.exp(rng.uniform(np.log(0.125), 0, (7, 7)))
    rows, columns = np.mgrid[:side, :side]
    image = np.zeros((side, side), np.float32)
    for (i, j), flux in np.ndenumerate(flux_in):
        square = (rows - (i + 1) * cell) ** 2 + (columns - (j + 1) * cell) ** 2
        image += flux * np.exp(-0.5 * square / 3.0**2)
    image = cropped(image, 32)
    noise = Noise(peak=200.0, background=10.0, excess=1.2, read=0.4)
    flux_out = np.zeros_like(flux_in)
    for _ in range(8):
        counts = COUNTS_OFFSET + COUNTS_PER_ELECTRON * expose(image, noise, stride, rng)
        output = apply(np.clip(np.round(counts), 0, 65535).astype(np.uint16))
        background = np.median(output)
        for i, j in np.ndindex(flux_in.shape):
            window = np.s_[(i + 1) * cell - 14 : (i + 1) * cell + 15, (j + 1) * cell - 14 : (j + 1) * cell + 15]
            flux_out[i, j] += (output[window] - background).sum() / 8
    full = 2 * np.pi * 3.0**2 * 200.0 * COUNTS_PER_ELECTRON
    return float(np.polyfit(flux_in.ravel(), flux_out.ravel() / full, 1)[0])


@dataclass(frozen=True)
class Bench:
    """The held-out frames for one upscale, with the baselines' scores; `scores` maps a row of the table to per-field dB."""

    stride: int
    scenes: list[Scene]
    bicubic: dict[str, list[float]]
    gaussian: dict[str, list[float]]


def with_lysosome(scores: dict[str, list[float]], data: Path, stride: int, apply: Enhancer) -> dict[str, list[float]]:
    return {**scores, "lysosome, own noise (uPSNR)": [next_frame_psnr(data, stride, apply)]}


@cache
def bench(data: Path, stride: int) -> Bench:
    scenes = [
        *w2s_scenes(data, stride),
        *simulated_noise_scenes(data, "tubulin", stride),
        *simulated_noise_scenes(data, "bbbc039", stride),
        *simulated_noise_scenes(data, "lysosome", stride),
    ]

    def cubic(frame: np.ndarray) -> np.ndarray:
        return bicubic(frame, stride)

    return Bench(stride, scenes, with_lysosome(score(scenes, cubic), data, stride, cubic), best_gaussian(scenes, data, stride))


def w2s_scores(scores: dict[str, list[float]]) -> list[float]:
    return [value for group, values in scores.items() if group.startswith("W2S") for value in values]


def w2s_fields(scores: dict[str, list[float]]) -> list[float]:
    """Per field, the mean over its channels: the channels of a field are not independent."""
    return list(np.mean([values for group, values in scores.items() if group.startswith("W2S")], axis=0))


def evaluate(model: Path, data: Path, against: Bench, step: int = 16) -> dict[str, object]:
    run = session(model)
    apply = enhancer(run, step)
    columns = {
        "bicubic": against.bicubic,
        "gaussian": against.gaussian,
        "model": with_lysosome(score(against.scenes, apply), data, against.stride, apply),
    }
    rows = {"W2S, all": {k: float(np.mean(w2s_scores(v))) for k, v in columns.items()}}
    rows |= {group: {k: float(np.mean(v[group])) for k, v in columns.items()} for group in columns["model"]}
    return {
        "upscale": against.stride,
        "si_psnr": rows,
        "w2s_interval": interval(w2s_fields(columns["model"])),
        "noise_only": noise_response(apply),
        "flux_slope": flux_slope(apply, against.stride),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", help="ONNX files")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the results here too")
    arguments = parser.parse_args()
    strides = {model: upscale_of(session(model)) for model in arguments.models}
    benches = {stride: bench(arguments.data, stride) for stride in set(strides.values())}
    results = {str(model): evaluate(model, arguments.data, benches[stride]) for model, stride in strides.items()}
    text = json.dumps(results, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
