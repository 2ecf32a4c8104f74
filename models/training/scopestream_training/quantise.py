"""int8: u8 activations, s8 weights per channel, in the body only.

Weights use 7 bits (`reduce_range`): without VNNI an x86 CPU sums u8 x s8 products in saturating int16, where 8-bit
weights overflow; with 7 bits the results agree between machines. The linear base, the final sum and the
first and last parts of the body stay in float32, so an error of the int8 body is one of the correction, never of the
picture.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from .config import Config
from .data import Pair, load_w2s, paths_of, read_grey
from .degradation import NoiseRange, expose
from .export import BODY
from .mixture import mixture
from .normalise import offset_and_scale

# Parts of the body that stay float32. Rounding here is what the eye sees: with the finest decoder level in int8, Lumen M
# shows a lattice of 4 output samples and loses 0.07 dB instead of 0.03. They are a fifth of the work.
FLOAT_PARTS = ("head", "up0", "join0", "decode0", "tail")
ACTIVATION_LEVELS = 255  # above the lowest: 8 bits
WEIGHT_LIMIT = 64  # 7 bits with a sign
CALIBRATION_FRAMES = 24
# Frames as training draws them, [-1, about 2], in counts: input samples a side, and counts per unit and at zero.
CALIBRATION_SIDE = 128
CALIBRATION_COUNTS = 8000.0


class Frames(CalibrationDataReader):
    """Feeds raw frames as the service would."""

    def __init__(self, frames: list[np.ndarray]) -> None:
        self.feeds = iter([feed(frame) for frame in frames])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def feed(raw: np.ndarray) -> dict[str, np.ndarray]:
    """Of a frame, or of frames [frames, H, W], oldest first."""
    frames = raw.reshape(1, -1, *raw.shape[-2:])
    offset, scale = offset_and_scale(frames[0, 0])
    scalars = {"offset": offset, "scale": scale, "gain": 1.0}
    return {"raw": frames, **{k: np.array([[v]], np.float32) for k, v in scalars.items()}}


def calibration_frames(data: Path, stride: int, side: int) -> list[np.ndarray]:
    """Training fields, half of them W2S exposures, half simulated exposures of other instruments' images."""
    rng = np.random.default_rng(7)
    pairs: list[Pair] = load_w2s(data, "train", stride)
    chosen = rng.choice(len(pairs), CALIBRATION_FRAMES // 2, replace=False)
    real = [pairs[k].raw[::stride, ::stride][:side, :side].astype(np.uint16) for k in chosen]
    simulated = []
    for source in ("tubulin", "bbbc039"):
        for path in paths_of(data, source, held_out=False)[: CALIBRATION_FRAMES // 4]:
            image = read_grey(path)
            noise = NoiseRange().draw(rng)
            frame = expose(image / np.percentile(image, 99.9), noise, stride, rng)
            counts = 100 + frame * 2000 / max(noise.peak, 1.0)
            simulated.append(np.clip(counts[:side, :side], 0, 65535).astype(np.uint16))
    return real + simulated


def calibration(config: Config, data: Path) -> list[np.ndarray]:
    """What int8 is fitted to. A model of several frames, and one that saw no real pair, gets what its training draws."""
    if config.real_share > 0 and config.shape.frames == 1:
        return calibration_frames(data, config.shape.upscale, side=256)
    inputs, _, _ = mixture(config, data).batch(CALIBRATION_FRAMES, CALIBRATION_SIDE, np.random.default_rng(7))
    return list(np.clip(np.round(CALIBRATION_COUNTS * (1 + inputs)), 0, 65535).astype(np.uint16))


def is_int8(node: str) -> bool:
    return node.startswith(BODY) and not node.removeprefix(BODY).startswith(FLOAT_PARTS)


def rounded_tensors(model: onnx.ModelProto) -> set[str]:
    """Activations that int8 rounds: all that goes into or comes out of an int8 node. A convolution and the ReLU after it are
    one, so what lies between them is not rounded."""
    nodes = [node for node in model.graph.node if is_int8(node.name)]
    constants = {weight.name for weight in model.graph.initializer}
    inside = {node.input[0] for node in nodes if node.op_type == "Relu"}
    return {name for node in nodes for name in (*node.input, *node.output)} - constants - inside


def quantise(source: Path, target: Path, frames: list[np.ndarray]) -> None:
    quantize_static(
        str(source),
        str(target),
        Frames(frames),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=[node.name for node in onnx.load(source).graph.node if is_int8(node.name)],
        calibrate_method=CalibrationMethod.MinMax,
        extra_options={"ActivationSymmetric": False},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--stride", type=int, default=2, help="output samples per input sample")
    arguments = parser.parse_args()
    frames = calibration_frames(arguments.data, arguments.stride, side=256)
    quantise(arguments.source, arguments.target, frames)


if __name__ == "__main__":
    main()
