"""Every shipped package is what the format asks for and does what it says: by bioimageio.core, which is not ours."""

import hashlib
import re
from pathlib import Path

import pytest
import yaml

from scopestream_training.package import SIZE_LIMIT_BYTES

core = pytest.importorskip("bioimageio.core")
spec = pytest.importorskip("bioimageio.spec")

ZOO = Path(__file__).parents[2] / "zoo"
PACKAGES = sorted(path.parent for path in ZOO.glob("*/bioimageio.yaml"))
pytestmark = pytest.mark.parametrize("folder", PACKAGES, ids=lambda folder: folder.name)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_description_is_valid_and_the_test_comes_out_as_stored(folder: Path) -> None:
    """The addresses of citations are not looked up."""
    with spec.ValidationContext(perform_io_checks=False):
        description = spec.load_description(folder / "bioimageio.yaml")
        assert not isinstance(description, spec.InvalidDescr), description.validation_summary.format()
    summary = core.test_model(folder / "bioimageio.yaml", weight_format="onnx")
    assert summary.status == "passed", summary.format()


def test_hashes_licence_size_and_card(folder: Path) -> None:
    described = yaml.safe_load((folder / "bioimageio.yaml").read_text())
    tensors = [tensor["test_tensor"] for tensor in (*described["inputs"], *described["outputs"])]
    for file in (described["weights"]["onnx"], *tensors):
        assert sha256(folder / file["source"]) == file["sha256"]
    assert described["license"] == "Apache-2.0"
    assert (folder / "weights.onnx").stat().st_size <= SIZE_LIMIT_BYTES
    assert described["config"]["scopestream"]["trainedOn"]
    card = (folder / described["documentation"]).read_text()
    assert re.search("^#+ Validation", card, re.MULTILINE)
    assert described["weights"]["onnx"]["sha256"] in card
