"""The measures of smear say what they should of a picture that keeps up, of one that is late, and of a mean."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from scopestream_training.temporal import warp
from scopestream_training.temporal_evaluate import FILTERS, Clip, Scores, add, by_source, evaluate, lag, summary, table, thirds

SPEED = 2.0


def waves(side: int = 64) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return (np.sin(rows / 4) * np.cos(columns / 5) + 1).astype(np.float32)


def clip() -> Clip:
    """The right half moves by SPEED samples a frame, the left is still."""
    image = waves()
    moving = np.zeros(image.shape, bool)
    moving[8:-8, 40:-8] = True
    velocity = np.zeros((2, 64, 64))
    velocity[0, :, 32:] = SPEED
    past = {age: warp(image, age * velocity) for age in (-1.0, 0.0, 1.0, 2.0)}
    frames = np.stack([(1000 * past[age][::2, ::2]).astype(np.uint16) for age in (2.0, 1.0, 0.0)])
    still = np.zeros_like(moving)
    still[8:-8, 8:24] = True
    return Clip("test", "one", frames, image, {"moving": moving, "still": still}, past)


def scored(picture: np.ndarray) -> Scores:
    scores = Scores()
    add(scores, clip(), picture)
    return scores


def test_lag_is_the_age_of_the_scene_in_a_picture() -> None:
    past = clip().past
    assert lag(scored(past[0.0]).errors["moving"]) == pytest.approx(0, abs=0.1)
    assert lag(scored(past[1.0]).errors["moving"]) == pytest.approx(1, abs=0.1)
    assert lag(scored((past[0.0] + past[1.0] + past[2.0]) / 3).errors["moving"]) == pytest.approx(1, abs=0.15)


def test_a_mean_of_frames_is_worse_only_where_it_moves() -> None:
    frames = clip().frames
    newest, mean = (scored(FILTERS[name](frames)) for name in ("Gaussian", "mean of 3"))
    assert by_source(mean, "moving") < by_source(newest, "moving") - 10
    assert by_source(mean, "still") > by_source(newest, "still") - 5  # what the fit over the whole picture costs


def test_thirds_find_what_changes() -> None:
    rng = np.random.default_rng(0)
    frames = rng.normal(0, 0.01, (3, 96, 96)).astype(np.float32)
    frames[-1, :, 70:] += waves(96)[:, 70:]
    found = thirds(frames)
    assert found["moving"][48, 80] and not found["still"][48, 80]
    assert found["still"].sum() == pytest.approx(found["moving"].sum(), rel=0.01)
    assert not found["still"][:8].any() and not (found["still"] & found["moving"]).any()


def test_every_kind_of_clip_is_scored(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for source, shape in (("tubulin", (400, 400)), ("bbbc039", (400, 400)), ("lysosome", (6, 64, 64))):
        (tmp_path / source).mkdir()
        noisy = 1 + waves(shape[-1]) + 0.02 * rng.normal(size=shape)  # nothing moves, but no two frames are the same
        frames = (1000 * noisy).astype(np.uint16)
        tifffile.imwrite(tmp_path / source / "a.tif", frames)
    rows = summary(evaluate(FILTERS, tmp_path), "Gaussian")
    assert {row["clips"] for row in rows} >= {
        "disc, 0 a frame, 5 e-",
        "disc, 4 a frame, 20 e-",
        "lysosome, own noise",
        "lysosome, 5 e-",
    }
    still = next(row for row in rows if (row["clips"], row["region"]) == ("lysosome, 5 e-", "still"))
    assert still["mean of 3"]["above"] > 0
    assert table(rows).count("\n") == len(rows) + 1
