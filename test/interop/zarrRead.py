"""Reads a recorded session with zarr-python, and its metadata with ome-zarr-models and ome-zarr. Prints JSON."""

import hashlib
import json
import sys

import zarr

store = sys.argv[1]
root = zarr.open_group(store, mode="r")
report = {"images": {}}
for name in root["OME"].attrs["ome"]["series"]:
    array = root[name]["0"]
    pixels = array[:]
    report["images"][name] = {
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "dimensions": list(array.metadata.dimension_names),
        "sums": [int(plane.sum()) for plane in pixels[:, 0, 0]],
        "sha256": [hashlib.sha256(plane.tobytes()).hexdigest() for plane in pixels[:, 0, 0]],
        "initialised": int(array.nchunks_initialized),
    }

times = root["raw"]["times"]
report["times"] = [None if value != value else float(value) for value in times[:, 0, 0]]
report["timesUnit"] = times.attrs["unit"]

try:
    from ome_zarr_models.v05 import Image

    for name in report["images"]:
        image = Image.from_zarr(root[name])
        scale = image.ome_attributes.multiscales[0].datasets[0].coordinateTransformations[0].scale
        report["images"][name]["scale"] = list(scale)
        report["images"][name]["units"] = [axis.unit for axis in image.ome_attributes.multiscales[0].axes]
except ImportError:
    report["skipped"] = "ome-zarr-models is not installed"

try:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    for name in report["images"]:
        node = next(iter(Reader(parse_url(f"{store}/{name}"))()))
        report["images"][name]["omeZarrShape"] = list(node.data[0].shape)
except ImportError:
    report["skipped"] = "ome-zarr is not installed"

print(json.dumps(report))
