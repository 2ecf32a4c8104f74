"""The words and tables of a package: `README.md` (the model card) and `bioimageio.yaml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from .degradation import NoiseRange
from .normalise import NAME as NORMALISATION
from .temporal_evaluate import table

FORMAT_VERSION = "0.5.4"
OPSET = 17
CITATIONS = {
    "w2s": {
        "text": "Zhou et al. (2020) W2S: Microscopy Data with Joint Denoising and Super-Resolution for Widefield to SIM "
        "Mapping. ECCV Workshops.",
        "doi": "10.1007/978-3-030-66415-2_31",
    },
    "bias-free": {
        "text": "Mohan et al. (2020) Robust and interpretable blind image denoising via bias-free convolutional neural "
        "networks. ICLR.",
        "url": "https://arxiv.org/abs/1906.05478",
    },
    "bbbc039": {
        "text": "Caicedo et al. (2019) Evaluation of Deep Learning Strategies for Nucleus Segmentation in Fluorescence "
        "Images. Cytometry A. BBBC039, Broad Bioimage Benchmark Collection.",
        "doi": "10.1002/cyto.a.23863",
    },
}
DATA = {
    "w2s": "W2S `train` (59 fields x 3 channels, widefield): real `avg1` exposures towards `avg400`, and `avg400` under "
    "simulated noise. No licence is stated by its authors (Zhou et al. 2020); no image of it is redistributed here, "
    "and what a missing licence means for weights trained on it is for you to judge.",
    "tubulin": "Microtubules of NIH3T3 cells, confocal (16 images, under simulated noise). No licence is stated.",
    "bbbc039": "BBBC039, nuclei of U2OS cells (15 images, under simulated noise). CC0.",
    "scenes": "Scenes simulated by this project (filaments, mitochondria, nuclei, spots, membranes). Apache-2.0.",
    "neighbours": "Simulated scenes of points, threads and gaps that stand close to their like. Apache-2.0.",
}


@dataclass(frozen=True)
class Card:
    """What a person says about a model in its `configs/<id>.toml`, under `[card]`."""

    name: str
    version: str
    tier: str
    precision: str
    summary: str
    known_failures: tuple[str, ...]
    training: str


def load_card(config: Path) -> Card:
    values = tomllib.loads(config.read_text())["card"]
    return Card(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def data_used(sources: tuple[str, ...], real_share: float) -> list[str]:
    keys = [source.split(":")[0] for source in sources]
    return ["w2s", *(k for k in keys if k != "w2s")] if real_share > 0 else keys


def readme(card: Card, identity: str, facts: dict) -> str:
    """The model card. `facts` is what package.py measured; it is stored beside the card as validation.json."""
    shipped, float32 = facts["shipped"], facts["float32"]
    upscale = shipped["upscale"]
    task = (
        "a frame of the same size without its noise"
        if upscale == 1
        else f"a frame with {upscale} times the samples along each axis, without its noise"
    )
    rows = "\n".join(
        f"| {group} | {v['bicubic']:.2f} | {v['gaussian']:.2f} | {float32['si_psnr'][group]['model']:.2f} "
        f"| **{v['model']:.2f}** |"
        for group, v in shipped["si_psnr"].items()
    )
    low, high = shipped["w2s_interval"]
    dim, bright = NoiseRange().peak
    noise = shipped["noise_only"]
    speeds = "\n".join(
        f"| {s['side']} -> {s['side'] * upscale} | {s['threads']} | {s['float32']['min']:.1f} / {s['float32']['median']:.1f} "
        f"| {s['shipped']['min']:.1f} / {s['shipped']['median']:.1f} | {1000 / s['shipped']['min']:.0f} |"
        for s in facts["speed"]
    )
    data = "\n".join(f"- {DATA[key]}" for key in facts["data"])
    failures = "\n".join(f"- {line}" for line in card.known_failures)
    frames = facts["frames"]
    before = f" and the {frames - 1} before it, oldest first (at the start of a session the oldest stands for those before it)"
    sight = "one raw frame" + before * (frames > 1)
    source = "`avg1[::2, ::2]` (256x256)" if upscale == 2 else "`avg1` (512x512)"
    sampling = "sampled `[::2, ::2]`" if upscale == 2 else "at full sampling"
    return f"""# {card.name} ({identity} {card.version})

{card.summary}

In: {sight}. Out: {task}. What comes out is **predicted**, not measured. **Not for diagnosis.**

- {facts["parameters"]:,} parameters, {facts["gmac"]:.2f} GMAC for a 256x256 frame, {card.precision} as shipped.
- Height and width are multiples of {facts["step"]} pixels; tiles need a halo of {facts["halo"]} output pixels.
- Bias-free (no convolution has a bias, ReLU only): doubling the light exactly doubles the float32 output.
- Sample `k` of the input sits on sample `{upscale} k` of the output.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`. See the remarks on the training data below.

## Inputs and output

`raw` uint16 [1, {frames}, H, W]; `offset`, `scale`, `gain` float32 [1, 1]; `enhanced` uint16 [1, 1, {upscale}H, {upscale}W] =
round((f((raw - offset) / scale) x scale + offset) x gain), clipped to 16 bits. `offset` and `scale` are fixed for a session by
`{NORMALISATION}`: 1st percentile, and 99.9th minus 1st, of the first frame after a 5x5 box mean with replicated edges. `gain` is
2^(16 - significant bits), so `enhanced` is in counts of the raw frame times `gain`.

## Training data

{data}

Simulated noise: Poisson photons ({dim:g} to {bright:g} e- at a bright sample), excess noise factor 1 to 2, smear along the scan
up to 0.5, read noise 0.1 to 3 e-, odd lines displaced by up to 0.75 samples, rounding (`degradation.py`). Split by field
of view; no field and no file of the scored sets was read in training (checked by name and hash).

{card.training.format(iterations=facts["iterations"])}

# Validation

`si-psnr`, dB: the prediction after its best scale and offset, peak = the truth's maximum minus minimum; mean over fields.
W2S: {source} towards `avg400`, 10 held-out fields x 3 channels. `tubulin` and `bbbc039`: 5 held-out images each of other
instruments under simulated PMT noise at the stated photons of a bright sample, {sampling}.
`lysosome`: live cells and their own noise, no ground truth: uPSNR against the next frame, where motion counts as error.
The Gaussian (after bicubic) has the best single sigma *for each row*, chosen on the scored images, which favours it;
"W2S, all" is the mean of its three rows (with one sigma for all channels it is lower).

| set | bicubic | best Gaussian | float32 | shipped ({card.precision}) |
|---|---|---|---|---|
{rows}

95 % bootstrap interval of the W2S mean, fields resampled: {low:.2f} to {high:.2f} dB. This is a degraded-sampling test, not an
optical one: it says nothing about detail beyond the microscope's own resolution.

Flux out against flux in (simulated spots over a factor of 8): slope {shipped["flux_slope"]:.3f}.
Nothing but noise in (sd 10 counts): sd {10 * noise["kept"]:.2f} counts out, largest deviation {noise["peak"]:.1f} of those sd.
A frame without noise or light: spread {noise["flat"]:.2f} counts.
Largest difference of the float32 graph from PyTorch: {facts["parity"]:.1e} of the normalised range.

| frame | threads | float32 ms (fastest / median) | shipped ms (fastest / median) | shipped frames/s at the fastest |
|---|---|---|---|---|
{speeds}

Measured on {facts["machine"]}, while other work shared the machine: the fastest run is the nearest to an idle machine.

{moving(facts)}## Known failures

{failures}
- A resolution in nanometres must never be claimed for the output.

To measure it on your own data: pairs of a single exposure and a mean of many of the same field, through
`models/training/scopestream_training/evaluate.py` or `scopestream evaluate`.
"""


def moving(facts: dict) -> str:
    """The section on what moves, of a model of several frames."""
    if facts["frames"] == 1:
        return ""
    return f"""## What moves

The tables above hold single frames, each as at the start of a session. This one holds clips of three, which no training
read: a disc that moves in the middle of a still image (samples of the output a frame) and live lysosomes, whose motion is
real, under PMT noise of the stated photons; and lysosomes as recorded, scored where no sample went in. `si-psnr` (dB) of
the moving and of the still part, with the lag of what moves in brackets: the age, in frames, of the scene that the picture
fits best (0 is the newest frame). The mean of three frames smears by design. Last column: 95 % bootstrap interval over images.

{table(facts["temporal"])}

"""


def space(axis: str, sizes: dict) -> dict:
    return {"type": "space", "id": axis, **sizes}


def frame_names(count: int) -> list[str]:
    """Oldest first: `t-2`, `t-1`, `t`."""
    return [f"t-{age}" for age in range(count - 1, 0, -1)] + ["t"]


def smallest_side(facts: dict) -> int:
    """Input pixels: the format wants the smallest frame to be larger than its two halos."""
    upscale, step = facts["shipped"]["upscale"], facts["step"]
    return step * (2 * facts["halo"] // (upscale * step) + 1)


def description(card: Card, identity: str, facts: dict, hashes: dict[str, str], timestamp: str) -> dict:
    """`bioimageio.yaml` as plain data."""
    upscale, step, frames = facts["shipped"]["upscale"], facts["step"], facts.get("frames", 1)
    sizes = {"size": {"min": smallest_side(facts), "step": step}, "scale": 1.0}

    def scalar(name: str, text: str) -> dict:
        return {
            "id": name,
            "description": text,
            "axes": [{"type": "batch", "size": 1}, {"type": "channel", "channel_names": [name]}],
            "data": {"type": "float32"},
            "test_tensor": test(f"test-{name}.npy"),
        }

    def test(name: str) -> dict:
        return {"source": name, "sha256": hashes[name]}

    def output_axis(axis: str) -> dict:
        size = {"tensor_id": "raw", "axis_id": axis, "offset": 0}
        return space(axis, {"size": size, "scale": 1 / upscale, "halo": facts["halo"]})

    keys = ["bias-free", *(key for key in facts["data"] if key in CITATIONS)]
    return {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "id": identity,
        "name": card.name,
        "version": card.version,
        "description": card.summary[:1024],
        "timestamp": timestamp,
        "authors": [{"name": "Scopestream contributors"}],
        "cite": [CITATIONS[key] for key in keys],
        "license": "Apache-2.0",
        "documentation": "README.md",
        "tags": ["denoising", "fluorescence-microscopy", "2d", "onnx"] + ["super-resolution"] * (upscale > 1),
        "inputs": [
            {
                "id": "raw",
                "description": "raw frames in detector counts, oldest first"
                if frames > 1
                else "one raw frame in detector counts",
                "axes": [
                    {"type": "batch", "size": 1},
                    {"type": "channel", "channel_names": frame_names(frames)},
                    space("y", sizes),
                    space("x", sizes),
                ],
                "data": {"type": "uint16", "range": [0, 65535]},
                "test_tensor": test("test-raw.npy"),
            },
            scalar("offset", f"counts; {NORMALISATION} of the session's first frame"),
            scalar("scale", f"counts; {NORMALISATION} of the session's first frame"),
            scalar("gain", "2^(16 - significant bits): enhanced = counts x gain"),
        ],
        "outputs": [
            {
                "id": "enhanced",
                "description": "predicted frame, counts of the raw frame times gain",
                "axes": [
                    {"type": "batch", "size": 1},
                    {"type": "channel", "channel_names": ["predicted"]},
                    output_axis("y"),
                    output_axis("x"),
                ],
                "data": {"type": "uint16", "range": [0, 65535]},
                "test_tensor": test("test-enhanced.npy"),
            }
        ],
        "weights": {
            "onnx": {"source": "weights.onnx", "sha256": facts["sha256"], "opset_version": OPSET},
        },
        "config": {
            "scopestream": {
                "tier": card.tier,
                "precision": card.precision,
                "frames": frames,
                "norm": NORMALISATION,
                "displayOnly": False,
                "validated": {
                    "convention": "si-psnr",
                    "set": "w2s-val",
                    "fields": 30,
                    "mean_db": round(facts["shipped"]["si_psnr"]["W2S, all"]["model"], 2),
                },
                "trainedOn": facts["data"],
                # What the training saw, for an out-of-domain check. Pixel sizes are in input pixels.
                "ranges": {
                    "peak_electrons": list(NoiseRange().peak),
                    "excess_noise_factor": [1.0, 2.0],
                    "row_correlation": [0.0, 0.5],
                    "read_noise_electrons": [0.1, 3.0],
                    "line_shift_px": [-0.75, 0.75],
                    "background_share": [0.0, 0.5],
                    "psf_sigma_px": [0.8 / upscale, 2.2 / upscale],
                },
            }
        },
    }
