"""How a picture becomes the small one that is enlarged again: by resampling alone, or through a poor instrument.

Both reduce by 4 with antialiased bicubic (Pillow's BICUBIC, a = -1/2, its support widened by the factor), pixel centres
aligned: sample `k` of the small picture sits on samples `4k` to `4k + 3` of the large one.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

FACTOR = 4


@dataclass(frozen=True)
class Instrument:
    """A microscope out of its best: the order is blur, reduction, photons, read noise, compression.

    blur: Gaussian sigma in pixels of the small picture. photons: e- at white (255), each colour on its own. read: noise in
    levels of 255, rms. quality: of baseline JPEG with 4:2:0 colour, 1 to 95.
    The values here are the ones that are scored, as in `models/evaluate/classify/degradation.ts`.
    """

    blur: float = 0.8
    photons: float = 1000.0
    read: float = 2.0
    quality: int = 50


@dataclass(frozen=True)
class InstrumentRange:
    """What training draws from, each property on its own; photons log-uniformly."""

    blur: tuple[float, float] = (0.0, 1.2)
    photons: tuple[float, float] = (200.0, 5000.0)
    read: tuple[float, float] = (0.0, 4.0)
    quality: tuple[int, int] = (35, 95)

    def draw(self, rng: np.random.Generator) -> Instrument:
        return Instrument(
            blur=rng.uniform(*self.blur),
            photons=float(np.exp(rng.uniform(*np.log(self.photons)))),
            read=rng.uniform(*self.read),
            quality=int(rng.integers(self.quality[0], self.quality[1], endpoint=True)),
        )


def reduced(picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] -> [H / 4, W / 4, 3]."""
    height, width, _ = picture.shape
    small = Image.fromarray(picture).resize((width // FACTOR, height // FACTOR), Image.Resampling.BICUBIC)
    return np.array(small)


def through_instrument(picture: np.ndarray, instrument: Instrument, rng: np.random.Generator) -> np.ndarray:
    """uint8 [H, W, 3] -> [H / 4, W / 4, 3] through `instrument`."""
    sigma = instrument.blur * FACTOR
    blurred = gaussian_filter(picture, (sigma, sigma, 0), mode="nearest") if sigma > 0 else picture
    light = reduced(blurred) * (instrument.photons / 255)
    levels = rng.poisson(light) * (255 / instrument.photons) + rng.normal(0, instrument.read, light.shape)
    return compressed(np.clip(np.round(levels), 0, 255).astype(np.uint8), instrument.quality)


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "jpeg", quality=quality, subsampling="4:2:0")
    return np.array(Image.open(file))
