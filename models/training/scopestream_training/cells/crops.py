"""The crop of a cell that the classifier sees, as the service makes it."""

import math

import numpy as np
from PIL import Image

SIDE = 96
MARGIN = 1.3


def crop(picture: np.ndarray, box: np.ndarray, side: int = SIDE) -> np.ndarray:
    """uint8 [side, side, 3]: a square of MARGIN times the larger side of `box` about its centre, the picture's border repeated
    beyond it, resized with a triangle filter (as wide as the reduction when shrinking, so without aliasing)."""
    x, y, w, h = (float(v) for v in box)
    extent = MARGIN * max(w, h)
    left, top = x + w / 2 - extent / 2, y + h / 2 - extent / 2
    height, width = picture.shape[:2]
    before = max(0, math.ceil(-min(left, top)))
    after = max(0, math.ceil(max(left + extent - width, top + extent - height)))
    padded = np.pad(picture, ((before, after), (before, after), (0, 0)), mode="edge") if before or after else picture
    edges = (left + before, top + before, left + before + extent, top + before + extent)
    return np.asarray(Image.fromarray(padded).resize((side, side), Image.Resampling.BILINEAR, box=edges))
