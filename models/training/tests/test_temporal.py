"""Clips: the newest frame is the truth's, those before are displaced as stated. Three frames start as one: nothing is lost."""

import numpy as np
import torch

from scopestream_training.card import frame_names
from scopestream_training.data import Clean, Mixture, Pair
from scopestream_training.degradation import NoiseRange
from scopestream_training.export import PARITY as EXPORT_PARITY
from scopestream_training.export import build, enhance, parity, session
from scopestream_training.networks import Lumen, LumenShape
from scopestream_training.quantise import feed
from scopestream_training.runtime import phantom
from scopestream_training.temporal import Motion, MovingMixture, draw_motion, warp
from scopestream_training.train import take_over

ONE = LumenShape(unshuffle=2, upscale=2, widths=(16, 32), blocks=(1, 1))
THREE = LumenShape(unshuffle=2, upscale=2, widths=(16, 32), blocks=(1, 1), frames=3)


def spot(row: float, column: float, side: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / 3.0**2).astype(np.float32)


def random_network(shape: LumenShape) -> Lumen:
    torch.manual_seed(0)
    network = Lumen(shape)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return network


def test_warp_reads_at_the_displaced_sample() -> None:
    displacement = np.stack([np.full((64, 64), 2.5), np.full((64, 64), -1.25)])
    np.testing.assert_allclose(warp(spot(32, 32), displacement), spot(29.5, 33.25), atol=0.02)


def test_steady_motion_grows_with_age_and_light_fades() -> None:
    velocity = np.zeros((2, 64, 64), np.float32)
    velocity[1] = 1.5
    clip = Motion(velocity, np.zeros((3, 2), np.float32), bleaching=0.1).displaced(spot(32, 32))
    np.testing.assert_array_equal(clip[2], spot(32, 32))
    np.testing.assert_allclose(clip[1], 1.1 * spot(32, 30.5), atol=0.02)
    np.testing.assert_allclose(clip[0], 1.21 * spot(32, 29), atol=0.02)


def test_motion_stays_within_the_margin_and_some_scenes_are_still() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_motion(64, 3, rng) for _ in range(200)]
    typical = [float(np.sqrt((motion.velocity**2).sum(0)).mean()) for motion in drawn]
    assert 0.15 < np.mean(np.array(typical) == 0) < 0.35
    assert max(typical) < 8  # twice this is the margin that is cut around a patch
    assert all((motion.unsteady[-1] == 0).all() for motion in drawn)


def test_clips_end_on_the_frame_of_their_truth() -> None:
    """With much light and nothing else in the way, input sample k of the last frame is target sample 2k."""
    rows, columns = np.mgrid[:96, :96]
    image = (0.5 + 0.4 * np.sin(rows / 5) * np.cos(columns / 7)).astype(np.float32)
    bright = NoiseRange(peak=(1e6, 1e6), background=(0, 0), excess=(1, 1), smear_share=0, line_shift_share=0)
    mixture = MovingMixture([], [[Clean("waves", image, 0.1)]], bright, stride=2, real_share=0.0)
    inputs, targets, weights = mixture.batch(32, 16, np.random.default_rng(1))
    assert inputs.shape == (32, 3, 16, 16) and targets.shape == (32, 1, 32, 32) and weights.shape == (32,)
    np.testing.assert_allclose(inputs[:, 2], targets[:, 0, ::2, ::2], atol=0.02)
    moved = np.abs(inputs[:, 0] - inputs[:, 2]).mean((1, 2)) > 0.02
    assert 0.4 < moved.mean() < 1


def test_a_real_pair_is_the_start_of_a_session() -> None:
    image = np.random.default_rng(0).random((96, 96)).astype(np.float32)
    pairs = [Pair("001_0", image, image, 0.0, 1.0, 1.0)]
    single, moving = (kind(pairs, [], NoiseRange(), stride=2, real_share=1.0) for kind in (Mixture, MovingMixture))
    one, truth, _ = single.batch(4, 16, np.random.default_rng(0))
    three, same, _ = moving.batch(4, 16, np.random.default_rng(0))
    np.testing.assert_array_equal(three, np.repeat(one, 3, 1))
    np.testing.assert_array_equal(truth, same)


def test_starts_as_the_function_of_the_newest_frame() -> None:
    one, three = random_network(ONE), Lumen(THREE)
    take_over(three, one.state_dict())
    clip = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(three(clip), one(clip[:, -1:]))


def test_onnx_parity_and_the_start_of_a_session() -> None:
    network = random_network(THREE)
    model = build(network)
    assert parity(network, model) < EXPORT_PARITY
    run = session(model.SerializeToString())
    frames = np.random.default_rng(0).integers(100, 200, (3, 32, 32)).astype(np.uint16)
    start = np.stack([frames[0]] * 3)
    np.testing.assert_array_equal(enhance(run, frames[0], 100, 50), enhance(run, start, 100, 50))
    assert (enhance(run, frames, 100, 50) != enhance(run, frames[-1], 100, 50)).any()


def test_packages_of_three_frames_say_so() -> None:
    assert frame_names(3) == ["t-2", "t-1", "t"] and frame_names(1) == ["t"]
    frames = phantom(32, 48, 2, frames=3)
    assert frames.shape == (3, 32, 48) and (frames[0] == phantom(32, 48, 2)).all() and (frames[0] != frames[1]).any()
    fed, one = feed(frames), feed(frames[0])
    assert fed["raw"].shape == (1, 3, 32, 48) and one["raw"].shape == (1, 1, 32, 48)
    assert fed["offset"] == one["offset"] and fed["scale"] == one["scale"]  # the session's first frame sets them
