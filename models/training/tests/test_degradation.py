"""The simulated detector has the statistics it is asked for."""

import numpy as np
import pytest

from scopestream_training.degradation import Noise, NoiseRange, expose, sample

FLAT = np.full((512, 512), 0.5, np.float32)


def correlation(frame: np.ndarray) -> float:
    """Lag-1 autocorrelation along rows."""
    centred = frame - frame.mean()
    return float((centred[:, 1:] * centred[:, :-1]).mean() / centred.var())


@pytest.mark.parametrize("peak", [4.0, 40.0])
@pytest.mark.parametrize("excess", [1.0, 1.2, 2.0])
def test_mean_and_variance(peak: float, excess: float) -> None:
    noise = Noise(peak=peak, background=1.0, excess=excess, read=0.5)
    frame = expose(FLAT, noise, 1, np.random.default_rng(0))
    signal = 0.5 * peak + 1.0
    assert frame.mean() == pytest.approx(signal, rel=0.01)
    assert frame.var() == pytest.approx(noise.variance(signal), rel=0.02)


def test_row_correlation_is_the_smear() -> None:
    frame = expose(FLAT, Noise(peak=40.0, smear=0.4), 1, np.random.default_rng(1))
    assert correlation(frame) == pytest.approx(0.4, abs=0.01)
    assert correlation(frame.T) == pytest.approx(0.0, abs=0.01)


def test_sampling_keeps_every_second_sample() -> None:
    scene = np.random.default_rng(2).random((16, 16)).astype(np.float32)
    np.testing.assert_array_equal(sample(scene, 2, 0.0), scene[::2, ::2])


def test_line_shift_moves_odd_lines_only() -> None:
    ramp = np.tile(np.arange(64, dtype=np.float32), (8, 1))
    shifted = sample(ramp, 2, 0.5)
    np.testing.assert_allclose(shifted[0], ramp[0, ::2])
    np.testing.assert_allclose(shifted[1][:-1], ramp[0, ::2][:-1] + 1)


def test_draws_stay_in_range_and_repeat() -> None:
    bounds = NoiseRange()
    first, second = ([bounds.draw(rng) for _ in range(200)] for rng in (np.random.default_rng(3), np.random.default_rng(3)))
    assert first == second
    assert all(bounds.peak[0] <= n.peak <= bounds.peak[1] for n in first)
    assert all(0 <= n.background <= bounds.background[1] * n.peak for n in first)
