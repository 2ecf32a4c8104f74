"""What a classifier's package says beside its weights: temperature and thresholds, from pictures kept for tuning."""

import numpy as np
from scipy.optimize import minimize_scalar

from ..cells.scores import energy, softmax

RIGHT = 0.98  # share of the tuning pictures that are named at all which must be named right
OUTLYING = 0.01  # share of the tuning pictures whose energy lies below the floor


def settings(logits: np.ndarray, kinds: np.ndarray) -> dict[str, float]:
    """`temperature`, `unsureBelow` and `energyFloor` of logits [N, classes] and kinds [N]."""

    def surprise(temperature: float) -> float:
        """Negative log likelihood."""
        return -float(np.log(softmax(logits, temperature)[np.arange(len(kinds)), kinds] + 1e-12).mean())

    temperature = float(minimize_scalar(surprise, (0.1, 10), bounds=(0.1, 10), method="bounded").x)
    return {
        "temperature": round(temperature, 4),
        "unsureBelow": round(sure_from(softmax(logits, temperature), kinds), 3),
        "energyFloor": round(float(np.quantile(energy(logits, temperature), OUTLYING)), 3),
    }


def sure_from(probabilities: np.ndarray, kinds: np.ndarray) -> float:
    """The smallest threshold of the largest probability above which a share of RIGHT is right; 1 when there is none."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == kinds
    falling = np.argsort(-confidence)
    share = np.cumsum(right[falling]) / np.arange(1, len(kinds) + 1)
    good = np.flatnonzero(share >= RIGHT)
    return float(confidence[falling][good[-1]]) if len(good) else 1.0
