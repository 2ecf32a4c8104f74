"""Builds the package `nuclei-find`: `python -m scopestream_training.cells.package_nuclei configs/cells/nuclei-find.toml
--run DIR --data DIR --labels DIR --zoo ../zoo`.

Scores the held-out frames of BBBC039 against the teacher's outlines, with and without simulated noise, simulated scenes
against their own, and frames of noise only.
"""

import argparse
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch

from ..degradation import Noise, NoiseRange, expose
from ..export import session
from ..networks import parameter_count
from ..normalise import NAME, offset_and_scale
from ..runtime import machine
from .export_nuclei import build
from .nuclei import STEP, Nuclei, outlined
from .nuclei_scenes import Frame, real_frames, simulated_frame
from .pack import WEIGHTS, as_input, assert_parity, batch_axis, channel_axis, space_axis, tensor, timings, write_package
from .scores import Tally, matches
from .train_nuclei import SEED_THRESHOLD, SMALLEST, THRESHOLD, label_overlaps, load

LEVELS = (80.0, 20.0, 5.0)  # e- at a bright sample
SCENES, NOISE_FRAMES = 20, 40
STRICT, LOOSE = 0.7, 0.5

Segment = Callable[[np.ndarray], np.ndarray]


def segmenter(model: Path) -> Segment:
    """Labels of a frame of counts, after the session's normalisation."""
    run = session(model, threads=1)

    def segment(frame: np.ndarray) -> np.ndarray:
        offset, scale = offset_and_scale(frame)
        image = ((frame - offset) / scale).astype(np.float32)
        height, width = image.shape
        image = np.pad(image, ((0, -height % STEP), (0, -width % STEP)), mode="edge")
        maps = run.run(["foreground", "boundary"], {"image": image[None, None]})
        foreground, boundary = (part[0, 0, :height, :width] for part in maps)
        return outlined(foreground, boundary, THRESHOLD, SEED_THRESHOLD, SMALLEST)

    return segment


def counts(clean: np.ndarray, peak: float | None, seed: int) -> np.ndarray:
    """An exposure of `clean` at `peak` e-, or `clean` itself, as counts above an offset of 100."""
    if peak is None:
        return 100 + 1000 * clean
    noise = Noise(peak=peak, background=0.05 * peak, excess=1.2, read=0.4)
    return 100 + 1000 / peak * expose(clean, noise, 1, np.random.default_rng(seed))


def agreement(segment: Segment, frames: list[Frame], peak: float | None) -> dict[str, dict[str, float]]:
    tallies = {LOOSE: Tally(), STRICT: Tally()}
    for k, frame in enumerate(frames):
        labels = segment(counts(frame.clean, peak, k))
        overlap = label_overlaps(labels, frame.labels)
        for threshold, tally in tallies.items():
            tally.add(int(labels.max()), int(frame.labels.max()), len(matches(overlap, threshold)))
    return {str(threshold): tally.scores() for threshold, tally in tallies.items()}


def noise_only(segment: Segment) -> dict[str, int]:
    """Nuclei found in exposures of nothing, every one with a noise of its own."""
    found = []
    for k in range(NOISE_FRAMES):
        rng = np.random.default_rng((8, k))
        found.append(int(segment(100 + 10 * expose(np.zeros((256, 256), np.float32), NoiseRange().draw(rng), 1, rng)).max()))
    return {"frames": len(found), "frames_with_nuclei": int(np.count_nonzero(found)), "nuclei": sum(found)}


def readme(card: dict, facts: dict) -> str:
    def rows(group: str) -> str:
        return "\n".join(
            f"| {level} | {s['0.5']['true']} | **{s['0.5']['f1']:.3f}** | {s['0.7']['f1']:.3f} | {s['0.5']['precision']:.3f} "
            f"| {s['0.5']['recall']:.3f} | {s['0.5']['count_error']:.1f} |"
            for level, s in facts[group].items()
        )

    head = "| light | nuclei | F1 at 0.5 | F1 at 0.7 | precision | recall | count error |\n|---|---|---|---|---|---|---|"
    ms, failures = facts["milliseconds"], "\n".join(f"- {line}" for line in card["known_failures"])
    return f"""# {card["name"]} ({card["id"]} {card["version"]})

{card["summary"]} Counts are estimates. **Not for diagnosis.**

- {facts["parameters"]:,} parameters; float32. One 512x512 frame on one core: {ms["fastest"]:.1f} ms at the fastest,
  {ms["processor"]:.1f} ms of processor time (median), {ms["median"]:.1f} ms by the clock on a machine that other work shared.
- Height and width are multiples of {STEP} pixels (repeat the border). Nuclei of about 12 to 90 pixels across were trained.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`.

## Input and outputs

`image` float32 [1, 1, H, W]: (raw - offset) / scale with the session's `{NAME}`. `foreground` and `boundary` float32
[1, 1, H, W]: the probability that a pixel is inside a nucleus, and that it lies on a rim. Seeds are the connected
places where foreground minus boundary exceeds {SEED_THRESHOLD}; they are grown by a watershed into foreground above
{THRESHOLD}; areas below {SMALLEST} pixels are dropped.

## Training data

- BBBC039 (CC0), {facts["frames"]} frames of U2OS nuclei. **No one outlined them here**: their labels are what the
  bioimage.io package `unet2d_nuclei_broad` (MIT) gives, its touching nuclei parted by a distance transform
  (`cells.teacher`). So this model repeats that package's mistakes, and agreement with it is not accuracy.
- Nuclei simulated by this project, with exact outlines, some touching, over haze and debris; and frames without any.

All under the noise model of a fast scan (`degradation.py`: 2 to 300 e- at a bright sample). {facts["iterations"]:,}
iterations of 8 crops of 192x192 pixels on a share of two CPU cores: stopped by the clock.

# Validation

5 held-out frames of BBBC039 against the teacher's outlines of the clean frames (a match has intersection over union of at least
0.5, or 0.7; count error: mean absolute, per frame):

{head}
{rows("teacher")}

{SCENES} simulated scenes of 256x256 pixels against their true outlines:

{head}
{rows("simulated")}

Exposures of nothing, with the noise of a fast scan: nuclei found in {facts["noise_only"]["frames_with_nuclei"]} of
{facts["noise_only"]["frames"]} frames.

Largest difference of the graph from PyTorch: {facts["parity"]:.1e}. Timings: {facts["machine"]}.

## Known failures

{failures}
"""


def load_network(config: Path, run: Path) -> tuple[Nuclei, int]:
    network = Nuclei(load(config).shape).eval()
    state = torch.load(run / "checkpoint.pt")
    network.load_state_dict(state["ema"])
    return network, state["iteration"]


def by_light(segment: Segment, frames: list[Frame]) -> dict[str, dict]:
    levels = {"as recorded" if frames[0].name != "simulated" else "without noise": None} | {f"{p:.0f} e-": p for p in LEVELS}
    return {name: agreement(segment, frames, peak) for name, peak in levels.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="what cells.teacher wrote")
    parser.add_argument("--zoo", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    card = tomllib.loads(arguments.config.read_text())["card"] | {"id": arguments.config.stem}
    folder = arguments.zoo / arguments.config.stem
    folder.mkdir(parents=True, exist_ok=True)
    network, iterations = load_network(arguments.config, arguments.run)
    model = build(network)

    held = real_frames(arguments.data, arguments.labels, held_out=True)
    frame = counts(held[0].clean[:128, :160], 20.0, seed=1)
    offset, scale = offset_and_scale(frame)
    test = ((frame - offset) / scale).astype(np.float32)[None, None]
    with torch.inference_mode():
        maps = network(torch.from_numpy(test)).sigmoid().numpy()
    difference = assert_parity(model, {"image": test}, [maps[:, :1], maps[:, 1:]])
    weights = folder / WEIGHTS
    onnx.save(model, weights)
    segment = segmenter(weights)
    scenes = [simulated_frame(256, np.random.default_rng((4242, k))) for k in range(SCENES)]
    facts = {
        "parameters": parameter_count(network),
        "iterations": iterations,
        "frames": len(real_frames(arguments.data, arguments.labels, held_out=False)) - 2,
        "teacher": by_light(segment, held),
        "simulated": by_light(segment, scenes),
        "noise_only": noise_only(segment),
        "parity": difference,
        "milliseconds": timings(weights, {"image": np.zeros((1, 1, 512, 512), np.float32)}),
        "machine": machine(),
    }
    settings = {
        "task": "find-cells",
        "gives": "outlines",
        "kinds": ["nucleus"],
        "step": STEP,
        "threshold": THRESHOLD,
        "seedThreshold": SEED_THRESHOLD,
        "minAreaPx": SMALLEST,
        "norm": NAME,
        "trainedOn": ["bbbc039", "unet2d_nuclei_broad", "scenes"],
    }
    sides = [space_axis(name, {"min": 2 * STEP, "step": STEP}) for name in ("y", "x")]
    same = [as_input("image", name, 1.0) for name in ("y", "x")]
    image = tensor(folder, "image", "a normalised frame", [batch_axis(), channel_axis(("t",)), *sides], "float32", test)
    foreground, boundary = session(weights, 1).run(["foreground", "boundary"], {"image": test})
    outputs = [
        tensor(folder, name, text, [batch_axis(), channel_axis((name,)), *same], "float32", value)
        for name, text, value in (
            ("foreground", "probability inside a nucleus", foreground),
            ("boundary", "probability of a nucleus's rim", boundary),
        )
    ]
    write_package(folder, card, weights, ([image], outputs), settings, facts, readme)
    print(folder)


if __name__ == "__main__":
    main()
