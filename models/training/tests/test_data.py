"""Patches keep input and target on the same grid; splits share no field; scores ignore scale and offset."""

from pathlib import Path

import numpy as np
import pytest

from scopestream_training.data import Mixture, Pair, assert_disjoint, clean, cut, fit_affine, load_clean
from scopestream_training.degradation import NoiseRange
from scopestream_training.metrics import psnr, si_psnr
from scopestream_training.normalise import offset_and_scale
from scopestream_training.scenes import pairs, scene, threads


def pair(name: str, seed: int) -> Pair:
    image = np.random.default_rng(seed).random((96, 96)).astype(np.float32)
    return Pair(name, image, image, 0.0, 1.0, 1.0)


def test_every_turn_and_phase_keeps_the_grid() -> None:
    """With raw equal to truth, input sample k must equal target sample 2k, whatever the flip and the phase."""
    mixture = Mixture([pair("001_0", 0)], [], NoiseRange(), stride=2, real_share=1.0)
    inputs, targets, weights = mixture.batch(64, 16, np.random.default_rng(0))
    assert inputs.shape == (64, 1, 16, 16) and targets.shape == (64, 1, 32, 32) and weights.shape == (64,)
    np.testing.assert_allclose(inputs, targets[..., ::2, ::2], atol=1e-6)


def test_cut_reaches_all_turns() -> None:
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    rng = np.random.default_rng(0)
    assert len({cut(image, 4, rng).tobytes() for _ in range(200)}) == 8


def test_simulated_target_is_in_the_units_of_its_input() -> None:
    image = clean("scene", scene(128, np.random.default_rng(4)))
    mixture = Mixture([], [[image]], NoiseRange(peak=(200, 300)), stride=2, real_share=0.0)
    inputs, targets, _ = mixture.batch(16, 32, np.random.default_rng(0))
    np.testing.assert_allclose(inputs.mean(), targets.mean(), atol=0.03)


def test_leaks_are_found() -> None:
    train = [pair("001_0", 0)]
    assert_disjoint(train, [pair("002_0", 1)])
    with pytest.raises(ValueError, match="002_0"):
        assert_disjoint(train, [pair("002_0", 0)])
    with pytest.raises(ValueError, match="001_1"):
        assert_disjoint(train, [pair("001_1", 1)])


def test_scores() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((64, 64))
    noisy = truth + 0.1 * rng.normal(size=truth.shape)
    assert psnr(noisy, truth) == pytest.approx(20.0, abs=0.3)
    assert si_psnr(3 * noisy + 7, truth) == pytest.approx(si_psnr(noisy, truth), abs=1e-4)
    np.testing.assert_allclose(fit_affine(2 * truth - 1, truth), truth, atol=1e-6)


def test_normalisation_ignores_single_bright_samples() -> None:
    frame = np.full((64, 64), 100.0)
    frame[32:48, 32:48] = 300.0
    spiked = frame.copy()
    spiked[5, 5] = 4000.0
    assert offset_and_scale(frame) == (100.0, 200.0)
    assert offset_and_scale(np.zeros((64, 64))) == (0.0, 1.0)
    assert offset_and_scale(spiked)[0] == 100.0


@pytest.mark.parametrize("kind", [pairs, threads])
def test_scenes_of_neighbours_are_sparse_and_bright(kind) -> None:
    image = scene(128, np.random.default_rng(2), (kind,))
    assert image.shape == (128, 128) and image.dtype == np.float32
    assert np.median(image) < 0.2 < np.percentile(image, 99)


def test_neighbours_are_a_source() -> None:
    scenes = load_clean(Path("nowhere"), "neighbours:3", np.random.default_rng(0))
    assert [image.name for image in scenes] == ["neighbours/0", "neighbours/1", "neighbours/2"]
