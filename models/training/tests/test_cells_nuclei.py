"""The finder of nuclei: its graph, the outlines that follow from it, and the scenes it learns from."""

import numpy as np
import torch
from torch import nn

from scopestream_training.cells.export_nuclei import build
from scopestream_training.cells.nuclei import Nuclei, NucleiShape, outlined, rims
from scopestream_training.cells.nuclei_scenes import example, simulated_frame
from scopestream_training.cells.pack import assert_parity
from scopestream_training.cells.teacher import instances
from scopestream_training.cells.train_nuclei import label_overlaps


def two_discs(gap: int) -> np.ndarray:
    """Labels of two discs of 40 pixels across, `gap` pixels apart."""
    rows, columns = np.mgrid[:96, :128]
    labels = np.zeros((96, 128), np.uint16)
    for k, x in enumerate((40, 80 + gap), start=1):
        labels[(columns - x) ** 2 + (rows - 48) ** 2 < 20**2] = k
    return labels


def test_the_graph_equals_pytorch() -> None:
    torch.manual_seed(0)
    model = Nuclei(NucleiShape((8, 8, 16), 1)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    image = np.random.default_rng(0).normal(size=(1, 1, 48, 80)).astype(np.float32)
    with torch.inference_mode():
        maps = model(torch.from_numpy(image)).sigmoid().numpy()
    assert assert_parity(build(model), {"image": image}, [maps[:, :1], maps[:, 1:]]) < 1e-4


def test_touching_nuclei_come_apart_at_their_rim() -> None:
    true = two_discs(gap=0)
    labels = outlined((true > 0).astype(float), rims(true).astype(float), 0.5, 0.4, 40)
    assert labels.max() == 2
    assert (label_overlaps(labels, true).max(1) > 0.9).all()


def test_the_teacher_parts_touching_nuclei() -> None:
    labels = instances((two_discs(gap=-4) > 0).astype(float))
    assert labels.max() == 2


def test_specks_and_nothing_give_nothing() -> None:
    speck = np.zeros((64, 64))
    speck[10:14, 10:14] = 1
    assert outlined(speck, np.zeros_like(speck), 0.5, 0.4, 40).max() == 0
    assert instances(np.zeros((64, 64))).max() == 0
    assert label_overlaps(np.zeros((8, 8), int), two_discs(0)[:8, :8]).shape == (0, 0)


def test_simulated_nuclei_are_bright_and_numbered() -> None:
    frames = [simulated_frame(128, np.random.default_rng(seed)) for seed in range(6)]
    assert any(frame.labels.max() > 1 for frame in frames)
    for frame in frames:
        assert set(np.unique(frame.labels)) == set(range(int(frame.labels.max()) + 1))
        if frame.labels.any():
            assert frame.clean[frame.labels > 0].mean() > frame.clean[frame.labels == 0].mean()


def test_examples_are_the_same_for_the_same_seed() -> None:
    first, second = (example([], 0.0, 96, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[0].shape == (1, 96, 96) and first[1].shape == (2, 96, 96)
    assert set(np.unique(first[1])) <= {0.0, 1.0}
