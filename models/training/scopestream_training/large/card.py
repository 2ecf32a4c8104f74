"""The words of a large network's package: its `README.md`, and what its `bioimageio.yaml` says beside the compact networks'."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..card import DATA, Card, description
from ..normalise import NAME as NORMALISATION

CITATIONS = {
    "real-esrgan": {
        "text": "Wang et al. (2021) Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data. "
        "ICCV Workshops.",
        "url": "https://arxiv.org/abs/2107.10833",
    },
    "srgan": {
        "text": "Ledig et al. (2017) Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network. CVPR.",
        "url": "https://arxiv.org/abs/1609.04802",
    },
    "swinir": {
        "text": "Liang et al. (2021) SwinIR: Image Restoration Using Swin Transformer. ICCV Workshops.",
        "url": "https://arxiv.org/abs/2108.10257",
    },
    "muon": {
        "text": "Jordan et al. (2024) Muon: An optimizer for hidden layers in neural networks.",
        "url": "https://kellerjordan.github.io/posts/muon",
    },
}


@dataclass(frozen=True)
class LargeCard(Card):
    """published: how the network and its training differ from the published ones. cite: keys of CITATIONS."""

    published: str
    cite: tuple[str, ...]
    display_only: bool = False


def load_card(config: Path) -> LargeCard:
    values = tomllib.loads(config.read_text())["card"]
    return LargeCard(precision="float32", **{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def scale_line(slope_is_one: bool) -> str:
    if slope_is_one:
        return "Bias-free: doubling the light exactly doubles the float32 output."
    return "Not linear: it has biases and normalises its layers, so that doubling the light need not double the output."


def readme(card: LargeCard, identity: str, facts: dict) -> str:
    """The model card. `facts` is what package.py measured; it is stored beside the card as validation.json."""
    shipped, noise = facts["shipped"], facts["shipped"]["noise_only"]
    rows = "\n".join(
        f"| {group} | {v['bicubic']:.2f} | {v['gaussian']:.2f} | **{v['model']:.2f}** |"
        for group, v in shipped["si_psnr"].items()
    )
    low, high = shipped["w2s_interval"]
    data = "\n".join(f"- {DATA[key]}" for key in facts["data"])
    failures = "\n".join(f"- {line}" for line in card.known_failures)
    warning = (
        "\n**For display only.** It draws what looks likely; its texture need not be in the sample. Never measure on it.\n"
        if card.display_only
        else ""
    )
    return f"""# {card.name} ({identity} {card.version})

{card.summary}
{warning}
In: one raw frame. Out: a frame with twice the samples along each axis, without its noise. What comes out is **predicted**, not
measured. **Not for diagnosis.**

- {facts["parameters"]:,} parameters, {facts["gmac"]:.2f} GMAC for a 256x256 frame; float32, the weights stored in half precision.
- {card.published}
- Height and width are multiples of {facts["step"]} pixels; tiles need a halo of {facts["halo"]} output pixels.
- {scale_line(facts["linear"])}
- Sample `k` of the input sits on sample `2 k` of the output.
- Weights: SHA-256 `{facts["sha256"]}`, SPDX `Apache-2.0`. See the remarks on the training data below.

## Inputs and output

`raw` uint16 [1, 1, H, W]; `offset`, `scale`, `gain` float32 [1, 1]; `enhanced` uint16 [1, 1, 2H, 2W] =
round((f((raw - offset) / scale) x scale + offset) x gain), clipped to 16 bits. `offset` and `scale` are fixed for a session by
`{NORMALISATION}`: 1st percentile, and 99.9th minus 1st, of the first frame after a 5x5 box mean with replicated edges. `gain` is
2^(16 - significant bits), so `enhanced` is in counts of the raw frame times `gain`.

## Training data

{data}

Simulated noise as `degradation.py` draws it. Split by field of view; no field and no file of the scored sets was read in
training (checked by name and hash).

{card.training.format(**facts)} The progress is in `training.csv`.

# Validation

`si-psnr`, dB: the prediction after its best scale and offset, peak = the truth's maximum minus minimum; mean over fields.
W2S: `avg1[::2, ::2]` (256x256) towards `avg400`, 10 held-out fields x 3 channels. `tubulin` and `bbbc039`: 5 held-out images each
of other instruments under simulated PMT noise at the stated photons of a bright sample, sampled `[::2, ::2]`.
`lysosome`: live cells and their own noise, no ground truth: uPSNR against the next frame, where motion counts as error.
The Gaussian (after bicubic) has the best single sigma *for each row*, chosen on the scored images, which favours it;
"W2S, all" is the mean of its three rows (with one sigma for all channels it is lower).

| set | bicubic | best Gaussian | {identity} |
|---|---|---|---|
{rows}

95 % bootstrap interval of the W2S mean, fields resampled: {low:.2f} to {high:.2f} dB. This is a degraded-sampling test, not an
optical one: it says nothing about detail beyond the microscope's own resolution.

Flux out against flux in (simulated spots over a factor of 8): slope {shipped["flux_slope"]:.3f}.
Nothing but noise in (sd 10 counts): sd {10 * noise["kept"]:.2f} counts out, largest deviation {noise["peak"]:.1f} of those sd.
A frame without noise or light: spread {noise["flat"]:.2f} counts.
Largest difference of the stored graph from PyTorch: {facts["parity"]:.1e} of the normalised range.

CPU time of one 256x256 frame on one thread, the least of {facts["speed"]["runs"]} runs: {facts["speed"]["ms"]:.0f} ms,
on {facts["machine"]}.

## Known failures

{failures}
- A resolution in nanometres must never be claimed for the output.

To measure it on your own data: pairs of a single exposure and a mean of many of the same field, through
`models/training/scopestream_training/evaluate.py` or `scopestream evaluate`.
"""


def document(card: LargeCard, identity: str, facts: dict, hashes: dict[str, str], timestamp: str) -> dict:
    """`bioimageio.yaml` as plain data."""
    result = description(card, identity, facts, hashes, timestamp)
    others = [cite for cite in result["cite"] if facts["linear"] or "Mohan" not in cite["text"]]
    result["cite"] = [*(CITATIONS[key] for key in (*card.cite, "muon")), *others]
    result["config"]["scopestream"]["displayOnly"] = card.display_only
    return result
