"""The detector: targets that follow the cells, a graph that equals PyTorch, boxes as the service reads them."""

import numpy as np
import pytest
import torch
from torch import nn

from scopestream_training.cells.camera import CameraRange, photographed
from scopestream_training.cells.detector import REDUCTION, STRIDE, Detector, DetectorShape, boxes_of, peaks_of, reduced
from scopestream_training.cells.export_find import build
from scopestream_training.cells.fields import Fields, Mix, Scene, clipped, cut, empty, targets, turn
from scopestream_training.cells.find import found, padded
from scopestream_training.cells.pack import assert_parity
from scopestream_training.cells.scores import Tally, matches, overlaps
from scopestream_training.cells.smears import split_of
from scopestream_training.cells.stain import StainRange, hue_turn, restain
from scopestream_training.cells.train_find import box_loss, peak_loss

SMALL = DetectorShape(widths=(8, 8, 16, 16), blocks=(1, 1))


def network() -> Detector:
    """Random weights and statistics, also where training starts from zero or one."""
    torch.manual_seed(0)
    result = Detector(SMALL).eval()
    for module in result.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return result


def field(side: int = 480) -> Scene:
    """A bright square with two dark discs: a white cell of 120 pixels and a platelet of 24."""
    rows, columns = np.mgrid[:side, :side]
    picture = np.full((3, side, side), 220, np.uint8)
    for x, y, radius in ((200, 160, 60), (380, 400, 12)):
        picture[:, (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2 < radius**2] = 60
    boxes = np.array([[140, 100, 120, 120], [368, 388, 24, 24]], np.float32)
    return Scene(torch.from_numpy(picture), boxes, np.array([0, 2]), torch.ones(3, side // STRIDE, side // STRIDE))


def dark_box(picture: torch.Tensor) -> np.ndarray:
    rows, columns = torch.nonzero(picture[0] < 140, as_tuple=True)
    x, y = int(columns.min()), int(rows.min())
    return np.array([x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y])


@pytest.mark.parametrize("size", [(128, 192), (64, 64)])
def test_the_graph_equals_pytorch(size: tuple[int, int]) -> None:
    model = network()
    picture = np.random.default_rng(0).integers(0, 256, (1, *size, 3)).astype(np.uint8)
    with torch.inference_mode():
        logits, boxes = model(reduced(torch.from_numpy(picture)))
        expected = [peaks_of(logits).numpy(), REDUCTION * boxes.numpy()]
    assert expected[0].shape == (1, 3, size[0] // 16, size[1] // 16)
    assert assert_parity(build(model), {"image": picture}, expected) < 1e-4


def test_white_balance_drops_out() -> None:
    """A picture under another lamp gives the same maps, up to the rounding of the picture."""
    model = network()
    picture = torch.randint(60, 200, (1, 64, 96, 3), generator=torch.Generator().manual_seed(1)).float()
    other = picture * torch.tensor([0.5, 0.8, 1.0])
    with torch.inference_mode():
        torch.testing.assert_close(model.maps(picture), model.maps(other), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("code", range(8))
def test_boxes_turn_with_the_picture(code: int) -> None:
    scene = turn(field(), code)
    alone = scene.picture.clone()
    x, y, w, h = scene.boxes[1].astype(int)
    alone[:, y : y + h, x : x + w] = 220
    np.testing.assert_array_equal(dark_box(alone), scene.boxes[0])


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.6])
def test_boxes_follow_a_crop(scale: float) -> None:
    """Wherever the crop falls: what it shows of the white cell is in the clipped box, or the cell is not taught."""
    for seed in range(6):
        scene = clipped(cut(field(), scale, 256, np.random.default_rng(seed)))
        for box, kind in zip(scene.boxes, scene.kinds, strict=True):
            if kind == 0:
                x, y, w, h = box.round().astype(int)
                only = torch.full_like(scene.picture, 220)
                only[:, y : y + h, x : x + w] = scene.picture[:, y : y + h, x : x + w]
                np.testing.assert_allclose(dark_box(only), box, atol=2.1)


def test_a_cell_mostly_outside_neither_counts_nor_is_denied() -> None:
    scene = field()
    scene.boxes[0] = [-90, 100, 120, 120]
    result = clipped(scene)
    assert result.kinds.tolist() == [2]
    assert result.counts[0, 13:27, :3].max() == 0 and result.counts[0, :10].min() == 1 and result.counts[1:].min() == 1


def test_targets_read_back_as_the_boxes() -> None:
    scene = field()
    peaks, counts, boxes, core = targets(scene)
    result = found(peaks.numpy() * (peaks == 1).numpy(), boxes.numpy(), [0.5] * 3, 0.5, 480, 480)
    np.testing.assert_allclose(result.boxes[np.argsort(result.kinds)], scene.boxes)
    assert counts.min() == 1 and core.sum() > 2


def test_losses_vanish_for_the_truth() -> None:
    peaks, counts, boxes, core = (part[None] for part in targets(field()))
    sure = torch.where(peaks == 1, 20.0, -20.0)
    assert peak_loss(sure, peaks, counts) < 1e-4 < peak_loss(-sure, peaks, counts)
    assert box_loss(boxes, boxes, core).abs() < 1e-5


def test_decoded_boxes_are_in_pixels() -> None:
    values = torch.zeros(1, 4, 2, 3)
    values[:, 2:] = float(np.log(4))
    assert boxes_of(values)[0, :, 1, 2].tolist() == pytest.approx([20 - 16, 12 - 16, 32, 32])


def test_overlapping_boxes_of_one_kind_leave_the_surest() -> None:
    peaks, boxes = np.zeros((3, 4, 4), np.float32), np.zeros((4, 4, 4), np.float32)
    cells = ((0, 1, 1, 0.9, (4, 4, 20, 20)), (0, 1, 2, 0.6, (6, 4, 20, 20)), (1, 2, 2, 0.5, (5, 4, 20, 20)))
    for kind, row, column, score, box in cells:
        peaks[kind, row, column], boxes[:, row, column] = score, box
    result = found(peaks, boxes, [0.3, 0.3, 0.3], 0.5, 32, 32)
    assert result.kinds.tolist() == [0, 1] and result.scores.tolist() == pytest.approx([0.9, 0.5])


def test_matching_uses_every_box_once() -> None:
    true = np.array([[0, 0, 10, 10], [20, 0, 10, 10]], np.float32)
    got = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [21, 0, 10, 10]], np.float32)
    pairs = matches(overlaps(got, true), 0.5)
    assert sorted(pairs) == [(0, 0), (2, 1)]
    tally = Tally()
    tally.add(3, 2, len(pairs))
    assert tally.scores()["f1"] == pytest.approx(0.8) and tally.scores()["count_error"] == 1


def test_padding_repeats_the_border() -> None:
    picture = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    result = padded(picture, 8)
    assert result.shape == (8, 8, 3)
    assert (result[5:, :7] == picture[4]).all() and (result[:5, 7] == picture[:, 6]).all()


def test_examples_are_the_same_for_the_same_seed() -> None:
    source = Fields([field()], [field()], Mix(), StainRange(), CameraRange(), 160)
    first, second = (source.draw(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.picture, second.picture)
    assert first.picture.shape == (160, 160, 3) and torch.equal(first.peaks, second.peaks)


def test_empty_scenes_have_no_targets() -> None:
    peaks, _, _, core = targets(empty(160, np.random.default_rng(0)))
    assert not peaks.any() and not core.any()


def test_colours_stay_in_range_and_a_full_turn_of_hue_changes_nothing() -> None:
    picture = torch.rand(3, 48, 48, generator=torch.Generator().manual_seed(2))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        result = photographed(restain(picture, StainRange(), rng), CameraRange(), rng)
        assert result.shape == picture.shape and result.min() >= 0 and result.max() <= 1
    torch.testing.assert_close(hue_turn(360), torch.eye(3), atol=1e-6, rtol=0)


def test_no_field_is_in_two_parts() -> None:
    for parts in (("find-train", "find-tune", "find-test"), ("name-tune", "name-report")):
        names = [name for part in parts for name in split_of(part)]
        assert len(names) == len(set(names))
    assert not set(split_of("find-test")) & set(split_of("name-tune"))
