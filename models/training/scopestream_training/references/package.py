"""Builds the package of a reference classifier:
`python -m scopestream_training.references.package configs/references/vit-small-smear.toml --run DIR --data DIR --zoo ../zoo`.
"""

import argparse
import tomllib
from pathlib import Path

import numpy as np
import onnx
import torch

from ..cells.pack import WEIGHTS, batch_axis, channel_axis, space_axis, tensor, timings, write_package
from ..cells.package_name import Answers, chosen_answers, confusion_table
from ..cells.scores import naming_scores
from ..colour.package import painted
from ..export import session
from ..networks import parameter_count
from ..runtime import machine
from .export import build
from .train import load
from .views import CLASSES, VIEW_SIDE, Views, load_parts

CHUNK = 16
TEST_CELLS = 2


def logits_of(weights: Path, views: Views) -> np.ndarray:
    """Logits [N, classes] by the packaged graph."""
    run = session(weights)
    parts = np.split(views.pixels, range(CHUNK, len(views.pixels), CHUNK))
    return np.concatenate([run.run(["logits"], {"cells": part})[0] for part in parts])


def settings(answers: Answers) -> dict[str, float]:
    """As `config.scopestream` names them."""
    return {
        "temperature": round(answers.temperature, 4),
        "unsureBelow": round(answers.unsure_below, 3),
        "energyFloor": round(answers.energy_floor, 3),
    }


def readme(card: dict, facts: dict) -> str:
    """The model card; `facts` is stored beside it as validation.json."""
    held, chosen = facts["held"], facts["settings"]
    return f"""# {card["name"]} ({facts["id"]} {card["version"]})

{card["summary"]}

A reference for the study of what enhancement does to decisions, not a classifier to use. **Not for diagnosis.**

- {facts["parameters"]:,} parameters; weights stored as float16, computed in float32.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`. See the remarks on the training data below.

## Input and output

`cells` uint8 [N, {facts["side"]}, {facts["side"]}, 3], RGB: whole pictures with the cell in the middle (a PBC picture's central
square, by way of 256 and 224 pixels). `logits` float32 [N, {len(CLASSES)}]: {", ".join(CLASSES)}.
Probabilities are softmax(logits / {chosen["temperature"]}); below {chosen["unsureBelow"]} the answer is *unsure*, as it is
below an energy of {chosen["energyFloor"]}.

## Training data

PBC `train` (Acevedo et al. 2020), {facts["learnt"]:,} pictures of one lab; every tenth ({facts["tuned"]}) was kept for the
temperature and the thresholds. Its licence is not confirmed; no picture of it is redistributed here, and what that means for
weights trained on it is for you to judge. The files name no patient or slide, so the figures below may be optimistic.

{card["training"].format(iterations=facts["iterations"])}

# Validation

PBC `val`, {held["cells"]} pictures that were never read in training: accuracy **{held["accuracy"]:.3f}**, macro-F1
{held["macro_f1"]:.3f}, expected calibration error {held["ece"]:.3f} (15 bins, after the temperature).

{confusion_table(held["confusion"])}

One picture on one thread: {facts["milliseconds"]["fastest"]:.0f} / {facts["milliseconds"]["median"]:.0f} ms (fastest / median) on
{facts["machine"]}, while other work shared the machine.

## Known failures

- Trained from nothing on one lab's pictures: another lab's stain or camera will mislead it.
- It looks at the whole picture: a second cell in it may be named instead.
"""


def write(folder: Path, card: dict, model: onnx.ModelProto, parts: tuple[Views, Views, int], facts: dict) -> dict:
    """A `name-cells` package of whole pictures. parts: tuning and held-out views at the model's side, and how many were
    learnt from. Returns the facts with what was measured."""
    tune, held, learnt = parts
    side = tune.pixels.shape[1]
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS
    onnx.save(model, weights)
    chosen = settings(chosen_answers(logits_of(weights, tune), tune.kinds))
    cells = np.stack([painted(side, side, seed) for seed in range(TEST_CELLS)])
    facts = {
        **facts,
        "id": folder.name,
        "side": side,
        "settings": chosen,
        "learnt": learnt,
        "tuned": len(tune.kinds),
        "held": naming_scores(logits_of(weights, held), held.kinds, chosen["temperature"]),
        "milliseconds": timings(weights, {"cells": cells[:1]}, runs=5),
        "machine": machine(),
    }
    rgb = channel_axis(("red", "green", "blue"))
    axes = [batch_axis(None), space_axis("y", side), space_axis("x", side), rgb]
    logits = session(weights).run(["logits"], {"cells": cells})[0]
    tensors = (
        [tensor(folder, "cells", "pictures of one cell each", axes, "uint8", cells)],
        [tensor(folder, "logits", "of each class", [batch_axis(None), channel_axis(CLASSES)], "float32", logits)],
    )
    scopestream = {"task": "name-cells", "classes": list(CLASSES), "side": side, **chosen, "trainedOn": ["pbc"]}
    write_package(folder, card, weights, tensors, scopestream, facts, readme)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint.pt")
    parser.add_argument("--data", type=Path, required=True, help="folder with pbc/")
    parser.add_argument("--zoo", type=Path, required=True)
    arguments = parser.parse_args()
    config = load(arguments.config)
    state = torch.load(arguments.run / "checkpoint.pt", map_location="cpu")
    network = config.network().eval()
    network.load_state_dict(state["ema"])
    parts = load_parts(arguments.data, VIEW_SIDE)
    facts = {"iterations": state["iteration"], "parameters": parameter_count(network)}
    card = tomllib.loads(arguments.config.read_text())["card"]
    model = build(network, config.id)
    facts = write(arguments.zoo / config.id, card, model, (parts.tune, parts.held, len(parts.train.kinds)), facts)
    print(config.id, facts["held"]["accuracy"], facts["settings"])


if __name__ == "__main__":
    main()
