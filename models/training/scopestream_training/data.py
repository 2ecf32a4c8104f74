"""Training patches: real W2S pairs and clean images under simulated noise, through one sampling geometry.

A patch is cut at full sampling, at any row and column, turned and mirrored, and only then sampled with `[::stride, ::stride]`;
so every flip and every sampling phase keeps sample `k` of the input on sample `stride * k` of the target.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

from .degradation import Noise, NoiseRange, expose
from .filters import gaussian
from .normalise import offset_and_scale
from .scenes import Kind, membranes, mitochondria, pairs, scene, threads

# Weights are inverse squared errors of a Gaussian filter in normalised units; this is a typical such error.
TYPICAL_ERROR = 2e-3
# Squared error left in a smooth patch by a Gaussian of 1.2 px without noise, and the share of the noise variance it keeps.
ERROR_FLOOR, NOISE_KEPT = 3e-4, 0.055
BASELINE_SIGMA = 1.8  # input samples: the best single Gaussian on W2S

# Kinds of structure in the scenes of `neighbours:N`: what stands close to its like, alone or among mitochondria or membranes.
NEIGHBOURS: tuple[tuple[Kind, ...], ...] = ((pairs,), (threads,), (pairs, threads), (pairs, mitochondria), (threads, membranes))

# Images of each folder that no training reads: they are for evaluation.
HELD_OUT = 5


@dataclass(frozen=True)
class Pair:
    """A field: one exposure and its truth in the exposure's counts, with the exposure's normalisation."""

    name: str
    raw: np.ndarray  # float32 [H, W], counts
    truth: np.ndarray  # float32 [H, W], counts
    offset: float
    scale: float
    weight: float


@dataclass(frozen=True)
class Clean:
    """A clean image in [0, about 1] with its 1st percentile, for synthetic exposures."""

    name: str
    image: np.ndarray
    low: float


def read_grey(path: Path) -> np.ndarray:
    if path.suffix.lower() in (".tif", ".tiff"):
        return np.squeeze(tifffile.imread(path)).astype(np.float32)
    return np.asarray(Image.open(path).convert("L"), np.float32)


def fit_affine(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`source` after the scale and offset that bring it closest to `target` in least squares."""
    x, y = source.astype(np.float64), target.astype(np.float64)
    centred = x - x.mean()
    slope = (centred * y).mean() / (centred * centred).mean()
    return (slope * centred + y.mean()).astype(np.float32)


def load_w2s(root: Path, split: str, stride: int) -> list[Pair]:
    """W2S pairs of `split`. Each W2S image was stretched on its own, so `avg400` is fitted to `avg1` first."""
    pairs = []
    for path in sorted((root / "w2s" / split / "avg1").glob("*.png")):
        raw = read_grey(path)
        truth = fit_affine(read_grey(root / "w2s" / split / "avg400" / path.name), raw)
        offset, scale = offset_and_scale(raw[::stride, ::stride])
        filtered = gaussian(raw[::stride, ::stride], BASELINE_SIGMA, stride)
        error = float(np.mean(((filtered - truth) / scale) ** 2))
        pairs.append(Pair(path.stem, raw, truth, offset, scale, TYPICAL_ERROR / error))
    return pairs


def assert_disjoint(train: list[Pair], held: list[Pair]) -> None:
    """No field name and no pixel content of `held` may occur in `train`."""
    names = {pair.name.split("_")[0] for pair in train}
    digests = {hashlib.sha256(pair.raw.tobytes()).digest() for pair in train}
    for pair in held:
        if pair.name.split("_")[0] in names or hashlib.sha256(pair.raw.tobytes()).digest() in digests:
            raise ValueError(f"field {pair.name} is in both splits")


def clean(name: str, image: np.ndarray) -> Clean:
    low, high = np.percentile(image, [0.1, 99.9])
    scaled = (image - low) / max(high - low, 1e-6)
    return Clean(name, scaled.astype(np.float32), float(np.percentile(scaled, 1)))


def paths_of(root: Path, source: str, held_out: bool) -> list[Path]:
    """Files of a folder; the last HELD_OUT of them (the last movie of a folder of movies) are for evaluation only."""
    paths = sorted(p for p in (root / source).rglob("*") if p.suffix.lower() in (".tif", ".stk", ".png"))
    return paths[-HELD_OUT:] if held_out else paths[:-HELD_OUT]


def load_clean(root: Path, source: str, rng: np.random.Generator) -> list[Clean]:
    """Clean images of one source: `w2s`, `scenes:N`, `neighbours:N`, or a folder of low-noise images, also at 2/3 of its size."""
    if source == "w2s":
        paths = sorted((root / "w2s" / "train" / "avg400").glob("*.png"))
        return [clean(f"w2s/{p.stem}", read_grey(p)) for p in paths]
    if source.startswith("scenes:"):
        return [clean(f"scene/{k}", scene(384, rng)) for k in range(int(source.split(":")[1]))]
    if source.startswith("neighbours:"):
        count = int(source.split(":")[1])
        return [clean(f"neighbours/{k}", scene(384, rng, NEIGHBOURS[k % len(NEIGHBOURS)])) for k in range(count)]
    images = []
    for path in paths_of(root, source, held_out=False):
        image = read_grey(path)
        images.append(clean(f"{source}/{path.stem}", image))
        images.append(clean(f"{source}/{path.stem}@2/3", zoom(gaussian_filter(image, 0.6), 2 / 3, order=1)))
    return images


def turn(patch: np.ndarray, code: int) -> np.ndarray:
    """One of the eight flips and rotations of the last two axes."""
    patch = np.rot90(patch, code % 4, axes=(-2, -1))
    return patch[..., ::-1] if code >= 4 else patch


def cut(images: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A turned `size` x `size` crop of [C, H, W] at any row and column."""
    row, column = (int(rng.integers(0, extent - size + 1)) for extent in images.shape[-2:])
    return turn(images[..., row : row + size, column : column + size], int(rng.integers(8)))


@dataclass
class Mixture:
    """Draws batches of (input, target, weight), all normalised, from real pairs and from simulated exposures.

    stride: input samples are every `stride`-th output sample. real_share: expected share of real pairs in a batch.
    cleans: one list per source; sources are drawn with equal probability.
    """

    pairs: list[Pair]
    cleans: list[list[Clean]]
    noise: NoiseRange
    stride: int
    real_share: float

    def batch(self, count: int, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`count` patches of `patch` x `patch` input samples: float32 [N, 1, h, w], [N, 1, H, W] and [N]."""
        samples = [self.real(patch, rng) if rng.random() < self.real_share else self.simulated(patch, rng) for _ in range(count)]
        inputs, targets, weights = zip(*samples, strict=True)
        return np.stack(inputs)[:, None], np.stack(targets)[:, None], np.asarray(weights, np.float32)

    def real(self, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        pair = self.pairs[rng.integers(len(self.pairs))]
        raw, truth = cut(np.stack([pair.raw, pair.truth]), patch * self.stride, rng)
        offset = pair.offset + 0.03 * pair.scale * rng.normal()
        scale = pair.scale * rng.uniform(0.7, 1.4)
        sampled = raw[:: self.stride, :: self.stride]
        weight = pair.weight * (scale / pair.scale) ** 2
        return normalised(sampled, offset, scale), normalised(truth, offset, scale), weight

    def simulated(self, patch: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
        source = self.cleans[rng.integers(len(self.cleans))]
        image = source[rng.integers(len(source))]
        size = patch * self.stride
        (truth,) = cut(image.image[None], size, rng)
        noise = self.noise.draw(rng)
        frame = expose(truth, noise, self.stride, rng)
        scale = noise.peak * (1 - image.low) * rng.uniform(0.7, 1.4)
        offset = noise.background + noise.peak * image.low + 0.03 * scale * rng.normal()
        target = normalised(truth * noise.peak + noise.background, offset, scale)
        return normalised(frame, offset, scale), target, simulated_weight(truth, noise, scale)


def simulated_weight(truth: np.ndarray, noise: Noise, scale: float) -> float:
    signal = float(np.maximum(truth, 0).mean()) * noise.peak + noise.background
    error = NOISE_KEPT * noise.variance(signal) + ERROR_FLOOR * noise.peak**2
    return TYPICAL_ERROR * scale**2 / error


def normalised(frame: np.ndarray, offset: float, scale: float) -> np.ndarray:
    return ((frame - offset) / scale).astype(np.float32)
