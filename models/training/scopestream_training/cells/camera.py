"""What optics, sensor and file format take from a colour picture: sharpness, sampling, noise, compression.

Pictures are float32 [3, H, W] in [0, 1].
"""

import io
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional


@dataclass(frozen=True)
class CameraRange:
    """blur: standard deviation, largest, pixels. sharpen: largest share of an unsharp mask. noise: largest standard
    deviation. quality: lowest of JPEG. side_share: smallest share of its samples along an axis that a picture is reduced to
    before it is enlarged again. shade: largest loss of light at a border. shares: how often blur, sharpening, noise,
    JPEG, resampling and shade occur."""

    blur: float = 2.0
    sharpen: float = 1.5
    noise: float = 0.06
    quality: int = 25
    side_share: float = 0.33
    shade: float = 0.3
    shares: tuple[float, float, float, float, float, float] = (0.35, 0.2, 0.5, 0.4, 0.3, 0.3)


def blurred(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """A Gaussian of standard deviation `sigma` pixels, borders repeated."""
    radius = max(1, int(np.ceil(2.5 * sigma)))
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = (taps / taps.sum())[None, None].expand(3, 1, -1)
    y = functional.pad(picture[None], (radius,) * 4, mode="replicate")
    y = functional.conv2d(y, taps[:, :, None], groups=3)
    return functional.conv2d(y, taps[..., None], groups=3)[0]


def resampled(picture: torch.Tensor, share: float) -> torch.Tensor:
    """Reduced to `share` of its samples along each axis without aliasing, and enlarged again by cubic interpolation."""
    height, width = picture.shape[1:]
    small = (max(8, round(height * share)), max(8, round(width * share)))
    reduced = functional.interpolate(picture[None], small, mode="bilinear", antialias=True)
    return functional.interpolate(reduced, (height, width), mode="bicubic")[0].clamp(0, 1)


def compressed(picture: torch.Tensor, quality: int) -> torch.Tensor:
    file = io.BytesIO()
    Image.fromarray(to_bytes(picture)).save(file, "JPEG", quality=quality)
    return from_bytes(np.asarray(Image.open(file)))


def noisy(picture: torch.Tensor, deviation: float, rng: np.random.Generator) -> torch.Tensor:
    """Noise of every colour on its own, and as much that all colours share, over one to three pixels."""
    seed = torch.Generator().manual_seed(int(rng.integers(2**31)))
    own = torch.randn(picture.shape, generator=seed)
    shared = torch.randn(picture.shape[1:], generator=seed).expand_as(own)
    grain = own + shared if rng.random() < 0.7 else 2 * blurred(own + shared, 0.8)
    return picture + 0.7 * deviation * grain


def shaded(picture: torch.Tensor, loss: float, rng: np.random.Generator) -> torch.Tensor:
    """Light that falls off towards one border."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = (torch.linspace(-1, 1, extent) for extent in picture.shape[1:])
    slope = (np.sin(angle) * rows[:, None] + np.cos(angle) * columns + 1.5) / 3
    return picture * (1 - loss * slope.float().clamp(0, 1))


def photographed(picture: torch.Tensor, ranges: CameraRange, rng: np.random.Generator) -> torch.Tensor:
    blur, sharpen, noise, jpeg, resample, shade = (rng.random() < share for share in ranges.shares)
    if shade:
        picture = shaded(picture, rng.uniform(0, ranges.shade), rng)
    if blur:
        picture = blurred(picture, rng.uniform(0.3, ranges.blur))
    if resample:
        picture = resampled(picture, float(np.exp(rng.uniform(np.log(ranges.side_share), 0))))
    if noise:
        picture = noisy(picture, ranges.noise * rng.uniform(0, 1) ** 2, rng)
    if sharpen:
        picture = picture + rng.uniform(0.2, ranges.sharpen) * (picture - blurred(picture, rng.uniform(0.7, 1.5)))
    picture = picture.clamp(0, 1)
    return compressed(picture, int(rng.integers(ranges.quality, 96))) if jpeg else picture


def to_bytes(picture: torch.Tensor) -> np.ndarray:
    """uint8 [H, W, 3]."""
    return (picture * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


def from_bytes(picture: np.ndarray) -> torch.Tensor:
    """float32 [3, H, W] in [0, 1]."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255
