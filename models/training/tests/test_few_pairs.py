"""A held-out channel is held out whole; pairs are ninths of as few fields as hold them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scopestream_training.config import Config
from scopestream_training.data import Clean, Mixture, Pair
from scopestream_training.degradation import NoiseRange
from scopestream_training.few_pairs import Score, baselines, choose, experiment, ninths, table, without
from scopestream_training.networks import LumenShape

FIELDS = [f"{k:03d}_{channel}" for k in range(1, 6) for channel in range(3)]


def pair(name: str, side: int = 48) -> Pair:
    image = np.random.default_rng(int(name.replace("_", ""))).random((side, side)).astype(np.float32)
    return Pair(name, image, image, 0.0, 1.0, 1.0)


def test_a_held_out_channel_is_neither_pair_nor_clean_image() -> None:
    names = [*(f"w2s/{name}" for name in FIELDS), "tubulin/cell_1"]
    cleans = [[Clean(name, np.zeros((8, 8), np.float32), 0.0) for name in names]]
    left = without(Mixture([pair(name) for name in FIELDS], cleans, NoiseRange(), 2, 0.5), "1")
    assert {p.name[-2:] for p in left.pairs} == {"_0", "_2"}
    assert "tubulin/cell_1" in {c.name for c in left.cleans[0]}
    assert not any(c.name.startswith("w2s/") and c.name.endswith("_1") for c in left.cleans[0])


def test_ninths_cover_a_field_once() -> None:
    whole = pair("001_0")
    parts = list(ninths(whole))
    assert len(parts) == 9
    np.testing.assert_array_equal(np.block([[parts[3 * i + j].raw for j in range(3)] for i in range(3)]), whole.raw)
    assert all(np.array_equal(part.raw, part.truth) for part in parts)


def test_a_smaller_choice_is_in_a_larger() -> None:
    pairs = [pair(f"{k:03d}_0") for k in range(1, 6)]
    few, more = choose(pairs, 20, seed=1), choose(pairs, 40, seed=1)
    assert len({p.name for p in few}) == 3 and len({p.name for p in more}) == 5
    assert [p.raw.tobytes() for p in more[:20]] == [p.raw.tobytes() for p in few]
    assert {p.name for p in choose(pairs, 20, seed=2)} != {p.name for p in few}
    with pytest.raises(ValueError, match="45 pairs at most"):
        choose(pairs, 46, seed=1)


def test_the_gaussian_beats_bicubic_on_noise() -> None:
    rows, columns = np.mgrid[:64, :64] / 64
    truth = (100 + 50 * np.sin(6 * rows) * np.cos(5 * columns)).astype(np.float32)
    noisy = truth + np.random.default_rng(0).normal(0, 20, truth.shape).astype(np.float32)
    cubic, best = baselines([replace(pair("001_2"), raw=noisy, truth=truth)], 2)
    assert (cubic.method, best.method) == ("bicubic", "best Gaussian")
    assert best.si_psnr > cubic.si_psnr + 3


def test_the_table_compares_the_same_fields() -> None:
    rows = [Score("2", "zero-shot", field, 20.0 + k) for k, field in enumerate("abc")]
    rows += [Score("2", "200 pairs", field, 21.0 + k) for k, field in reversed(list(enumerate("abc")))]
    assert "| actin | 200 pairs | 22.00 [21.00, 23.00] | 1.00 [1.00, 1.00] |" in table(rows)


def test_the_experiment_goes_on_where_it_was(tmp_path: Path) -> None:
    """On a data set of noise: every method scored once, and a second call finds every run done."""
    rng = np.random.default_rng(0)
    for split, fields in (("train", range(1, 46)), ("val", range(50, 52))):
        for kind in ("avg1", "avg400"):
            folder = tmp_path / "w2s" / split / kind
            folder.mkdir(parents=True)
            for field in fields:
                for channel in range(2):
                    Image.fromarray(rng.integers(0, 255, (48, 48), np.uint8)).save(folder / f"{field:03d}_{channel}.png")
    shape = LumenShape(unshuffle=2, upscale=2, widths=(16,), blocks=(1,))
    config = Config("tiny", shape, sources=("w2s",), real_share=1.0, iterations=2, batch=4, patch=8)
    run = tmp_path / "run"
    first = [row for rows in experiment(config, tmp_path, run, ["1"], workers=1) for row in rows]
    methods = ["bicubic", "best Gaussian", "zero-shot", "200 pairs", "400 pairs", "all channels", "all channels, simulated noise"]
    assert list(dict.fromkeys(row.method for row in first)) == methods
    assert {row.field for row in first} == {"050", "051"} and len(first) == 14
    times = {path: path.stat().st_mtime_ns for path in run.glob("*/checkpoint.pt")}
    assert len(times) == 5
    again = [row for rows in experiment(config, tmp_path, run, ["1"], workers=1) for row in rows]
    assert again == first
    assert times == {path: path.stat().st_mtime_ns for path in run.glob("*/checkpoint.pt")}
