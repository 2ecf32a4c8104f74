"""What is trained for int8 is what int8 computes: the same tensors rounded, to the same steps, with the same picture."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from scopestream_training import checkpoint, train
from scopestream_training.config import Config
from scopestream_training.data import Mixture, Pair
from scopestream_training.degradation import NoiseRange
from scopestream_training.export import build, enhance, session
from scopestream_training.fake_quantisation import FakeQuantised
from scopestream_training.networks import Lumen, LumenShape
from scopestream_training.normalise import offset_and_scale
from scopestream_training.quantise import quantise, rounded_tensors
from scopestream_training.runtime import phantom

SHAPES = [
    LumenShape(unshuffle=2, upscale=2, widths=(16, 32, 32), blocks=(1, 1, 2)),
    LumenShape(unshuffle=2, upscale=1, widths=(16, 32), blocks=(1, 2)),
    LumenShape(unshuffle=2, upscale=2, widths=(16, 32), blocks=(1, 1), frames=3),
]
GAIN = 16.0


def network(shape: LumenShape) -> Lumen:
    """Random weights everywhere, with a body that says about as much as the base."""
    torch.manual_seed(0)
    result = Lumen(shape)
    with torch.no_grad():
        for parameter in result.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        result.tail.weight.mul_(2)
    return result


def frames(shape: LumenShape, count: int) -> list[np.ndarray]:
    return [phantom(64, 96, shape.upscale, seed=20 + k, frames=shape.frames) for k in range(count)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_forward_pass_is_that_of_the_int8_graph(shape: LumenShape, tmp_path: Path) -> None:
    model, calibrating = network(shape), frames(shape, 4)
    graph = build(model)
    onnx.save(graph, tmp_path / "float32.onnx")
    quantise(tmp_path / "float32.onnx", tmp_path / "int8.onnx", calibrating)
    int8 = onnx.load(tmp_path / "int8.onnx")
    fake = FakeQuantised(model, calibrating)

    # The same tensors, in the same steps.
    rounding = {node.input[0]: node for node in int8.graph.node if node.op_type == "QuantizeLinear"}
    constants = {weight.name: numpy_helper.to_array(weight) for weight in int8.graph.initializer}
    assert set(rounding) == rounded_tensors(graph) == set(fake.steps)
    for name, node in rounding.items():
        scale, zero = (constants[key] for key in node.input[1:3])
        assert fake.steps[name][0] == pytest.approx(float(scale), rel=1e-4)
        assert fake.steps[name][1] == int(zero)

    # The same picture of a frame that calibrated nothing, but for values that lie between two steps and fall to either.
    raw = frames(shape, 5)[-1]
    offset, scale = offset_and_scale(raw.reshape(-1, *raw.shape[-2:])[0])
    got = enhance(session(int8.SerializeToString()), raw, offset, scale, GAIN).astype(np.float64)
    x = torch.from_numpy((raw.reshape(1, -1, *raw.shape[-2:]).astype(np.float32) - offset) / scale)
    # Without oneDNN, which on CPUs with AVX-512 computes convolutions less exactly than integers: more values change steps.
    with torch.inference_mode(), torch.backends.mkldnn.flags(enabled=False):
        expected, plain = (np.clip((m(x)[0, 0].numpy() * scale + offset) * GAIN, 0, 65535) for m in (fake, model))
    cost = np.abs(plain - got).mean()
    assert np.abs(expected - got).mean() < 0.05 * cost
    last_step = fake.steps["body/encode0/0/add"][0]
    assert np.abs(expected - got).max() < last_step * scale * GAIN


def test_gradients_pass_through_the_rounding() -> None:
    shape = SHAPES[0]
    fake = FakeQuantised(network(shape), frames(shape, 2))
    loss = fake(torch.randn(1, 1, 32, 32)).square().mean()
    gradients = torch.autograd.grad(loss, tuple(fake.parameters()))
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def pair(name: str) -> Pair:
    image = phantom(64, 64, 1, seed=int(name[:3])).astype(np.float32)
    offset, scale = offset_and_scale(image)
    return Pair(name, image, image, offset, scale, 1.0)


def test_a_run_goes_on_from_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of which one was interrupted end with the same weights, and the weights are those of a plain network."""
    monkeypatch.setattr(train, "SAVE_EVERY", 2)
    monkeypatch.setattr(train, "RECALIBRATE_EVERY", 2)
    config = Config("small", SHAPES[1], (), 1.0, iterations=4, batch=4, patch=16, warmup=1, quantised=True)
    source = Mixture([pair("001_0"), pair("002_0")], [], NoiseRange(), 1, 1.0)

    def run(folder: str) -> None:
        train.fit(config, source, [pair("003_0")], tmp_path / folder, 2, float("inf"), frames(SHAPES[1], 2))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    run("whole")
    with monkeypatch.context() as broken:
        broken.setattr(train, "validate", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run("parts")
    assert checkpoint.read(tmp_path / "parts")["iteration"] == 2
    run("parts")
    whole, parts = (checkpoint.read(tmp_path / folder) for folder in ("whole", "parts"))
    assert whole["iteration"] == parts["iteration"] == 4
    Lumen(SHAPES[1]).load_state_dict(whole["ema"])
    for name, weight in whole["network"].items():
        torch.testing.assert_close(parts["network"][name], weight)
    assert (tmp_path / "whole" / "log.csv").read_text().startswith("iteration,seconds,rate,loss,si_psnr,si_psnr_0\n2,")
