"""The fit finds the detector that made a frame, and the check tells a wrong one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scopestream_training.degradation import Noise, expose
from scopestream_training.noise_fit import Exposure, check, everything, fit


def exposure(noise: Noise) -> Exposure:
    rng = np.random.default_rng(1)
    scene = gaussian_filter(rng.random((256, 256)), 6)
    scene = ((scene - scene.min()) / np.ptp(scene)).astype(np.float32)
    truth = (scene * noise.peak + noise.background) * 8 + 50
    frame = np.round(expose(scene, noise, 1, rng) * 8 + 50)
    return Exposure(frame, truth, frame - truth, everything)


@pytest.mark.parametrize("excess", [1.0, 2.0])
def test_gain_is_found(excess: float) -> None:
    found = fit(exposure(Noise(peak=20.0, background=0.05, excess=excess)))
    assert found.gain == pytest.approx(8 * excess, rel=0.1)


def test_excess_noise_is_told_from_photons_alone() -> None:
    assert fit(exposure(Noise(peak=20.0, background=0.05, excess=2.0))).excess > 1.0


def test_smear_is_found() -> None:
    assert fit(exposure(Noise(peak=200.0, background=20.0, smear=0.3))).correlation == pytest.approx(0.3, abs=0.03)


def test_the_check_passes_the_right_detector_and_fails_a_wrong_one() -> None:
    real = exposure(Noise(peak=200.0, background=0.5, smear=0.3))
    found = fit(real)
    assert check(real, found, np.random.default_rng(2))["correlation"] < 0.03
    assert check(real, replace(found, correlation=0.0), np.random.default_rng(2))["correlation"] > 0.2
