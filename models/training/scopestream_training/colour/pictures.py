"""Pictures of single blood cells as the study sees them: the central square at 256x256 ("truth"), by class.

The folder is PBC's (Acevedo et al. 2020): `{train,val}/CLASS/*.jpg`, RGB, 360x363.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("basophil", "eosinophil", "lymphocyte", "monocyte", "neutrophil")
SIDE = 256


@dataclass(frozen=True)
class Cells:
    """pixels: uint8 [N, 256, 256, 3]. labels: index into CLASSES, [N]. names: CLASS/FILE of each."""

    pixels: np.ndarray
    labels: np.ndarray
    names: list[str]


def central_square(picture: Image.Image, side: int) -> np.ndarray:
    """The largest central square of an RGB picture, uint8 [side, side, 3], bicubic with antialiasing."""
    edge = min(picture.size)
    left, top = ((extent - edge) // 2 for extent in picture.size)
    square = picture.crop((left, top, left + edge, top + edge))
    return np.asarray(square.resize((side, side), Image.Resampling.BICUBIC))


def load_cells(data: Path, split: str, side: int = SIDE) -> Cells:
    """All pictures of a split ("train" or "val"), class by class, file names in order."""
    files = [(path, label) for label, name in enumerate(CLASSES) for path in sorted((data / "pbc" / split / name).glob("*.jpg"))]
    if not files:
        raise FileNotFoundError(f"no pictures under {data / 'pbc' / split}")
    pixels = np.empty((len(files), side, side, 3), np.uint8)
    for k, (path, _) in enumerate(files):
        with Image.open(path) as picture:
            pixels[k] = central_square(picture.convert("RGB"), side)
    names = [f"{path.parent.name}/{path.name}" for path, _ in files]
    return Cells(pixels, np.array([label for _, label in files]), names)
