"""The input normalisation `box5-p1-p99.9`, which the service repeats at run time.

It is fixed for a session, from the session's first frame: `offset` and `scale` (both in counts of the raw
frame) come from the frame after a 5x5 box mean with replicated edges, so that single noisy pixels do not set
them: `offset` is the 1st percentile, `scale` the 99.9th minus `offset`. A network sees `(raw - offset) / scale`.
"""

import numpy as np
from scipy.ndimage import uniform_filter

NAME = "box5-p1-p99.9"
BOX_PIXELS = 5
PERCENTILES = (1.0, 99.9)


def offset_and_scale(frame: np.ndarray) -> tuple[float, float]:
    """Offset and scale (counts) of a 2-D frame; the scale of a flat frame is 1 count."""
    box = uniform_filter(frame.astype(np.float32), BOX_PIXELS, mode="nearest")
    low, high = np.percentile(box, PERCENTILES)
    return float(low), float(max(high - low, 1.0))
