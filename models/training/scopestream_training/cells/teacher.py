"""Outlines of real nuclei, which BBBC039 has none of here, from the bioimage.io package `unet2d_nuclei_broad`:
`python -m scopestream_training.cells.teacher --data DIR --out DIR`.

Writes one uint16 label picture a frame (`NAME.npy`, 0 is background, 1 ... n the nuclei).
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from ..data import paths_of, read_grey

TILE = 512
OVERLAP = 32  # the package's halo: nearer to a tile's border its probabilities are not used
SMALLEST = 40  # pixels


def probability(run: onnxruntime.InferenceSession, frame: np.ndarray) -> np.ndarray:
    """Probability of a nucleus [H, W], frame of at least one tile each way; tiles are normalised one by one, as it declares."""
    height, width = frame.shape
    total, weight = np.zeros(frame.shape), np.zeros(frame.shape)
    inner = np.pad(np.ones((TILE - 2 * OVERLAP,) * 2), OVERLAP, constant_values=1e-3)
    for top in starts(height):
        for left in starts(width):
            part = np.s_[top : top + TILE, left : left + TILE]
            tile = frame[part].astype(np.float32)
            tile = (tile - tile.mean()) / (tile.std() + 1e-6)
            logits = run.run(None, {run.get_inputs()[0].name: tile[None, None]})[0][0, 0]
            total[part] += inner / (1 + np.exp(-logits))
            weight[part] += inner
    return (total / weight).astype(np.float32)


def starts(extent: int) -> list[int]:
    return [0] if extent == TILE else [0, extent - TILE]


def instances(foreground: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Labels of a probability without a boundary: touching nuclei are parted where the distance to the rim has a saddle."""
    mask = ndimage.binary_fill_holes(ndimage.binary_opening(foreground > threshold, iterations=2))
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 2.0)
    tops = peak_local_max(distance, min_distance=7, threshold_abs=2.0, labels=ndimage.label(mask)[0], exclude_border=False)
    seeds = np.zeros(mask.shape, int)
    seeds[tuple(tops.T)] = np.arange(1, len(tops) + 1)
    return without_specks(watershed(-distance, seeds, mask=mask), SMALLEST)


def without_specks(labels: np.ndarray, smallest: int) -> np.ndarray:
    """Labels of `smallest` or more pixels, numbered anew from 1."""
    sizes = np.bincount(labels.ravel())
    kept = sizes >= smallest
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0)
    return numbers[labels].astype(np.uint16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with bbbc039/ and bioimageio/")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = arguments.data / "bioimageio" / "unet2d_nuclei_broad" / "weights.onnx"
    run = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    for held_out in (False, True):
        for frame in paths_of(arguments.data, "bbbc039", held_out):
            labels = instances(probability(run, read_grey(frame)))
            np.save(arguments.out / f"{frame.stem}.npy", labels)
            print(frame.stem, labels.max(), flush=True)


if __name__ == "__main__":
    main()
