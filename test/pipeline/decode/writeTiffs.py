"""Writes one TIFF for each combination of what tifffile can vary, and what tifffile reads back from it.

For each file NAME.tif there is NAME.raw: the pixels of all pages, row-major, samples interleaved, little-endian.
The file list with shapes goes to standard output as JSON.
"""

import itertools
import json
import sys
from pathlib import Path

import numpy
import tifffile

folder = Path(sys.argv[1])
random = numpy.random.default_rng(7)
listing = []


def pixels(dtype, shape):
    if dtype == "float32":
        return random.normal(100, 30, shape).astype("float32")
    info = numpy.iinfo(dtype)
    noisy = random.normal(0, info.max / 20, shape) + numpy.linspace(info.min, info.max, shape[-1] if shape[-1] != 3 else 3)
    return numpy.clip(noisy, info.min, info.max).astype(dtype)


def write(name, data, **options):
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, data, **options)
    with tifffile.TiffFile(path) as tif:
        pages = [page.asarray() for page in tif.pages]
    # tifffile gives planar RGB as (3, y, x): one plane has its samples interleaved.
    pages = [page.transpose(1, 2, 0) if page.ndim == 3 and page.shape[0] == 3 else page for page in pages]
    stored = numpy.stack(pages)
    # Signed integers are read as float32, which holds them exactly.
    if stored.dtype.kind == "i":
        stored = stored.astype("float32")
    stored.astype(stored.dtype.newbyteorder("<")).tofile(folder / f"{name}.raw")
    listing.append({
        "name": name,
        "pages": len(pages),
        "sizeY": stored.shape[1],
        "sizeX": stored.shape[2],
        "samplesPerPixel": stored.shape[3] if stored.ndim == 4 else 1,
        "pixelType": stored.dtype.name,
    })


SIZE_Y, SIZE_X, PAGES = 45, 61, 3
LAYOUTS = {"strips": {"rowsperstrip": 8}, "single": {}, "tiles": {"tile": (16, 32)}}
COMPRESSIONS = {
    "none": {},
    "lzw": {"compression": "lzw"},
    "lzwpred": {"compression": "lzw", "predictor": True},
    "deflate": {"compression": "deflate"},
    "deflatepred": {"compression": "deflate", "predictor": True},
    "packbits": {"compression": "packbits"},
}

for dtype, (layout, layout_options), (method, method_options), order, big in itertools.product(
    ["uint8", "uint16"], LAYOUTS.items(), COMPRESSIONS.items(), "<>", [False, True]
):
    write(
        f"{dtype}-{layout}-{method}-{'le' if order == '<' else 'be'}{'-big' if big else ''}",
        pixels(dtype, (PAGES, SIZE_Y, SIZE_X)),
        photometric="minisblack",
        byteorder=order,
        bigtiff=big,
        metadata=None,
        **layout_options,
        **method_options,
    )

for dtype, planar, (layout, layout_options), method, order in itertools.product(
    ["uint8", "uint16"], ["contig", "separate"], LAYOUTS.items(), ["none", "lzw", "deflatepred", "packbits"], "<>"
):
    shape = (SIZE_Y, SIZE_X, 3) if planar == "contig" else (3, SIZE_Y, SIZE_X)
    write(
        f"rgb-{dtype}-{planar}-{layout}-{method}-{'le' if order == '<' else 'be'}",
        pixels(dtype, shape),
        photometric="rgb",
        planarconfig=planar,
        byteorder=order,
        metadata=None,
        **layout_options,
        **COMPRESSIONS[method],
    )

for dtype, method, order in itertools.product(
    ["float32", "int8", "int16"], ["none", "lzw", "deflatepred", "packbits"], "<>"
):
    write(
        f"{dtype}-{method}-{'le' if order == '<' else 'be'}",
        pixels(dtype, (PAGES, SIZE_Y, SIZE_X)),
        photometric="minisblack",
        byteorder=order,
        metadata=None,
        rowsperstrip=8,
        **COMPRESSIONS[method],
    )

json.dump(listing, sys.stdout)
