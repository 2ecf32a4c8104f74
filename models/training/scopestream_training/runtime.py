"""What a packaged model does on the machine: milliseconds per frame, and how far its pixels look."""

import platform
import time

import numpy as np
import onnxruntime

from .degradation import Noise, expose
from .export import enhance, session
from .normalise import offset_and_scale
from .scenes import scene

# A tile may differ from the whole frame by this share of the frame's range (p1 to p99.9): a sixth of the error
# that a good model leaves (SI-PSNR 31 dB is 2.8 % of the range).
TILE_TOLERANCE = 0.005


def phantom(height: int, width: int, stride: int, peak: float = 20.0, seed: int = 20, frames: int = 1) -> np.ndarray:
    """Simulated exposures of a still scene, uint16 [frames, height, width] (input pixels; without the first axis, if it is
    one): 100 counts of offset, 20 per e-."""
    rng = np.random.default_rng(seed)
    clean = scene(stride * max(height, width), rng)[: stride * height, : stride * width]
    noise = Noise(peak=peak, background=0.05 * peak, excess=1.2, read=0.4)
    exposures = np.stack([expose(clean, noise, stride, rng) for _ in range(frames)])
    counts = np.clip(np.round(100 + 20 * exposures), 0, 65535).astype(np.uint16)
    return counts if frames > 1 else counts[0]


def milliseconds(weights: bytes, side: int, threads: int, runs: int = 20) -> dict[str, float]:
    """Fastest and median wall time of one `side` x `side` frame; the fastest is that of an otherwise idle machine."""
    run = session(weights, threads)
    frame = phantom(side, side, 1)
    offset, scale = offset_and_scale(frame)
    times = []
    for _ in range(runs + 3):
        started = time.perf_counter()
        enhance(run, frame, offset, scale)
        times.append(1000 * (time.perf_counter() - started))
    return {"min": min(times[3:]), "median": float(np.median(times[3:]))}


def halo(run: onnxruntime.InferenceSession, stride: int, step: int) -> int:
    """Output pixels at a tile's border that may differ from the whole frame by more than TILE_TOLERANCE.

    The largest difference is compared, of a tile in the middle of a larger frame.
    """
    tile, margin = 192, 96
    frame = phantom(tile + 2 * margin, tile + 2 * margin, stride)
    offset, scale = offset_and_scale(frame)
    gain = 8.0  # counts of the phantom stay below 8192
    whole = enhance(run, frame, offset, scale, gain)[stride * margin :, stride * margin :]
    part = enhance(run, frame[margin:-margin, margin:-margin], offset, scale, gain)
    side = stride * tile
    difference = np.abs(part.astype(np.float64) - whole[:side, :side]) / (scale * gain)
    for width in range(0, side // 2, stride * step // 2):
        inner = difference[width : side - width, width : side - width]
        if inner.max() <= TILE_TOLERANCE:
            return width
    raise ValueError("no halo within half a tile meets the tolerance")


def machine() -> str:
    flags = {"avx512_vnni", "avx_vnni", "avx512f", "avx2"}
    try:
        with open("/proc/cpuinfo") as file:
            found = sorted(flags & set(file.read().split()))
    except OSError:
        found = []
    features = ", ".join(found) or "features unknown"
    return f"{platform.machine()} CPU ({features}), onnxruntime {onnxruntime.__version__}"
