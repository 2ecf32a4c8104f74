"""Does a model that looks at several frames smear what moves? Several models on clips of three frames, side by side:
`python -m scopestream_training.temporal_evaluate ../zoo/lumen-m/weights.onnx ../zoo/lumen-m-t3/weights.onnx --data DIR`.

Three kinds of clips, none of them read in training, all sampled `[::2, ::2]`:
- *disc*: a clean image of another instrument, in whose middle a disc moves while the rest is still, under PMT noise;
- *lysosome under PMT noise*: three frames in a row of live cells, whose motion is real;
- *lysosome, own noise*: the same as recorded, compared only where no sample went in (odd lines and columns), so that the
  noise of what a prediction is compared with is not the noise that went into it.
Scored per region, what moves apart from what is still: si-psnr with the fit and the peak of the whole picture. `lag`, of what
moves, is the age in frames of the scene that a picture fits best: 0 is the newest frame, 1 the one before it. Two filters
stand beside the models, both with a Gaussian of 1.2 input samples after bicubic: of the newest frame, and of the mean of all
three, which smears by design and shows what the measures say then.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime
from scipy.ndimage import gaussian_filter, uniform_filter

from .data import fit_affine, paths_of, read_grey
from .degradation import Noise, expose
from .evaluate import COUNTS_OFFSET, COUNTS_PER_ELECTRON, HEADROOM, cropped, interval
from .export import enhance, session
from .filters import gaussian
from .normalise import offset_and_scale
from .temporal import Motion, warp

FRAMES = 3
STRIDE = 2
PEAKS = (5.0, 20.0)  # e- at a bright sample
SPEEDS = (0.0, 0.5, 1.5, 4.0)  # samples of the truth a frame
SIDE, RADIUS, EDGE = 384, 96, 8  # samples: of the picture and of the disc in its middle, which fades out over EDGE
AGES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
LAG_SPEED = 1.0  # samples a frame: of slower motion, noise decides which age fits best
FILTER_SIGMA = 1.2  # input samples
BORDER = 8  # samples of a movie that are not scored
EVERY = 8  # frames of a movie from clip to clip

ClipEnhancer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Clip:
    """frames: uint16 [FRAMES, h, w], oldest first. truth: of the newest. regions: masks of the truth by name.
    past: the scene by its age in frames. source: what the clip is taken from, the unit of the bootstrap."""

    group: str
    source: str
    frames: np.ndarray
    truth: np.ndarray
    regions: dict[str, np.ndarray]
    past: dict[float, np.ndarray]


@dataclass
class Scores:
    """By region: dB by source; and by age the squared error against the scene of that age, over the truth's variance."""

    decibels: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    errors: dict[str, dict[float, list[float]]] = field(default_factory=dict)


def pmt(scene: np.ndarray, peak: float, rng: np.random.Generator) -> np.ndarray:
    """A 12-bit frame of a scene in [0, about 1], as evaluate.simulated_noise_scenes makes it."""
    noise = Noise(peak=peak, background=0.05 * peak, excess=1.2, read=0.4, smear=0.1)
    counts = COUNTS_OFFSET + COUNTS_PER_ELECTRON * expose(scene, noise, STRIDE, rng)
    return np.clip(np.round(counts), 0, 4095).astype(np.uint16)


def unit(image: np.ndarray) -> np.ndarray:
    low, high = np.percentile(image, [0.1, 99.9])
    return (image - low) / (high - low)


def disc_clips(data: Path) -> Iterator[Clip]:
    rng = np.random.default_rng(21)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    radius = np.hypot(rows, columns)
    disc = np.clip((RADIUS - radius) / EDGE + 0.5, 0, 1)
    reach = EDGE + max(SPEEDS) * (FRAMES - 1)  # beyond the edge itself, nothing of the other region comes this far
    regions = {"moving": radius < RADIUS - reach, "still": radius > RADIUS + reach}
    still = np.zeros((FRAMES, 2), np.float32)
    for source in ("tubulin", "bbbc039"):
        for path in paths_of(data, source, held_out=True):
            image = unit(read_grey(path)[:SIDE, :SIDE])
            angle = rng.uniform(0, 2 * np.pi)
            for speed in SPEEDS:
                velocity = speed * disc * np.array([np.sin(angle), np.cos(angle)])[:, None, None]
                clip = Motion(velocity, still, bleaching=0.0).displaced(image)
                past = {age: warp(image, age * velocity) for age in AGES} if speed >= LAG_SPEED else {}
                for peak in PEAKS:
                    frames = np.stack([pmt(scene, peak, rng) for scene in clip])
                    group = f"disc, {speed:g} a frame, {peak:g} e-"
                    yield Clip(group, path.stem, frames, np.maximum(image, 0), regions, past)


def movie_clips(data: Path) -> Iterator[Clip]:
    rng = np.random.default_rng(22)
    for path in sorted((data / "lysosome").glob("*.tif")):
        counts = cropped(read_grey(path), 32)
        movie = unit(counts)
        unseen = np.zeros(movie.shape[1:], bool)
        unseen[1::2, 1::2] = True
        for t in range(FRAMES - 1, len(movie) - 1, EVERY):
            window = slice(t - FRAMES + 1, t + 1)
            regions = thirds(movie[window])
            past = {float(age): movie[t - age] for age in (-1, 0, 1, 2)}
            sampled = counts[window, ::STRIDE, ::STRIDE].astype(np.uint16)
            hidden = {name: mask & unseen for name, mask in regions.items()}
            yield Clip("lysosome, own noise", path.stem, sampled, movie[t], hidden, past)
            for peak in PEAKS:
                frames = np.stack([pmt(scene, peak, rng) for scene in movie[window]])
                yield Clip(f"lysosome, {peak:g} e-", path.stem, frames, movie[t], regions, past)


def thirds(frames: np.ndarray) -> dict[str, np.ndarray]:
    """The third of a picture that changes most over the frames and the third that changes least, by neighbourhood."""
    change = gaussian_filter(frames[-1], 2) - gaussian_filter(frames[0], 2)
    amount = uniform_filter(change**2, 17)
    inside = np.zeros(amount.shape, bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    low, high = np.percentile(amount[inside], [100 / 3, 200 / 3])
    return {"moving": inside & (amount > high), "still": inside & (amount < low)}


def enhancer(run: onnxruntime.InferenceSession) -> ClipEnhancer:
    """A clip in counts to the picture of its newest frame; normalised by the clip's first frame, as a session would be."""
    frames = run.get_inputs()[0].shape[1]

    def apply(clip: np.ndarray) -> np.ndarray:
        offset, scale = offset_and_scale(clip[0])
        gain = 2.0 ** np.floor(np.log2(65535 / (HEADROOM * max(int(clip.max()), 1))))
        return enhance(run, clip[-frames:], offset, scale, gain).astype(np.float32) / gain

    return apply


FILTERS: dict[str, ClipEnhancer] = {
    "Gaussian": lambda clip: gaussian(clip[-1], FILTER_SIGMA, STRIDE),
    "mean of 3": lambda clip: gaussian(clip.mean(0), FILTER_SIGMA, STRIDE),
}


def add(scores: Scores, clip: Clip, picture: np.ndarray) -> None:
    peak = np.ptp(clip.truth)
    error = np.square(fit_affine(picture, clip.truth) - clip.truth)
    past = {age: np.square(fit_affine(picture, scene) - scene) for age, scene in clip.past.items()}
    for name, mask in {"all": np.any(list(clip.regions.values()), axis=0), **clip.regions}.items():
        decibels = float(10 * np.log10(peak**2 / error[mask].mean()))
        scores.decibels.setdefault(name, {}).setdefault(clip.source, []).append(decibels)
        for age, older in past.items():
            share = float(older[mask].mean() / clip.truth[mask].var())
            scores.errors.setdefault(name, {}).setdefault(age, []).append(share)


def lag(errors: dict[float, list[float]]) -> float:
    """Age of the least mean error, by a parabola through it and its neighbours."""
    ages = sorted(errors)
    means = np.array([np.mean(errors[age]) for age in ages])
    k = int(np.clip(means.argmin(), 1, len(ages) - 2))
    before, here, after = means[k - 1 : k + 2]
    return float(ages[k] + 0.5 * (ages[k + 1] - ages[k]) * (before - after) / (before - 2 * here + after))


def by_source(scores: Scores, region: str) -> np.ndarray:
    return np.array([np.mean(values) for _, values in sorted(scores.decibels[region].items())])


def evaluate(methods: dict[str, ClipEnhancer], data: Path) -> dict[str, dict[str, Scores]]:
    """Scores by group of clips and by method."""
    found: dict[str, dict[str, Scores]] = {}
    for clips in (disc_clips(data), movie_clips(data)):
        for clip in clips:
            group = found.setdefault(clip.group, {name: Scores() for name in methods})
            for name, apply in methods.items():
                add(group[name], clip, apply(clip.frames))
    return found


def compare(models: list[Path], data: Path) -> list[dict[str, object]]:
    """The rows of `summary` for `weights.onnx` of packages, named by their folders, against the first of them."""
    named = {model.parent.name: enhancer(session(model)) for model in models}
    reference, *others = named
    methods = {reference: named[reference], **FILTERS, **{name: named[name] for name in others}}
    return summary(evaluate(methods, data), reference)


def summary(found: dict[str, dict[str, Scores]], reference: str) -> list[dict[str, object]]:
    """A row for each group and region: dB and lag by method, and what it has above `reference` with its 95 % interval."""
    rows = []
    for group, methods in found.items():
        for region in methods[reference].decibels:
            row: dict[str, object] = {"clips": group, "region": region}
            for name, scores in methods.items():
                values, against = by_source(scores, region), by_source(methods[reference], region)
                entry = {"si_psnr": float(values.mean())}
                if name != reference:
                    entry |= {"above": float((values - against).mean()), "interval": interval(list(values - against))}
                if scores.errors and region == "moving":
                    entry["lag"] = lag(scores.errors[region])
                row[name] = entry
            rows.append(row)
    return rows


def table(rows: list[dict[str, object]]) -> str:
    """Markdown: dB, and the lag in frames in brackets; the last column is the last method above the first, with its interval."""
    methods = [name for name in rows[0] if name not in ("clips", "region")]
    lines = ["| clips | region | " + " | ".join([*methods, f"{methods[-1]} above {methods[0]}"]) + " |"]
    lines.append("|---" * (len(methods) + 3) + "|")
    for row in rows:
        cells = [f"{row[m]['si_psnr']:.2f}" + (f" ({row[m]['lag']:+.2f})" if "lag" in row[m] else "") for m in methods]
        last = row[methods[-1]]
        cells.append(f"{last['above']:+.2f} [{last['interval'][0]:+.2f}, {last['interval'][1]:+.2f}]")
        lines.append(f"| {row['clips']} | {row['region']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "models", type=Path, nargs="+", help="weights.onnx of packages with upscale 2; the first is the reference"
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write the results here too")
    arguments = parser.parse_args()
    rows = compare(arguments.models, arguments.data)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
