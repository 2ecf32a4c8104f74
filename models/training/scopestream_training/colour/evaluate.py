"""Scores of a packaged x4 model on pictures it never saw: `python -m scopestream_training.colour.evaluate WEIGHTS... --data DIR`.

PBC validation pictures (the lab of the training pictures) and whole fields of BCCD (another lab, stain and camera), both
reduced, and through the scored instrument of `degradation.py`; bicubic beside the model.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from .degradation import FACTOR, Instrument, reduced, through_instrument
from .export import enhance, session
from .metrics import psnr, scores
from .pictures import load_cells

PICTURES = 100  # of PBC val, spread over the classes
FIELDS = 10  # of BCCD
SEED = 64


def bicubic(small: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> [4H, 4W, 3] by Pillow's bicubic."""
    size = (FACTOR * small.shape[1], FACTOR * small.shape[0])
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))


def truths(data: Path, pictures: int) -> dict[str, np.ndarray]:
    """By set, uint8 [N, H, W, 3]."""
    cells = load_cells(data, "val").pixels
    fields = sorted((data / "bccd" / "images").glob("*.jpg"))
    return {
        "PBC val": cells[spread(len(cells), pictures)],
        "BCCD": np.stack([np.asarray(Image.open(fields[k]).convert("RGB")) for k in spread(len(fields), FIELDS)]),
    }


def spread(count: int, wanted: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(count, wanted)).round().astype(int)


def evaluate(weights: Path, data: Path, pictures: int = PICTURES) -> dict[str, dict]:
    """By "SET, reduced" and "SET, instrument": `bicubic` and `model`, each with the mean of every score.

    `psnr_small` is that of the enlarged picture, reduced again, towards the small one it was made from.
    """
    run = session(weights)
    results = {}
    for name, large in truths(data, pictures).items():
        for way in ("reduced", "instrument"):
            rng = np.random.default_rng(SEED)
            smalls = [reduced(p) if way == "reduced" else through_instrument(p, Instrument(), rng) for p in large]
            results[f"{name}, {way}"] = {
                "pictures": len(large),
                "bicubic": means(bicubic, smalls, large),
                "model": means(lambda small: enhance(run, small), smalls, large),
            }
    return results


def means(enlarge: object, smalls: list[np.ndarray], large: np.ndarray) -> dict[str, float]:
    every = []
    for small, truth in zip(smalls, large, strict=True):
        made = enlarge(small)
        every.append(scores(made, truth) | {"psnr_small": psnr(reduced(made), small)})
    return {key: float(np.mean([score[key] for score in every])) for key in every[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/ and bccd/")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    arguments = parser.parse_args()
    for weights in arguments.weights:
        print(weights, json.dumps(evaluate(weights, arguments.data, arguments.pictures), indent=1))


if __name__ == "__main__":
    main()
