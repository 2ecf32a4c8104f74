"""The classifier: its crop, its graph, its answers and its scores."""

import numpy as np
import pytest
import torch
from torch import nn

from scopestream_training.cells.crops import MARGIN, SIDE, crop
from scopestream_training.cells.export_name import build
from scopestream_training.cells.namer import Namer, NamerShape, styles_mixed
from scopestream_training.cells.pack import assert_parity
from scopestream_training.cells.package_name import Answers, chosen_answers, fitted_temperature
from scopestream_training.cells.scores import calibration_error, confusion, energy, macro_f1, naming_scores, softmax
from scopestream_training.cells.smears import CLASSES, Portrait
from scopestream_training.cells.train_name import beside, brought_to_size, turned, view


def test_the_graph_equals_pytorch() -> None:
    torch.manual_seed(0)
    model = Namer(NamerShape((8, 8, 16, 16))).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    cells = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.uint8)
    with torch.inference_mode():
        expected = model(torch.from_numpy(cells)).numpy()
    assert assert_parity(build(model), {"cells": cells}, [expected]) < 1e-4


def test_the_crop_is_centred_and_has_the_margin() -> None:
    """A white box in a black picture fills 1 / MARGIN of the crop's side."""
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[60:120, 80:140] = 255
    result = crop(picture, np.array([80, 60, 60, 60]))
    assert result.shape == (SIDE, SIDE, 3)
    width = (result[SIDE // 2, :, 0] / 255).sum()
    assert width == pytest.approx(SIDE / MARGIN, abs=1)
    np.testing.assert_allclose(result, result[:, ::-1], atol=2)
    np.testing.assert_allclose(result, result[::-1], atol=2)


def test_the_crop_repeats_the_border() -> None:
    picture = np.full((50, 60, 3), 200, np.uint8)
    picture[:, :5] = 10
    result = crop(picture, np.array([-30, 5, 40, 40]))
    assert (result[:, : SIDE // 4] == 10).all()


def test_training_views_show_the_same_cell() -> None:
    """Without turn and jitter to speak of, the mean of a training view is that of the service's crop."""
    rows, columns = np.mgrid[:300, :300]
    picture = np.where(((columns - 150) ** 2 + (rows - 150) ** 2 < 60**2)[..., None], 40, 220).astype(np.uint8).repeat(3, 2)
    portrait = Portrait("disc", picture, 0, np.array([90, 90, 120, 120], np.float32))
    ready = brought_to_size(portrait)
    extent = MARGIN * float(ready.box[2:].max())
    seen = view(ready.image, ready.box[:2] + ready.box[2:] / 2, extent, np.random.default_rng(0))
    assert seen.shape == (3, SIDE, SIDE)
    assert float(seen.mean()) * 255 == pytest.approx(crop(picture, portrait.box).mean(), rel=0.03)
    centre, side = beside(portrait, np.random.default_rng(1))
    assert (np.abs(centre - 150) > 0.5 * (120 + side)).any()


def test_turned_pictures_keep_their_values() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    result = turned(pictures, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(result.reshape(4, -1)), np.sort(pictures.reshape(4, -1)))


def test_temperature_is_recovered() -> None:
    """Logits that are three times too large need a temperature of three."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (20000, 5))
    truth = (softmax(logits).cumsum(1) > rng.random((20000, 1))).argmax(1)
    assert fitted_temperature(3 * logits, truth) == pytest.approx(3, rel=0.05)
    assert calibration_error(softmax(logits), truth) < 0.02 < calibration_error(softmax(3 * logits), truth)


def test_most_right_answers_stay_sure() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 5, 2000)
    logits = rng.normal(0, 1, (2000, 5)) + 6 * np.eye(5)[truth]
    answers = chosen_answers(logits, truth)
    right = logits.argmax(1) == truth
    assert 0.94 < answers.sure(logits)[right].mean() < 1
    assert not Answers(1.0, 0.5, 2.0).sure(np.zeros((1, 5)))[0]


def test_energy_is_the_log_of_the_sum() -> None:
    logits = np.array([[1.0, 2.0, 3.0]])
    assert energy(logits, 1.0)[0] == pytest.approx(np.log(np.exp(logits).sum()))
    assert energy(logits, 2.0)[0] == pytest.approx(2 * np.log(np.exp(logits / 2).sum()))


def test_scores_of_a_known_table() -> None:
    truth, named = np.array([0, 0, 1, 1, 1, 4]), np.array([0, 1, 1, 1, 4, 4])
    table = confusion(named, truth, 5)
    assert table[0].tolist() == [1, 1, 0, 0, 0] and table.sum() == 6
    assert macro_f1(table) == pytest.approx(np.mean([2 / 3, 4 / 6, 2 / 3]))
    without_first = naming_scores(np.eye(len(CLASSES))[named] * 9, truth, 1.0, kept=[1, 2, 3, 4])
    assert without_first["cells"] == 4 and without_first["accuracy"] == pytest.approx(3 / 4)


def test_no_place_beside_a_cell_that_fills_its_picture() -> None:
    picture = np.zeros((300, 300, 3), np.uint8)
    portrait = Portrait("full", picture, 0, np.array([5, 5, 290, 290], np.float32))
    assert beside(portrait, np.random.default_rng(0)) is None


def test_mixed_styles_keep_the_pattern() -> None:
    """Mean and spread of a channel may change, what is bright beside what may not."""
    torch.manual_seed(3)
    x = torch.randn(6, 4, 8, 8) * torch.rand(6, 4, 1, 1).add(0.5) + torch.randn(6, 4, 1, 1)
    mixed = styles_mixed(x)
    assert not torch.allclose(mixed, x, atol=0.05)
    for before, after in zip(x.flatten(0, 1), mixed.flatten(0, 1), strict=True):
        assert torch.corrcoef(torch.stack([before.flatten(), after.flatten()]))[0, 1] > 0.999
