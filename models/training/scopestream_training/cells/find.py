"""From the detector's maps to boxes, as the service does it: peaks above a threshold, then non-maximum suppression."""

from dataclasses import dataclass

import numpy as np

from .scores import overlaps


@dataclass(frozen=True)
class Found:
    """Boxes float32 [n, 4] in pixels, kinds int [n], scores float32 [n], the surest first."""

    boxes: np.ndarray
    kinds: np.ndarray
    scores: np.ndarray

    def of_kind(self, kind: int) -> "Found":
        chosen = self.kinds == kind
        return Found(self.boxes[chosen], self.kinds[chosen], self.scores[chosen])


def padded(picture: np.ndarray, step: int) -> np.ndarray:
    """uint8 [H, W, 3] with its right and lower border repeated up to multiples of `step`."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, -height % step), (0, -width % step), (0, 0)), mode="edge")


def found(peaks: np.ndarray, boxes: np.ndarray, thresholds: list[float], overlap: float, width: int, height: int) -> Found:
    """peaks [K, h, w], boxes [4, h, w]. Boxes are clipped to the picture; a box that overlaps a surer one of its kind by
    more than `overlap` (intersection over union) is dropped."""
    kinds, rows, columns = np.nonzero(peaks > np.array(thresholds)[:, None, None])
    scores = peaks[kinds, rows, columns]
    order = np.argsort(-scores, kind="stable")
    kinds, scores = kinds[order], scores[order]
    chosen = boxes[:, rows[order], columns[order]].T
    low = np.clip(chosen[:, :2], 0, [width, height])
    high = np.clip(chosen[:, :2] + chosen[:, 2:], 0, [width, height])
    chosen = np.concatenate([low, high - low], 1)
    doubled = (overlaps(chosen, chosen) > overlap) & (kinds[:, None] == kinds)
    kept: list[int] = []
    for k in range(len(chosen)):
        if not doubled[k, kept].any():
            kept.append(k)
    return Found(chosen[kept].astype(np.float32), kinds[kept], scores[kept])
