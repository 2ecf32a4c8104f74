"""The large networks: shapes, sampling convention, scale equivariance, training steps, ONNX parity."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from scopestream_training.export import PARITY, enhance, parity, session
from scopestream_training.large.adversary import Opponent
from scopestream_training.large.card import load_card
from scopestream_training.large.config import Adversary, load
from scopestream_training.large.export import build, rounded_to_half, stored_in_half
from scopestream_training.large.rrdb import Rrdb, RrdbShape
from scopestream_training.large.srresnet import SrResNet, SrResNetShape
from scopestream_training.large.swinir import SwinIr, SwinShape
from scopestream_training.networks import Lumen, LumenShape, parameter_count
from scopestream_training.train import SHARES


def network(kind: str) -> nn.Module:
    """Small, with random weights everywhere, also where training starts from zero."""
    torch.manual_seed(0)
    result = {
        "rrdb": lambda: Rrdb(RrdbShape(width=8, growth=4, blocks=2, fine=4, unshuffle=2)),
        "srresnet": lambda: SrResNet(SrResNetShape(width=8, blocks=2, fine=4, unshuffle=1)),
        "swinir": lambda: SwinIr(SwinShape(width=8, groups=1, layers=2, heads=2, unshuffle=2)),
    }[kind]()
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return result


KINDS = ("rrdb", "srresnet", "swinir")


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_samples(kind: str) -> None:
    model = network(kind)
    with torch.inference_mode():
        for height, width in ((16, 32), (48, 16)):
            assert model(torch.randn(2, 1, height, width)).shape == (2, 1, 2 * height, 2 * width)


@pytest.mark.parametrize("kind", KINDS)
def test_sample_k_of_the_input_lies_on_sample_2k_of_the_output(kind: str) -> None:
    """Without a correction by the body the picture of a ramp is the ramp at half steps."""
    model = network(kind)
    model.base.__init__(2)
    with torch.no_grad():
        for parameter in model.tail.parameters():
            parameter.zero_()
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    with torch.inference_mode():
        rows, columns = model(ramp)[0, 0, 32, 16:48], model(ramp.mT)[0, 0, 16:48, 32]
    np.testing.assert_allclose(rows, np.arange(16, 48) / 2, atol=2e-3)
    np.testing.assert_allclose(columns, np.arange(16, 48) / 2, atol=2e-3)


@pytest.mark.parametrize("kind", ("rrdb", "srresnet"))
def test_scale_equivariance(kind: str) -> None:
    model, frame = network(kind), torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model(3.7 * frame), 3.7 * model(frame), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_parity(kind: str) -> None:
    """Also of what is stored in half precision, and at sizes other than the one the mask was first made for."""
    model = rounded_to_half(network(kind))
    graph = build(model)
    assert parity(model, graph) < PARITY
    stored = stored_in_half(graph)
    assert parity(model, stored) < PARITY
    assert len(stored.SerializeToString()) < len(graph.SerializeToString())
    run = session(stored.SerializeToString())
    for height, width in ((16, 48), (64, 32)):
        raw = np.random.default_rng(1).integers(100, 400, (height, width)).astype(np.uint16)
        with torch.inference_mode():
            expected = model(torch.from_numpy((raw.astype(np.float32) - 100) / 200)[None, None])[0, 0].numpy()
        got = enhance(run, raw, 100.0, 200.0, 16.0)
        np.testing.assert_allclose(got, np.clip((expected * 200 + 100) * 16, 0, 65535), atol=0.6)


def test_the_published_size_of_the_large_tier() -> None:
    """16.7 million parameters, as Real-ESRGAN's (with three colours and biases 16,703,171), in 23 blocks."""
    with torch.device("meta"):
        model = Rrdb(RrdbShape(width=64, growth=32, blocks=23, fine=64, unshuffle=2))
    assert parameter_count(model) == pytest.approx(16.7e6, rel=0.01)


CONFIGS = Path(__file__).parents[1] / "configs" / "large"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_config_can_be_read(path: Path) -> None:
    config = load(path)
    assert config.shape.upscale == 2
    assert config.batch % SHARES == 0
    assert config.patch % config.shape.step == 0
    if path.stem != "lumen-l-full":
        assert load_card(path).display_only == (config.adversary is not None)


def test_adversary(tmp_path: Path) -> None:
    """Both losses reach every parameter that they are to change, and no other."""
    shape = LumenShape(unshuffle=2, upscale=2, widths=(16, 32), blocks=(1, 1))
    torch.save({"ema": Lumen(shape).state_dict()}, tmp_path / "checkpoint.pt")
    encoder = tmp_path / "encoder.toml"
    encoder.write_text(
        'sources = ["scenes:1"]\nreal_share = 0.0\niterations = 1\nbatch = 4\npatch = 16\n'
        "[shape]\nunshuffle = 2\nupscale = 2\nwidths = [16, 32]\nblocks = [1, 1]\n"
    )
    opponent = Opponent(Adversary(encoder=str(encoder), weights=str(tmp_path / "checkpoint.pt"), width=4), "cpu")
    opponent.prepare()
    model = network("rrdb")
    made, truth = model(torch.rand(2, 1, 16, 16)), torch.rand(2, 1, 32, 32)
    ours = torch.autograd.grad(opponent.generator_loss(made, truth, torch.ones(2)), tuple(model.parameters()))
    assert all(gradient.abs().max() > 0 for gradient in ours)
    theirs = torch.autograd.grad(opponent.discriminator_loss(made, truth), opponent.parameters())
    before = [parameter.clone() for parameter in opponent.parameters()]
    opponent.step(list(theirs), 1.0)
    assert any((old != new).any() for old, new in zip(before, opponent.parameters(), strict=True))
    assert not any(parameter.requires_grad for parameter in opponent.encoder.parameters())
