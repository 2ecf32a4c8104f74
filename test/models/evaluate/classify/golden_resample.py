"""Pillow's resize. Reads {sizeX, sizeY, data, cases: [[filter, sizeX, sizeY], ...]} from standard input, writes lists of samples."""

import json
import sys

import numpy as np
from PIL import Image

FILTERS = {"triangle": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}

given = json.load(sys.stdin)
picture = Image.fromarray(np.array(given["data"], np.uint8).reshape(given["sizeY"], given["sizeX"], 3))
resized = [picture.resize((x, y), FILTERS[name]) for name, x, y in given["cases"]]
print(json.dumps([np.asarray(each).ravel().tolist() for each in resized]))
