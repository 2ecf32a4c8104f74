"""What a classifier of the decision study gets: the picture at 256, seen at 224, reduced to what the network works at.

Every arm takes the same path, with its own way from 256 to 64 and back (`arms.py`). A "view" is uint8 [side, side, 3];
it is reduced by Pillow's BILINEAR, a triangle widened by the factor, as `models/evaluate/classify/resample.ts` does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..cells.stain import StainRange, restain
from ..colour.patches import as_tensor
from ..colour.pictures import CLASSES, Cells, load_cells

VIEW_SIDE = 224
TUNED = 10  # every tenth training picture is kept for temperature and thresholds
STAIN = StainRange(strength=0.15, amounts=0.15, turn=8.0, mix=0.04, lamp=0.05, level=0.7, curve=0.1, saturation=0.2)
SHIFT = 0.06  # largest displacement, as a share of the side


def view(picture: np.ndarray, side: int) -> np.ndarray:
    """uint8 [S, S, 3] -> [side, side, 3], by way of 224."""
    seen = Image.fromarray(picture).resize((VIEW_SIDE, VIEW_SIDE), Image.Resampling.BILINEAR)
    return np.asarray(seen.resize((side, side), Image.Resampling.BILINEAR))


@dataclass(frozen=True)
class Views:
    """pixels: uint8 [N, side, side, 3]. kinds: index into CLASSES, [N]."""

    pixels: np.ndarray
    kinds: np.ndarray

    def where(self, chosen: np.ndarray) -> "Views":
        return Views(self.pixels[chosen], self.kinds[chosen])


def views_of(cells: Cells, side: int) -> Views:
    return Views(np.stack([view(picture, side) for picture in cells.pixels]), cells.labels)


@dataclass(frozen=True)
class Parts:
    """train: what the weights are learnt from. tune: temperature and thresholds. held: the report (PBC val)."""

    train: Views
    tune: Views
    held: Views


def split(learnt: Views, held: Views) -> Parts:
    tuned = np.arange(len(learnt.kinds)) % TUNED == 0
    return Parts(learnt.where(~tuned), learnt.where(tuned), held)


def load_parts(data: Path, side: int) -> Parts:
    """Original pictures."""
    return split(*(views_of(load_cells(data, part), side) for part in ("train", "val")))


def draw(views: Views, count: int, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Light float32 [count, 3, side, side] in [0, 1], turned, mirrored, shifted and restained, and its kinds."""
    chosen = rng.integers(len(views.kinds), size=count)
    side = views.pixels.shape[1]
    reach = round(SHIFT * side)
    lights = []
    for k in chosen:
        picture = np.pad(views.pixels[k], ((reach, reach), (reach, reach), (0, 0)), mode="edge")
        top, left = rng.integers(2 * reach, size=2, endpoint=True)
        picture = np.rot90(picture[top : top + side, left : left + side], rng.integers(4))
        picture = np.ascontiguousarray(picture[:, ::-1] if rng.random() < 0.5 else picture)
        lights.append(restain(as_tensor(picture[None])[0], STAIN, rng))
    return torch.stack(lights), torch.from_numpy(views.kinds[chosen])


__all__ = ["CLASSES", "Parts", "Views", "draw", "load_parts", "split", "view", "views_of"]
