"""The reference classifiers: their graphs against PyTorch, their settings, and the arms' pictures."""

import numpy as np
import pytest
import torch

from scopestream_training.colour.package import painted
from scopestream_training.colour.pictures import CLASSES, Cells
from scopestream_training.export import session
from scopestream_training.references.arms import nearest, shown, some
from scopestream_training.references.export import build
from scopestream_training.references.networks import Reduced, ResNet50, SmallViT
from scopestream_training.references.views import VIEW_SIDE, Views, draw, split, view

NETWORKS = {
    "resnet50": lambda: ResNet50(width=4, reduction=4),
    "small-vit": lambda: SmallViT(width=12, layers=1, heads=3, patch=14, reduction=4),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_graph_names_as_pytorch_does(kind: str) -> None:
    torch.manual_seed(0)
    network: Reduced = NETWORKS[kind]().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            # The graph stores float16: compare what it can hold.
            parameter.copy_((parameter + 0.02 * torch.randn_like(parameter)).half().float())
    cells = np.stack([painted(VIEW_SIDE, VIEW_SIDE, seed) for seed in range(2)])
    with torch.inference_mode():
        expected = network(torch.from_numpy(cells)).numpy()
    got = session(build(network, kind).SerializeToString()).run(None, {"cells": cells})[0]
    np.testing.assert_allclose(got, expected, rtol=5e-3, atol=5e-3)


def test_resnet50_has_the_published_size() -> None:
    """25.6 million with 1000 classes, of which the last layer has 2.05 million."""
    network = ResNet50(width=64, reduction=1)
    body = sum(parameter.numel() for name, parameter in network.named_parameters() if not name.startswith("head"))
    assert body == 23_508_032


def test_tuning_pictures_are_not_learnt_from() -> None:
    views = Views(np.arange(40, dtype=np.uint8)[:, None, None, None], np.zeros(40, int))
    parts = split(views, views)
    assert not np.isin(parts.tune.pixels, parts.train.pixels).any()
    assert len(parts.tune.kinds) == 4


def test_every_arm_takes_the_same_path() -> None:
    """Nearest of a picture of blocks of 4 is the original."""
    blocks = np.kron(painted(64, 64), np.ones((4, 4, 1), np.uint8))
    cells = Cells(blocks[None], np.array([2]), ["x"])
    assert (shown(cells, None).pixels[0] == view(blocks, 96)).all()
    assert nearest(painted(8, 6)).shape == (32, 24, 3)


def test_some_of_each_class() -> None:
    labels = np.repeat(np.arange(len(CLASSES)), 6)
    cells = Cells(np.zeros((len(labels), 1, 1, 3), np.uint8), labels, [str(k) for k in range(len(labels))])
    assert (np.bincount(some(cells, 2).labels) == 2).all()


def test_same_seed_same_batch() -> None:
    views = Views(np.stack([painted(32, 32, k) for k in range(4)]), np.arange(4))
    first, second = (draw(views, 3, np.random.default_rng(5)) for _ in range(2))
    assert first[0].shape == (3, 3, 32, 32)
    torch.testing.assert_close(first, second)
