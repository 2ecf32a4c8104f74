"""Pictures of what the packages do:
`python -m scopestream_training.cells.figures --zoo ../zoo --data DIR --labels DIR --out DIR`.

`smears.jpg`: held-out BCCD fields with found boxes and names (dashes: annotated white cells). `nuclei.jpg`: held-out BBBC039
frames at 20 e-, found outlines beside the teacher's.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage.segmentation import find_boundaries

from ..export import session
from .crops import crop
from .fields import WHITE
from .nuclei_scenes import real_frames
from .package_find import detector_of
from .package_nuclei import counts, segmenter
from .scores import energy, softmax
from .smears import CLASSES, field_classes, load_fields

COLOURS = ((40, 80, 255), (230, 60, 60), (0, 160, 60))
COLUMNS, FIELDS = 3, 6


def smears(zoo: Path, data: Path) -> Image.Image:
    detect = detector_of(zoo / "smear-find" / "weights.onnx")
    thresholds = json.loads((zoo / "smear-find" / "validation.json").read_text())["thresholds"]
    answers = json.loads((zoo / "smear-name" / "validation.json").read_text())["seeds"][0]["answers"]
    name = session(zoo / "smear-name" / "weights.onnx", threads=1)
    classes, pictures = field_classes(data), []
    for field in load_fields(data, "find-test")[::4][:FIELDS]:
        picture = Image.fromarray(field.image)
        draw = ImageDraw.Draw(picture)
        for x, y, w, h in field.boxes[field.kinds == WHITE]:
            for k in range(0, int(w), 16):
                draw.line([(x + k, y), (x + min(k + 8, w), y)], fill=(0, 0, 0), width=2)
                draw.line([(x + k, y + h), (x + min(k + 8, w), y + h)], fill=(0, 0, 0), width=2)
        result = detect(field.image, thresholds)
        for box, kind in zip(result.boxes, result.kinds, strict=True):
            x, y, w, h = box
            draw.rectangle([x, y, x + w, y + h], outline=COLOURS[kind], width=3 if kind == WHITE else 1)
            if kind == WHITE:
                logits = name.run(None, {"cells": crop(field.image, box)[None]})[0]
                likely = softmax(logits, answers["temperature"])[0]
                sure = likely.max() >= answers["unsure_below"]
                sure = sure and energy(logits, answers["temperature"])[0] >= answers["energy_floor"]
                label = f"{CLASSES[likely.argmax()]} {likely.max():.2f}{'' if sure else ', unsure'}"
                draw.text((x + 4, y + 4), label, fill=(0, 0, 0), font_size=22)
        label = CLASSES[classes[field.name]] if field.name in classes else "no label"
        draw.text((6, 452), f"{field.name}: {label}", fill=(0, 0, 0), font_size=20)
        pictures.append(picture.resize((480, 360), Image.Resampling.LANCZOS))
    return grid(pictures, COLUMNS)


def nuclei(zoo: Path, data: Path, labels: Path) -> Image.Image:
    segment = segmenter(zoo / "nuclei-find" / "weights.onnx")
    pictures = []
    for k, frame in enumerate(real_frames(data, labels, held_out=True)[:2]):
        noisy = counts(frame.clean, 20.0, seed=k)
        for outlines, colour in ((segment(noisy), (255, 220, 0)), (frame.labels, (0, 220, 255))):
            grey = np.clip((noisy - 100) / 1100, 0, 1) ** 0.6 * 255
            picture = grey.astype(np.uint8)[..., None].repeat(3, 2)
            picture[find_boundaries(outlines, mode="inner")] = colour
            pictures.append(Image.fromarray(picture))
    return grid(pictures, 2)


def grid(pictures: list[Image.Image], columns: int) -> Image.Image:
    width, height = pictures[0].size
    whole = Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height))
    for k, picture in enumerate(pictures):
        whole.paste(picture, (k % columns * width, k // columns * height))
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True, help="what cells.teacher wrote")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    smears(arguments.zoo, arguments.data).save(arguments.out / "smears.jpg", quality=85)
    nuclei(arguments.zoo, arguments.data, arguments.labels).save(arguments.out / "nuclei.jpg", quality=85)


if __name__ == "__main__":
    main()
