"""Holds the OME-XML of a TIFF file to OME's own schema, and follows its annotations with ome-types. Prints JSON."""

import json
import sys
from pathlib import Path

import ome_types
import tifffile
import xmlschema

with tifffile.TiffFile(sys.argv[1]) as tif:
    xml = tif.ome_metadata
schema = xmlschema.XMLSchema(Path(ome_types.__file__).parent / "ome-2016-06.xsd")
ome = ome_types.from_xml(xml)


def told(refs):
    """What annotations say, by their namespace."""
    answer = {}
    for annotation in (ref.ref for ref in refs):
        value = annotation.value
        # A MapAnnotation holds its entries as a list of keys and values.
        answer[annotation.namespace] = value if isinstance(value, str) else {m.k: m.value for m in value.ms}
    return answer


[image] = ome.images
print(
    json.dumps(
        {
            "faults": [str(error.reason) for error in schema.iter_errors(xml)],
            "image": told(image.annotation_refs),
            "planes": [told(plane.annotation_refs) for plane in image.pixels.planes],
        }
    )
)
