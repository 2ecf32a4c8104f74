"""Reads the blood smears: BCCD fields with boxes, and PBC pictures of one white cell each.

A box is (x, y, width, height): left, top and extent in pixels of its picture. Pictures are uint8 RGB [H, W, 3].
"""

import hashlib
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

KINDS = ("white cell", "red cell", "platelet")
VOC_NAMES = {"WBC": 0, "RBC": 1, "Platelets": 2}
CLASSES = ("basophil", "eosinophil", "lymphocyte", "monocyte", "neutrophil")
SPLIT = Path(__file__).parents[2] / "configs" / "cells" / "bccd-split.json"


@dataclass(frozen=True)
class Field:
    """A field and what is in it: boxes float32 [n, 4], kinds int64 [n] (indices of KINDS)."""

    name: str
    image: np.ndarray
    boxes: np.ndarray
    kinds: np.ndarray


@dataclass(frozen=True)
class Portrait:
    """A PBC picture, the class (index of CLASSES) of the white cell in its middle, and the cell's box float32 [4]."""

    name: str
    image: np.ndarray
    kind: int
    box: np.ndarray


def read_rgb(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def split_of(part: str) -> list[str]:
    """Field names of BCCD: `find-train`, `find-tune` and `find-test` for the detector, `name-tune` and `name-report` for
    the classifier, which trains on no BCCD cell."""
    return json.loads(SPLIT.read_text())[part]


def load_fields(data: Path, part: str) -> list[Field]:
    return [load_field(data / "bccd", name) for name in split_of(part)]


def load_field(folder: Path, name: str) -> Field:
    """Boxes without an extent, which the annotation has, are left out."""
    objects = ElementTree.parse(folder / "boxes" / f"{name}.xml").getroot().iter("object")
    corners, kinds = [], []
    for thing in objects:
        box = thing.find("bndbox")
        left, top, right, bottom = (float(box.find(key).text) for key in ("xmin", "ymin", "xmax", "ymax"))
        if right > left and bottom > top:
            corners.append((left, top, right - left, bottom - top))
            kinds.append(VOC_NAMES[thing.find("name").text])
    image = read_rgb(folder / "images" / f"{name}.jpg")
    return Field(name, image, np.array(corners, np.float32).reshape(-1, 4), np.array(kinds, np.int64))


def field_classes(data: Path) -> dict[str, int]:
    """Class of the one white cell of each BCCD field that has one."""
    lines = (data / "bccd" / "labels.csv").read_text().split()[1:]
    return {name: CLASSES.index(label) for name, label in (line.split(",") for line in lines)}


def pbc_paths(data: Path, part: str) -> list[tuple[Path, int]]:
    """Pictures of `train` or `val` with their class, in a fixed order."""
    return [(path, kind) for kind, name in enumerate(CLASSES) for path in sorted((data / "pbc" / part / name).glob("*.jpg"))]


def load_portraits(data: Path, part: str, boxes: Path, every: int = 1, first: int = 0) -> list[Portrait]:
    """Every so manieth picture of `part`, from the `first` on, whose cell is listed in `boxes` (JSON: name -> box)."""
    known = json.loads(boxes.read_text())
    return [
        Portrait(path.stem, read_rgb(path), kind, np.array(known[path.stem], np.float32))
        for path, kind in pbc_paths(data, part)[first::every]
        if path.stem in known
    ]


def assert_pictures_disjoint(data: Path) -> None:
    """No name and no file content of PBC's `val` may occur in `train`."""
    learnt, held = ([path for path, _ in pbc_paths(data, part)] for part in ("train", "val"))
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in learnt}
    names = {path.name for path in learnt}
    for path in held:
        if path.name in names or hashlib.sha256(path.read_bytes()).digest() in digests:
            raise ValueError(f"{path.name} is in both parts")


def assert_disjoint(first: list[Field] | list[Portrait], second: list[Field] | list[Portrait]) -> None:
    """No name and no pixel content of one part may occur in the other."""
    names = {item.name for item in first}
    digests = {hashlib.sha256(item.image.tobytes()).digest() for item in first}
    for item in second:
        if item.name in names or hashlib.sha256(item.image.tobytes()).digest() in digests:
            raise ValueError(f"{item.name} is in both parts")
