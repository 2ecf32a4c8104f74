"""Boxes of the white cells of PBC, which has none:
`python -m scopestream_training.cells.portraits configs/cells/smear-find-bccd.toml --run DIR --data DIR --out FILE`.

The detector trained on BCCD alone looks at every picture; its box is taken where it agrees with the nucleus that a threshold
finds in the middle, else a box about that nucleus. So the boxes follow the annotators of BCCD.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from skimage.filters import threshold_otsu
from torch.nn import functional

from .camera import from_bytes
from .detector import Detector
from .fields import WHITE, absorbance
from .find import Found
from .smears import KINDS, pbc_paths, read_rgb
from .train_find import detect, load

SMALLEST_NUCLEUS = 0.004  # share of the picture: a larger platelet
COARSER = 2  # the nucleus is sought on means of this many pixels along an axis
CLOSING = 4  # such means between lobes of one nucleus that are bridged
CYTOPLASM = 1.25  # box of a cell against that of its nucleus, where nothing better is known
SURE = 0.15


def nucleus(picture: np.ndarray) -> np.ndarray | None:
    """Box of the nucleus nearest to the middle of a picture of one cell: the darkest stain in green, lobes together."""
    green = absorbance(functional.avg_pool2d(from_bytes(picture), COARSER))[1].numpy()
    stained = green > max(threshold_otsu(green), 0.6 * np.percentile(green, 99.5))
    joined = ndimage.binary_opening(ndimage.binary_closing(stained, np.ones((CLOSING,) * 2)), np.ones((3, 3)))
    parts, _ = ndimage.label(joined)
    middle = np.array(parts.shape) / 2
    best, nearest = None, np.inf
    for k, part in enumerate(ndimage.find_objects(parts), start=1):
        if (parts[part] == k).sum() < SMALLEST_NUCLEUS * parts.size:
            continue
        start, size = (np.array([edge(axis) for axis in part]) for edge in (lambda s: s.start, lambda s: s.stop - s.start))
        distance = float(np.hypot(*(start + size / 2 - middle)))
        if distance < nearest:
            best, nearest = COARSER * np.array([*start[::-1], *size[::-1]], np.float32), distance
    return best


def agreed(result: Found, core: np.ndarray) -> np.ndarray | None:
    """The surest white cell that covers the nucleus's middle and is 0.9 to 2.5 times its size."""
    middle = core[:2] + core[2:] / 2
    for box in result.of_kind(WHITE).boxes:
        covers = (box[:2] < middle).all() and (middle < box[:2] + box[2:]).all()
        if covers and 0.9 < np.sqrt(box[2:].prod() / core[2:].prod()) < 2.5:
            return box
    return None


def portrait_box(network: Detector, picture: np.ndarray) -> tuple[np.ndarray | None, bool]:
    """The cell's box, and whether the detector drew it."""
    core = nucleus(picture)
    if core is None:
        return None, False
    box = agreed(detect(network, picture, [SURE] * len(KINDS)), core)
    if box is not None:
        return box, True
    return np.concatenate([core[:2] - (CYTOPLASM - 1) / 2 * core[2:], CYTOPLASM * core[2:]]), False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = Detector(load(arguments.config).shape).eval()
    network.load_state_dict(torch.load(arguments.run / "checkpoint.pt")["ema"])
    boxes, drawn, seen = {}, 0, 0
    for part in ("train", "val"):
        for path, _ in pbc_paths(arguments.data, part):
            box, by_detector = portrait_box(network, read_rgb(path))
            seen, drawn = seen + 1, drawn + by_detector
            if box is not None:
                boxes[path.stem] = [round(float(v)) for v in box]
    lines = ",\n".join(f'"{name}": {box}' for name, box in boxes.items())
    arguments.out.write_text(f"{{\n{lines}\n}}\n")
    json.loads(arguments.out.read_text())
    print(f"{len(boxes)} of {seen} pictures have a box, {drawn} drawn by the detector")


if __name__ == "__main__":
    main()
