"""Fits the exposure model of `degradation.py` to real frames, and checks it.

`python -m scopestream_training.noise_fit --data DIR`. W2S gives the residual of each exposure from the mean of 400; a movie gives
the difference of two neighbouring frames. From the noise's variance against brightness come the gain and the read noise,
from its correlation along rows the smear, from the histogram of the counts the excess noise. Then new exposures of the same
truth are simulated and compared with the real ones: histogram of the counts (Kolmogorov-Smirnov distance), noise spectrum
(largest difference of a radial band, dB) and row correlation.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from .data import load_w2s, read_grey
from .degradation import Noise, expose

EXCESSES = (1.0, 1.2, 1.5, 2.0, 3.0)  # F² to choose from
LEVELS = 24  # brightness bins of the photon-transfer curve
BANDS = 12  # radial bands of the spectrum, up to the Nyquist frequency
MOVIE_FRAMES = 9  # whose mean is the truth of a movie's frame
DARKEST = 0.5  # share of a movie's samples that is used: what is bright moves
LEAST_CORRELATION = 0.02  # below it, noise counts as white
SPECTRUM_TOLERANCE_DB, CORRELATION_TOLERANCE, HISTOGRAM_TOLERANCE = 1.0, 0.03, 0.1


@dataclass(frozen=True)
class Exposure:
    """A real frame [H, W] in counts, its truth, and the noise that a pair of such frames has (same shape, NaN where it is
    not known). `seen` is what is looked at of a noise: movies move, and motion is smooth, so only fine grain is compared."""

    frame: np.ndarray
    truth: np.ndarray
    noise: np.ndarray
    seen: Callable[[np.ndarray], np.ndarray]

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.noise)


@dataclass(frozen=True)
class Fit:
    """gain: counts per e- times excess, i.e. variance per count of signal. offset: counts at no light. read: counts rms.
    correlation: of the noise of neighbouring samples of a row. excess: F², the one whose exposures have the likest histogram:
    the variance alone cannot tell few electrons with little excess noise from many with much, and the histogram tells none
    from some better than how much."""

    gain: float
    offset: float
    read: float
    correlation: float
    excess: float = 1.0

    @property
    def smear(self) -> float:
        """Share of the sample before whose low pass correlates neighbours so."""
        return min(self.correlation, 0.9) if self.correlation > LEAST_CORRELATION else 0.0


def everything(noise: np.ndarray) -> np.ndarray:
    return noise


def fine_grain(noise: np.ndarray) -> np.ndarray:
    """What a Gaussian of 1.5 samples takes away, scaled so that white noise keeps its variance."""
    impulse = np.zeros((33, 33))
    impulse[16, 16] = 1.0
    kept = ((impulse - gaussian_filter(impulse, 1.5)) ** 2).sum()
    return (noise - gaussian_filter(noise, 1.5)) / np.sqrt(kept)


def w2s_exposures(data: Path) -> list[Exposure]:
    return [Exposure(p.raw, p.truth, p.raw - p.truth, everything) for p in load_w2s(data, "val", 2)]


def movie_exposure(path: Path) -> Exposure:
    movie = read_grey(path)
    first = (len(movie) - MOVIE_FRAMES) // 2
    frames = movie[first : first + MOVIE_FRAMES]
    middle = MOVIE_FRAMES // 2
    truth = frames.mean(0)
    noise = fine_grain((frames[middle] - frames[middle + 1]) / np.sqrt(2))
    dark = gaussian_filter(truth, 2) <= np.quantile(gaussian_filter(truth, 2), DARKEST)
    return Exposure(frames[middle], truth, np.where(dark, noise, np.nan), fine_grain)


def row_correlation(noise: np.ndarray) -> float:
    left, right = noise[:, :-1], noise[:, 1:]
    known = np.isfinite(left) & np.isfinite(right)
    return float(np.corrcoef(left[known], right[known])[0, 1])


def own_correlation(exposure: Exposure) -> float:
    """Row correlation of the noise itself: that of what is seen, less what seeing it so puts into white noise."""
    white = np.where(exposure.known, exposure.seen(np.random.default_rng(9).normal(size=exposure.frame.shape)), np.nan)
    return row_correlation(exposure.noise) - row_correlation(white)


def fit(exposure: Exposure) -> Fit:
    """Weighted line through the variance of the noise at each level of brightness. With no offset known from the camera,
    the read noise is that of the darkest level, and the offset is where the line meets it."""
    light, noise = exposure.truth[exposure.known], exposure.noise[exposure.known]
    edges = np.unique(np.quantile(light, np.linspace(0, 1, LEVELS + 1)))[1:-1]
    level = np.searchsorted(edges, light, side="right")
    bins = [level == k for k in np.unique(level)]
    means = np.array([light[chosen].mean() for chosen in bins])
    variances = np.array([noise[chosen].var() for chosen in bins])
    slope, intercept = np.polyfit(means, variances, 1, w=1 / np.maximum(variances, 1e-6))
    gain = max(float(slope), 1e-6)
    offset = min(float(light.min()), -intercept / gain) if intercept < 0 else float(light.min())
    read = float(np.sqrt(max(intercept + gain * offset, 0.0)))
    found = Fit(gain, offset, read, own_correlation(exposure))
    return min((replace(found, excess=excess) for excess in EXCESSES), key=lambda candidate: distance(exposure, candidate))


def simulate(exposure: Exposure, found: Fit, rng: np.random.Generator) -> np.ndarray:
    """Another exposure of the same truth, in whole counts. A smear narrows the noise: each e- then stands for more counts."""
    kept = (1 - found.smear) / (1 + found.smear)
    electron = found.gain / found.excess / kept
    light = np.maximum(exposure.truth - found.offset, 0) / electron
    noise = Noise(peak=1.0, excess=found.excess, read=found.read / electron, smear=found.smear)
    frame = expose(light, noise, 1, rng) * electron + found.offset
    return np.clip(np.round(frame), 0, exposure.frame.max())


def histogram_distance(real: np.ndarray, simulated: np.ndarray) -> float:
    """Largest difference of the two cumulative histograms of counts."""
    values = np.union1d(real, simulated)
    first, second = (np.searchsorted(np.sort(x, axis=None), values, side="right") / x.size for x in (real, simulated))
    return float(np.max(np.abs(first - second)))


def distance(exposure: Exposure, found: Fit) -> float:
    again = simulate(exposure, found, np.random.default_rng(9))
    return histogram_distance(exposure.frame[exposure.known], again[exposure.known])


def spectrum(noise: np.ndarray) -> np.ndarray:
    """Power of the noise in radial bands up to Nyquist; what is not known counts as none."""
    power = np.abs(np.fft.fft2(np.nan_to_num(noise))) ** 2
    radius = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n) for n in noise.shape), indexing="ij"))
    band = (radius * 2 * BANDS).astype(int)
    return np.array([power[band == k].mean() for k in range(1, BANDS)])


def check(exposure: Exposure, found: Fit, rng: np.random.Generator) -> dict[str, float]:
    pair = [simulate(exposure, found, rng) for _ in range(2)]
    simulated = np.where(exposure.known, exposure.seen((pair[0] - pair[1]) / np.sqrt(2)), np.nan)
    compared = slice(BANDS // 2, None) if exposure.seen is fine_grain else slice(None)
    ratio = 10 * np.log10(spectrum(simulated) / spectrum(exposure.noise))[compared]
    return {
        "histogram": histogram_distance(exposure.frame[exposure.known], pair[0][exposure.known]),
        "spectrum_db": float(np.abs(ratio).max()),
        "correlation": abs(row_correlation(simulated) - row_correlation(exposure.noise)),
    }


def report(exposures: list[Exposure], rng: np.random.Generator) -> dict[str, object]:
    fits = [fit(exposure) for exposure in exposures]
    checks = [check(exposure, found, rng) for exposure, found in zip(exposures, fits, strict=True)]
    median = {key: float(np.median([c[key] for c in checks])) for key in checks[0]}
    tolerance = {
        "histogram": HISTOGRAM_TOLERANCE,
        "spectrum_db": SPECTRUM_TOLERANCE_DB,
        "correlation": CORRELATION_TOLERANCE,
    }
    peaks = [(np.percentile(e.truth, 99.9) - f.offset) * f.excess / f.gain for e, f in zip(exposures, fits, strict=True)]
    return {
        "frames": len(exposures),
        "fit": {key: float(np.median([asdict(f)[key] for f in fits])) for key in asdict(fits[0])},
        "peak_electrons": [float(np.min(peaks)), float(np.median(peaks)), float(np.max(peaks))],
        "median": median,
        "within": {key: bool(median[key] <= tolerance[key]) for key in tolerance},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with w2s/ and lysosome/")
    data = parser.parse_args().data
    rng = np.random.default_rng(8)
    sets = {
        "w2s": w2s_exposures(data),
        "lysosome": [movie_exposure(path) for path in sorted((data / "lysosome").glob("*.tif"))],
    }
    print(json.dumps({name: report(exposures, rng) for name, exposures in sets.items()}, indent=2))


if __name__ == "__main__":
    main()
