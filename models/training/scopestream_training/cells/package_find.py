"""Builds the package `smear-find`:
`python -m scopestream_training.cells.package_find configs/cells/smear-find.toml --run DIR --data DIR --zoo ../zoo`.

Exports, checks parity with PyTorch, chooses the thresholds on the tuning fields, and scores the test fields, PBC's validation
pictures, and frames without cells.
"""

import argparse
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from PIL import Image

from ..export import session
from ..networks import parameter_count
from ..runtime import machine
from .detector import REDUCTION, Detector, peaks_of, reduced
from .detector import STEP as NETWORK_STEP
from .detector import STRIDE as NETWORK_STRIDE
from .export_find import build
from .fields import WHITE, empty
from .find import Found, found, padded
from .pack import WEIGHTS, as_input, assert_parity, batch_axis, channel_axis, space_axis, tensor, timings, write_package
from .portraits import nucleus
from .scores import Tally, matches, overlaps
from .smears import CLASSES, KINDS, Field, Portrait, load_fields, load_portraits, pbc_paths
from .train_find import MATCH, SAME_KIND_OVERLAP, load

STEP, STRIDE = REDUCTION * NETWORK_STEP, REDUCTION * NETWORK_STRIDE  # pixels
CANDIDATES = np.round(np.arange(0.1, 0.75, 0.05), 2)
EMPTY_FRAMES = 200
TYPICAL_DIAMETER = 200  # pixels of a white cell in BCCD
# Larger white cells were trained too, but on the tuning fields they come out doubled more often: reduce them first.
LARGEST_GOOD_DIAMETER = 200
MAX_PIXELS = 4_000_000
SCALES = (0.4, 0.6, 1.0, 1.4)

Detect = Callable[[np.ndarray, list[float]], Found]


def detector_of(model: Path) -> Detect:
    run = session(model, threads=1)

    def detect(picture: np.ndarray, thresholds: list[float]) -> Found:
        peaks, boxes = run.run(None, {"image": padded(picture, STEP)[None]})
        return found(peaks[0], boxes[0], thresholds, SAME_KIND_OVERLAP, picture.shape[1], picture.shape[0])

    return detect


def scores(results: list[Found], fields: list[Field], kind: int, threshold: float) -> dict[str, float]:
    tally = Tally()
    for result, field in zip(results, fields, strict=True):
        chosen = result.of_kind(kind)
        boxes, true = chosen.boxes[chosen.scores > threshold], field.boxes[field.kinds == kind]
        tally.add(len(boxes), len(true), len(matches(overlaps(boxes, true), MATCH)))
    return tally.scores()


def choose_thresholds(detect: Detect, tuned: list[Field]) -> list[float]:
    """Those of the best F1 on the tuning fields at all magnifications together."""
    fields = [rescaled(field, scale) for scale in SCALES for field in tuned]
    results = [detect(field.image, [float(CANDIDATES[0])] * len(KINDS)) for field in fields]
    chosen = []
    for kind in range(len(KINDS)):
        f1 = np.array([scores(results, fields, kind, t)["f1"] for t in CANDIDATES])
        chosen.append(float(CANDIDATES[f1.argmax()]))
    return chosen


def rescaled(field: Field, scale: float) -> Field:
    size = [round(extent * scale) for extent in field.image.shape[1::-1]]
    image = np.asarray(Image.fromarray(field.image).resize(size, Image.Resampling.BICUBIC))
    return Field(field.name, image, field.boxes * scale, field.kinds)


def middle(portrait: Portrait) -> np.ndarray:
    """Where the white cell is: the middle (x, y) of its nucleus, pixels."""
    core = nucleus(portrait.image)
    box = portrait.box if core is None else core
    return box[:2] + box[2:] / 2


def portrait_scores(detect: Detect, portraits: list[Portrait], middles: list[np.ndarray], thresholds: list[float]) -> dict:
    """Share of pictures where just one white cell lies over the nucleus in the middle; others at the picture's border, which
    PBC has, are not counted against it. alone: share with no other white cell at all."""
    one, alone, by_class = 0, 0, {name: [] for name in CLASSES}
    for portrait, centre in zip(portraits, middles, strict=True):
        boxes = detect(portrait.image, thresholds).of_kind(WHITE).boxes
        covers = ((boxes[:, :2] < centre) & (centre < boxes[:, :2] + boxes[:, 2:])).all(1)
        one += covers.sum() == 1
        alone += covers.sum() == 1 and len(boxes) == 1
        by_class[CLASSES[portrait.kind]].append(covers.sum() == 1)
    count = max(len(portraits), 1)
    per_class = {name: float(np.mean(hits)) for name, hits in by_class.items() if hits}
    return {"pictures": count, "one_in_place": one / count, "one_and_no_other": alone / count, "by_class": per_class}


def empty_scores(detect: Detect, thresholds: list[float], side: int = 320) -> dict[str, float]:
    """White cells found in frames of glass, darkness, noise and clouds."""
    frames = [empty(side, np.random.default_rng((99, k))).picture.permute(1, 2, 0).numpy() for k in range(EMPTY_FRAMES)]
    counts = [len(detect(frame, thresholds).of_kind(WHITE).boxes) for frame in frames]
    return {"frames": len(counts), "frames_with_white_cells": int(np.count_nonzero(counts))}


def measure(detect: Detect, data: Path, thresholds: list[float]) -> dict:
    fields = load_fields(data, "find-test")
    results = [detect(field.image, thresholds) for field in fields]
    by_scale = {}
    for scale in SCALES:
        scaled = [rescaled(field, scale) for field in fields]
        by_scale[str(scale)] = scores([detect(f.image, thresholds) for f in scaled], scaled, WHITE, thresholds[WHITE])
    return {
        "test": {name: scores(results, fields, kind, thresholds[kind]) for kind, name in enumerate(KINDS)},
        "white_cells_by_scale": by_scale,
        "empty": empty_scores(detect, thresholds),
    }


def readme(card: dict, facts: dict) -> str:
    rows = "\n".join(
        f"| {name} | {s['true']} | {s['precision']:.3f} | {s['recall']:.3f} | **{s['f1']:.3f}** | {s['count_error']:.2f} |"
        for name, s in facts["test"].items()
    )
    scales = "\n".join(
        f"| {float(scale):.1f} | {s['precision']:.3f} | {s['recall']:.3f} | {s['f1']:.3f} |"
        for scale, s in facts["white_cells_by_scale"].items()
    )
    own, unseen, ms = facts["pbc"], facts["bccd_only"], facts["milliseconds"]
    per_class = ", ".join(f"{name} {share:.1%}" for name, share in own["by_class"].items())
    failures = "\n".join(f"- {line}" for line in card["known_failures"])
    threshold_list = ", ".join(f"{name} {t:.2f}" for name, t in zip(KINDS, facts["thresholds"], strict=True))
    fields, low, high = facts["fields"], *facts["diameter"]
    return f"""# {card["name"]} ({card["id"]} {card["version"]})

{card["summary"]} What it finds is a **proposal**, not a count to act upon. **Not for diagnosis.**

- {facts["parameters"]:,} parameters; float32. One 640x480 field on one core: {ms["fastest"]:.1f} ms at the fastest,
  {ms["processor"]:.1f} ms of processor time (median), {ms["median"]:.1f} ms by the clock on a machine that other work shared.
- Made for white cells of {low} to {high} pixels across; larger ones were trained too, but should be reduced first.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`.

## Input and outputs

`image` uint8 [1, H, W, 3], RGB, H and W multiples of {STEP} (repeat the border). `peaks` float32 [1, 3, H/{STRIDE}, W/{STRIDE}]:
the probability that a cell of a kind has its centre there, 0 where a neighbour is more probable. `boxes` float32
[1, 4, H/{STRIDE}, W/{STRIDE}]: left, top, width and height in pixels. Thresholds: {threshold_list}.
Of boxes of one kind that overlap by more than {SAME_KIND_OVERLAP} (intersection over union) the surest stays.
The graph takes means of {REDUCTION}x{REDUCTION} pixels and divides each colour by its brightest patch of 16x16 of them,
so lamp colour and white balance drop out.

## Training data

- BCCD (MIT): {fields["train"]} fields; {fields["tune"]} more chose the thresholds. Stained places that nobody annotated
  count neither way for red cells.
- PBC (Acevedo et al. 2020; its licence is not settled, no picture of it is redistributed): {facts["portraits"]} pictures
  of `train`, one white cell each. Their boxes were drawn by this network trained on BCCD alone (at full sampling), and
  checked against the nucleus.
- Frames without cells, simulated.

Stain amounts, hue, lamp, gamma, blur, sharpening, noise, JPEG, magnification, turns and mirrors are drawn at random.
{facts["iterations_before"]:,} iterations on BCCD alone, then {facts["iterations"]:,} of {facts["batch"]} crops of
{facts["side"]}x{facts["side"]} samples, on a share of two CPU cores. It was stopped by the clock, not because it had
stopped improving.

# Validation

{fields["test"]} BCCD fields that nothing was trained or chosen on; a match has intersection over union of at least {MATCH}.
The annotation leaves out many red cells and some platelets, so their precision is a lower bound. Count error: mean
absolute, per field.

| kind | annotated | precision | recall | F1 | count error |
|---|---|---|---|---|---|
{rows}

White cells in the same fields at other magnifications:

| scale | precision | recall | F1 |
|---|---|---|---|
{scales}

PBC `val` ({own["pictures"]} pictures of one white cell; the lab of the training portraits): one white cell over the
central nucleus in **{own["one_in_place"]:.1%}** ({per_class}).
No other white cell is found in {own["one_and_no_other"]:.1%}, though some pictures do show one at their border.

**An unseen lab**: the same network trained on BCCD alone ({unseen["iterations"]} iterations), on the same PBC pictures:
{unseen["one_in_place"]:.1%} ({unseen["one_and_no_other"]:.1%} without another).

Frames of glass, darkness, noise or clouds with a white cell found: {facts["empty"]["frames_with_white_cells"]} of
{facts["empty"]["frames"]}.

Largest difference of the graph from PyTorch: {facts["parity"]:.1e}. Timings: {facts["machine"]}.

## Known failures

{failures}
"""


def load_network(config: Path, run: Path) -> tuple[Detector, int]:
    network = Detector(load(config).shape).eval()
    state = torch.load(run / "checkpoint.pt")
    network.load_state_dict(state["ema"])
    return network, state["iteration"]


def tensors(folder: Path, detect_feed: np.ndarray, peaks: np.ndarray, boxes: np.ndarray) -> tuple[list[dict], list[dict]]:
    sides = [space_axis(name, {"min": 2 * STEP, "step": STEP}) for name in ("y", "x")]
    coarse = [as_input("image", name, STRIDE) for name in ("y", "x")]
    colours = channel_axis(("red", "green", "blue"))
    kinds = channel_axis(tuple(name.replace(" ", "_") for name in KINDS))
    edges = channel_axis(("left", "top", "width", "height"))
    image = tensor(folder, "image", "a field, RGB", [batch_axis(), *sides, colours], "uint8", detect_feed)
    outputs = [
        tensor(folder, "peaks", "probability of a cell's centre", [batch_axis(), kinds, *coarse], "float32", peaks),
        tensor(folder, "boxes", "boxes in pixels of the input", [batch_axis(), edges, *coarse], "float32", boxes),
    ]
    return [image], outputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--bccd-run", type=Path, required=True, help="run of smear-find-bccd.toml, scored as the unseen lab")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--zoo", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config, data = load(arguments.config), arguments.data
    card = tomllib.loads(arguments.config.read_text())["card"] | {"id": arguments.config.stem}
    folder = arguments.zoo / arguments.config.stem
    folder.mkdir(parents=True, exist_ok=True)

    network, iterations = load_network(arguments.config, arguments.run)
    model = build(network)
    test = load_fields(data, "find-test")[0].image[:192, :256][None]
    with torch.inference_mode():
        logits, boxes = network(reduced(torch.from_numpy(test.copy())))
        expected = [peaks_of(logits).numpy(), REDUCTION * boxes.numpy()]
    difference = assert_parity(model, {"image": test}, expected)
    weights = folder / WEIGHTS
    onnx.save(model, weights)
    detect = detector_of(weights)
    tuned = load_fields(data, "find-tune")
    thresholds = choose_thresholds(detect, tuned)
    portraits = Path(config.portraits)

    before, iterations_before = load_network(arguments.config.with_name("smear-find-bccd.toml"), arguments.bccd_run)
    alone = folder / "bccd-only.onnx"
    onnx.save(build(before), alone)
    unseen = detector_of(alone)
    held = load_portraits(data, "val", portraits)
    middles = [middle(portrait) for portrait in held]
    bccd_only = portrait_scores(unseen, held, middles, choose_thresholds(unseen, tuned)) | {"iterations": iterations_before}
    alone.unlink()

    smallest, largest = (TYPICAL_DIAMETER * REDUCTION * scale for scale in config.mix.scale)
    facts = {
        "parameters": parameter_count(network),
        "iterations": iterations,
        "iterations_before": iterations_before,
        "side": config.side,
        "batch": config.batch,
        "thresholds": thresholds,
        "diameter": [round(smallest), min(round(largest), LARGEST_GOOD_DIAMETER)],
        "fields": {part: len(load_fields(data, f"find-{part}")) for part in ("train", "tune", "test")},
        "portraits": len(pbc_paths(data, "train")[:: config.every_portrait]),
        **measure(detect, data, thresholds),
        "pbc": portrait_scores(detect, held, middles, thresholds),
        "bccd_only": bccd_only,
        "parity": difference,
        "milliseconds": timings(weights, {"image": padded(np.full((480, 640, 3), 200, np.uint8), STEP)[None]}),
        "machine": machine(),
    }
    settings = {
        "task": "find-cells",
        "gives": "boxes",
        "kinds": list(KINDS),
        "stride": STRIDE,
        "step": STEP,
        "thresholds": thresholds,
        "overlap": SAME_KIND_OVERLAP,
        "maxPixels": MAX_PIXELS,
        "classifier": "smear-name",
        "trainedDiameterPx": facts["diameter"],
        "trainedOn": ["bccd", "pbc"],
    }
    peaks, drawn = session(weights, 1).run(None, {"image": test})
    write_package(folder, card, weights, tensors(folder, test, peaks, drawn), settings, facts, readme)
    print(folder)


if __name__ == "__main__":
    main()
