"""Small pictures, their training pairs, and the scores against independent implementations."""

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from scopestream_training.colour.degradation import Instrument, InstrumentRange, reduced, through_instrument
from scopestream_training.colour.metrics import CROPPED, luma, psnr, scores, ssim
from scopestream_training.colour.package import painted
from scopestream_training.colour.patches import Patches, as_pictures, as_tensor
from scopestream_training.colour.pictures import central_square


def test_reduction_averages() -> None:
    flat = np.full((32, 48, 3), 77, np.uint8)
    assert (reduced(flat) == 77).all() and reduced(flat).shape == (8, 12, 3)


def test_instrument_has_the_photons_it_says() -> None:
    """On a grey field without blur or compression to speak of, the variance is that of photons plus read noise."""
    grey = np.full((512, 512, 3), 128, np.uint8)
    instrument = Instrument(blur=0, photons=500, read=2, quality=100)
    small = through_instrument(grey, instrument, np.random.default_rng(0)).astype(float)
    expected = 128 * 255 / 500 + 4
    green = luma(small)[..., 0]  # JPEG halves the colour's sampling: only luma keeps its noise
    assert small.mean() == pytest.approx(128, abs=1)
    assert green.var() == pytest.approx(expected * np.sum((np.array([65.481, 128.553, 24.966]) / 255) ** 2), rel=0.2)


def test_same_seed_same_pair() -> None:
    source = Patches(np.stack([painted(64, 64, k) for k in range(3)]), instrument_share=0.5, softened=0.5)
    for seed in range(4):
        small, large = source.pair(8, np.random.default_rng(seed))
        again, _ = source.pair(8, np.random.default_rng(seed))
        assert small.shape == (8, 8, 3) and large.shape == (32, 32, 3)
        assert (small == again).all()


def test_instruments_stay_in_range() -> None:
    drawn = [InstrumentRange().draw(np.random.default_rng(k)) for k in range(50)]
    bounds = InstrumentRange()
    assert all(bounds.photons[0] <= i.photons <= bounds.photons[1] for i in drawn)
    assert all(bounds.quality[0] <= i.quality <= bounds.quality[1] for i in drawn)


def test_tensor_and_back() -> None:
    picture = painted(16, 20)[None]
    assert (as_pictures(as_tensor(picture)) == picture).all()


def test_central_square() -> None:
    picture = np.zeros((363, 360, 3), np.uint8)
    picture[:1] = picture[-2:] = 255  # the rows that the square leaves out
    assert central_square(Image.fromarray(picture), 256).max() == 0


def test_scores_against_scikit_image() -> None:
    truth = painted(64, 64)
    noisy = np.clip(truth + np.random.default_rng(1).normal(0, 8, truth.shape), 0, 255).astype(np.uint8)
    expected = structural_similarity(
        truth, noisy, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert ssim(truth, noisy) == pytest.approx(expected, abs=1e-6)
    inner = np.s_[CROPPED:-CROPPED, CROPPED:-CROPPED]
    assert scores(noisy, truth)["psnr_rgb"] == psnr(noisy[inner], truth[inner])
