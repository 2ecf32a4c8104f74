"""The promises of the networks: scale equivariance, sampling convention, neutral new blocks, ONNX parity."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from scopestream_training.export import PARITY, build, enhance, parity, session
from scopestream_training.filters import bicubic
from scopestream_training.networks import FLIPS, FlipEnsemble, LinearBase, Lumen, LumenShape
from scopestream_training.package_weights import package_weights
from scopestream_training.train import take_over

SHAPES = [
    LumenShape(unshuffle=2, upscale=2, widths=(16, 32, 32), blocks=(1, 1, 2)),
    LumenShape(unshuffle=4, upscale=2, widths=(16, 32), blocks=(1, 1)),
    LumenShape(unshuffle=2, upscale=1, widths=(16, 32), blocks=(1, 1)),
]


def network(shape: LumenShape) -> Lumen:
    """Random weights everywhere, also where training starts from zero."""
    torch.manual_seed(0)
    result = Lumen(shape)
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return result


@pytest.mark.parametrize("shape", SHAPES)
def test_scale_equivariance(shape: LumenShape) -> None:
    model, frame = network(shape), torch.randn(1, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(model(3.7 * frame), 3.7 * model(frame), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_in_nothing_out(shape: LumenShape) -> None:
    with torch.inference_mode():
        assert not network(shape)(torch.zeros(1, 1, 64, 64)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_onnx_parity(shape: LumenShape) -> None:
    model = network(shape)
    assert parity(model, build(model)) < PARITY
    assert parity(FlipEnsemble(model), build(FlipEnsemble(model))) < PARITY


def test_pictures_are_mirrored_from_their_very_end() -> None:
    """Where a reversed slice begins before the end, onnxruntime's WebGPU provider gives something else."""
    graph = build(FlipEnsemble(network(SHAPES[0]))).graph
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    slices = [node for node in graph.node if node.op_type == "Slice"]
    assert len(slices) > len(FLIPS)
    for node in slices:
        starts, _, _, steps = (constants[name] for name in node.input[1:])
        assert (starts[steps < 0] == -1).all()


def test_onnx_counts_and_gain() -> None:
    """An offset-only frame comes back as offset x gain, at any size that is a multiple of the step."""
    model = network(SHAPES[0])
    run = session(build(model).SerializeToString())
    for height, width in ((64, 64), (72, 88)):
        output = enhance(run, np.full((height, width), 100, np.uint16), offset=100.0, scale=50.0, gain=16.0)
        assert output.shape == (2 * height, 2 * width)
        assert (output == 1600).all()


def test_base_follows_the_sampling_convention() -> None:
    """The base of a ramp is the ramp at half steps: sample 2k of the output sits on sample k of the input."""
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    with torch.inference_mode():
        output = LinearBase(2)(ramp)[0, 0, 32, 16:48].numpy()
    np.testing.assert_allclose(output, np.arange(16, 48) / 2, atol=2e-3)
    np.testing.assert_allclose(bicubic(ramp[0, 0].numpy(), 2)[32, 16:48], np.arange(16, 48) / 2, atol=2e-3)


@pytest.mark.parametrize(("widths", "blocks"), [((16, 32, 32), (2, 2, 4)), ((16, 32, 32, 64), (1, 2, 3, 2))])
def test_deeper_network_starts_as_the_shallower_one(widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    """More blocks, or one more level."""
    shallow = network(SHAPES[0])
    deep = Lumen(LumenShape(unshuffle=2, upscale=2, widths=widths, blocks=blocks))
    take_over(deep, shallow.state_dict())
    frame = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(deep(frame), shallow(frame))


def test_denoiser_starts_as_every_second_sample_of_the_upscaler() -> None:
    upscaler = network(SHAPES[0])
    denoiser = Lumen(LumenShape(unshuffle=2, upscale=1, widths=(16, 32, 32), blocks=(1, 1, 2)))
    take_over(denoiser, upscaler.state_dict())
    frame = torch.randn(1, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(denoiser(frame), upscaler(frame)[..., ::2, ::2])


def test_every_view_of_an_ensemble_lies_on_the_same_grid() -> None:
    """With a body of zeros, the views of a ramp agree away from the border, where mirrored samples run out."""
    model = Lumen(SHAPES[0])
    with torch.no_grad():
        model.tail.weight.zero_()
    ramp = torch.arange(32.0).expand(1, 1, 32, 32) + 3 * torch.arange(32.0)[:, None]
    inside = np.s_[..., 12:48, 12:48]
    with torch.inference_mode():
        torch.testing.assert_close(FlipEnsemble(model)(ramp)[inside], model(ramp)[inside], atol=1e-2, rtol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_training_goes_on_from_a_package(shape: LumenShape, tmp_path: Path) -> None:
    """What a package gives back is what it was built from."""
    original = network(shape)
    onnx.save(build(original), tmp_path / "weights.onnx")
    again = Lumen(shape)
    again.load_state_dict(package_weights(tmp_path / "weights.onnx"))
    for name, value in original.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_training_goes_on_from_an_int8_package() -> None:
    """The shipped default: its weights are on the grid of 7 bits, but it is the same network."""
    zoo = Path(__file__).parents[2] / "zoo" / "lumen-m"
    model = Lumen(LumenShape(unshuffle=2, upscale=2, widths=(32, 64, 128), blocks=(1, 1, 2))).eval()
    model.load_state_dict(package_weights(zoo / "weights.onnx"))
    raw, offset, scale = (np.load(zoo / f"test-{name}.npy") for name in ("raw", "offset", "scale"))
    frame = (raw.astype(np.float32) - offset) / scale
    with torch.inference_mode():
        made = model(torch.from_numpy(frame.reshape(1, 1, *raw.shape[-2:]))).numpy()
    stored = np.load(zoo / "test-enhanced.npy").astype(np.float32)
    gain = np.load(zoo / "test-gain.npy")
    expected = ((stored / gain - offset) / scale).reshape(made.shape)
    assert np.corrcoef(made.ravel(), expected.ravel())[0, 1] > 0.999
