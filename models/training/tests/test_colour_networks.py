"""The promises of the colour networks: start as bicubic, centres aligned, any size, ONNX parity, bounded reach."""

import numpy as np
import pytest
import torch
from torch import nn

from scopestream_training.colour.adversary import UNetDiscriminator
from scopestream_training.colour.config import NETWORKS
from scopestream_training.colour.evaluate import bicubic
from scopestream_training.colour.export import build, difference, enhance, session
from scopestream_training.colour.networks import Bicubic, Compact, SRResNet, multiply_accumulates
from scopestream_training.colour.package import PARITY, painted, reach
from scopestream_training.colour.patches import as_pictures, as_tensor
from scopestream_training.colour.swinir import SwinIRLight, apart_after_shift, from_windows, windows

SMALL = {"compact": {"width": 8, "blocks": 1}, "srresnet": {"width": 8, "blocks": 1}}
SWIN = {"width": 12, "groups": 1, "layers": 2, "heads": 2}


def shaken(network: nn.Module) -> nn.Module:
    """Random weights everywhere, also where training starts from zero."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network.eval()


def test_base_is_pillows_bicubic() -> None:
    """Within rounding, away from the border, where Pillow shortens its filter and this one repeats the edge."""
    picture = painted(24, 32)
    with torch.inference_mode():
        made = as_pictures(Bicubic()(as_tensor(picture[None])))[0]
    inner = np.s_[8:-8, 8:-8]
    assert np.abs(made[inner].astype(int) - bicubic(picture)[inner]).max() <= 1


@pytest.mark.parametrize(("kind", "shape"), [*SMALL.items(), ("swinir-light", SWIN)])
def test_a_new_network_is_bicubic(kind: str, shape: dict[str, int]) -> None:
    x = torch.rand(1, 3, 17, 22)
    with torch.inference_mode():
        torch.testing.assert_close(NETWORKS[kind](**shape)(x), Bicubic()(x))


@pytest.mark.parametrize(("kind", "shape"), SMALL.items())
def test_onnx_parity(kind: str, shape: dict[str, int]) -> None:
    network = shaken(NETWORKS[kind](**shape))
    model = build(network)
    assert difference(network, model) < PARITY
    run = session(model.SerializeToString())
    for height, width in ((16, 16), (21, 30)):
        assert enhance(run, painted(height, width)).shape == (4 * height, 4 * width, 3)


def test_the_base_of_a_mirrored_picture_is_mirrored() -> None:
    """As it must be with aligned centres."""
    x = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        torch.testing.assert_close(Bicubic()(x.flip(3)), Bicubic()(x).flip(3))


def test_reach_is_that_of_the_convolutions() -> None:
    assert reach(shaken(Compact(8, 1))) == 4 * 4
    assert reach(shaken(SRResNet(8, 1))) == 4 * 5


def test_multiply_accumulates() -> None:
    """Of what is learned; the bicubic base is not counted."""
    head, blocks, tail = 8 * 27, 2 * 8 * 72, 48 * 72
    assert multiply_accumulates(Compact(8, 1), 16) == 16 * 16 * (head + blocks + tail)


def test_windows_and_back() -> None:
    x = torch.rand(2, 16, 24, 5)
    torch.testing.assert_close(from_windows(windows(x), 16, 24), x)


def test_shifted_windows_keep_opposite_borders_apart() -> None:
    """The last window of a 16x16 picture holds four corners; only places of the same corner see each other."""
    mask = apart_after_shift(16, 16, 4)
    assert mask.shape == (4, 64, 64)
    assert (mask[0] == 0).all()
    assert (mask[3] == 0).sum() == 4 * 16 * 16


def test_swinir_light_has_the_published_size() -> None:
    """0.9 million parameters (Table 1 of the paper: 897 thousand)."""
    assert 0.85e6 < sum(parameter.numel() for parameter in SwinIRLight().parameters()) < 0.95e6


def test_discriminator_judges_every_second_pixel_and_is_bounded() -> None:
    torch.manual_seed(0)
    discriminator = UNetDiscriminator(4)
    for _ in range(20):
        discriminator.refresh_norms()
    assert discriminator(torch.rand(1, 3, 32, 48)).shape == (1, 1, 16, 24)
    for module in (*discriminator.downs, *discriminator.ups, discriminator.last):
        assert torch.linalg.matrix_norm(module.weight.flatten(1), 2) < 1.1
