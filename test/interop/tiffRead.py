"""Reads an exported OME-TIFF or ImageJ stack with tifffile. Prints JSON."""

import hashlib
import json
import sys

import tifffile

with tifffile.TiffFile(sys.argv[1]) as tif:
    series = tif.series[0]
    pixels = series.asarray()
    print(
        json.dumps(
            {
                "isOme": tif.is_ome,
                "isImageJ": tif.is_imagej,
                "isBig": tif.is_bigtiff,
                "axes": series.axes,
                "shape": list(series.shape),
                "pages": [hashlib.sha256(page.asarray().tobytes()).hexdigest() for page in tif.pages],
                "planes": [hashlib.sha256(plane.tobytes()).hexdigest() for plane in pixels],
                "omeXml": tif.ome_metadata,
            }
        )
    )
