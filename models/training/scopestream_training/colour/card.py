"""The words and tables of a colour package: `README.md` (the model card) and `bioimageio.yaml`."""

from ..card import CITATIONS as SHARED_CITATIONS
from ..card import FORMAT_VERSION, OPSET, Card
from .config import Config
from .degradation import FACTOR, Instrument, InstrumentRange

CITATIONS = {
    "pbc": {
        "text": "Acevedo et al. (2020) A dataset of microscopic peripheral blood cell images for development of automatic "
        "recognition systems. Data in Brief 30, 105474.",
        "doi": "10.1016/j.dib.2020.105474",
    },
    "compact": {
        "text": "Wang et al. (2021) Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data. "
        "ICCV Workshops.",
        "url": "https://arxiv.org/abs/2107.10833",
    },
    "srresnet": {
        "text": "Ledig et al. (2017) Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network. CVPR.",
        "url": "https://arxiv.org/abs/1609.04802",
    },
    "swinir-light": {
        "text": "Liang et al. (2021) SwinIR: Image Restoration Using Swin Transformer. ICCV Workshops.",
        "url": "https://arxiv.org/abs/2108.10257",
    },
    "bccd": {"text": "BCCD dataset, blood cell count and detection. MIT.", "url": "https://github.com/Shenggan/BCCD_Dataset"},
}
assert not CITATIONS.keys() & SHARED_CITATIONS.keys()


def score_row(name: str, score: dict) -> str:
    def pair(who: str, space: str) -> str:
        return f"{score[who][f'psnr_{space}']:.2f} / {score[who][f'ssim_{space}']:.3f}"

    cells = [pair("bicubic", "rgb"), f"**{pair('model', 'rgb')}**", pair("bicubic", "y"), pair("model", "y")]
    return f"| {name} ({score['pictures']}) | {' | '.join(cells)} | {score['model']['psnr_small']:.1f} |"


def readme(card: Card, config: Config, facts: dict) -> str:
    """The model card. `facts` is what package.py measured; it is stored beside the card as validation.json."""
    scored, drawn = Instrument(), InstrumentRange()
    rows = "\n".join(score_row(name, score) for name, score in facts["scores"].items())
    speeds = "\n".join(
        f"| {s['width']}x{s['height']} | {s['threads']} | {s['min']:.1f} / {s['median']:.1f} |" for s in facts["speed"]
    )
    display_only = (
        "\n**For display only.** It adds texture that is typical of blood cells whether or not the small picture held it, and "
        "it is never offered for measurement.\n"
        if config.adversary
        else ""
    )
    failures = "\n".join(f"- {line}" for line in card.known_failures)
    return f"""# {card.name} ({config.id} {card.version})

{card.summary}
{display_only}
In: one RGB picture. Out: the picture with 4 times the samples along each axis. What comes out is **predicted**, not measured.
**Not for diagnosis.**

- {facts["parameters"]:,} parameters, {facts["gmac"]:.2f} GMAC for 64x64 -> 256x256, float32.
- Any height and width; an output pixel depends on nothing farther than {facts["halo"] // FACTOR} input pixels away.
- Pixel centres are aligned: input pixel `k` covers output pixels `4k` to `4k + 3`, as in image resizing. (The x2 models for
  fluorescence put sample `k` on sample `2k`.) The network adds its correction to bicubic inside the graph.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`. See the remarks on the training data below.

## Inputs and output

`raw` uint8 [1, H, W, 3], RGB interleaved; `enhanced` uint8 [1, 4H, 4W, 3] = round(255 f(raw / 255)), clipped.

## Training data

PBC `train` (Acevedo et al. 2020): 2,500 pictures of single white blood cells in five classes, CellaVision DM96, one lab; the
central square at 256x256. Its licence is not confirmed; no picture of it is redistributed here, and what that means for
weights trained on it is for you to judge. The files name no patient or slide, so PBC figures may be optimistic; BCCD, from
another lab, was never read in training.

Small pictures were made in two ways, {100 * (1 - config.instrument_share):.0f} % of the patches each way where not said
otherwise: *reduced*, by antialiased bicubic alone; *instrument*, blurred (sigma {drawn.blur[0]:g} to {drawn.blur[1]:g} small
pixels), reduced, photon noise ({drawn.photons[0]:g} to {drawn.photons[1]:g} e- at white), read noise (0 to {drawn.read[1]:g}
levels), JPEG of quality {drawn.quality[0]} to {drawn.quality[1]} (`colour/degradation.py`). Of the truths
{100 * config.softened:.0f} % were softened and half were recoloured first (`colour/patches.py`).

{card.training.format(iterations=facts["iterations"], minutes=facts["minutes"], batch=config.batch, patch=config.patch)}

# Validation

Convention `basicsr-u8`: 8 bit, 4 pixels cropped at each border; PSNR in dB / SSIM (11x11 Gaussian), means over pictures.
*Reduced again* is the PSNR of the enlarged picture, reduced, towards the small one it was made from. *Instrument* is scored at
blur {scored.blur:g}, {scored.photons:g} e- at white, read noise {scored.read:g} levels, JPEG quality {scored.quality}.

| set (pictures) | bicubic, RGB | model, RGB | bicubic, Y | model, Y | reduced again |
|---|---|---|---|---|---|
{rows}

Largest difference of the ONNX graph from PyTorch beyond rounding: {facts["parity"]:.3f} levels.

| small picture | threads | ms (fastest / median) |
|---|---|---|
{speeds}

Measured on {facts["machine"]}, while other work shared the machine: the fastest run is the nearest to an idle machine.

## Known failures

{failures}
- Detail that the small picture does not hold is guessed. A count, a size or a class read from the output needs the small
  picture beside it.
"""


def description(card: Card, config: Config, facts: dict, hashes: dict[str, str], timestamp: str) -> dict:
    """`bioimageio.yaml` as plain data."""
    halo = facts["halo"]
    channels = {"type": "channel", "channel_names": ["red", "green", "blue"]}
    data = {"type": "uint8", "range": [0, 255]}

    def test(name: str) -> dict:
        return {"source": name, "sha256": hashes[name]}

    def input_axis(axis: str) -> dict:
        # The format wants the smallest picture to be larger than its two halos.
        return {"type": "space", "id": axis, "size": {"min": max(16, 2 * halo // FACTOR + 1), "step": 1}, "scale": 1.0}

    def output_axis(axis: str) -> dict:
        size = {"tensor_id": "raw", "axis_id": axis, "offset": 0}
        return {"type": "space", "id": axis, "size": size, "scale": 1 / FACTOR, "halo": halo}

    return {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "id": config.id,
        "name": card.name,
        "version": card.version,
        "description": card.summary[:1024],
        "timestamp": timestamp,
        "authors": [{"name": "Scopestream contributors"}],
        "cite": [CITATIONS[config.kind], CITATIONS["pbc"]],
        "license": "Apache-2.0",
        "documentation": "README.md",
        "tags": ["super-resolution", "blood-smear", "brightfield", "2d", "onnx"],
        "inputs": [
            {
                "id": "raw",
                "description": "one RGB picture",
                "axes": [{"type": "batch", "size": 1}, input_axis("y"), input_axis("x"), channels],
                "data": data,
                "test_tensor": test("test-raw.npy"),
            }
        ],
        "outputs": [
            {
                "id": "enhanced",
                "description": "predicted picture",
                "axes": [{"type": "batch", "size": 1}, output_axis("y"), output_axis("x"), channels],
                "data": data,
                "test_tensor": test("test-enhanced.npy"),
            }
        ],
        "weights": {"onnx": {"source": "weights.onnx", "sha256": facts["sha256"], "opset_version": OPSET}},
        "config": {
            "scopestream": {
                "task": "enlarge-colour",
                "tier": card.tier,
                "precision": card.precision,
                "frames": 1,
                "colour": "rgb",
                "factor": FACTOR,
                "pixelCentres": "aligned",
                "displayOnly": config.adversary is not None,
                "validated": {
                    "convention": "basicsr-u8",
                    "set": "pbc-val, reduced",
                    "pictures": facts["scores"]["PBC val, reduced"]["pictures"],
                    "mean_db": round(facts["scores"]["PBC val, reduced"]["model"]["psnr_rgb"], 2),
                },
                "trainedOn": ["pbc"],
            }
        },
    }
