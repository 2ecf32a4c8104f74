"""Training crops for the detector, out of BCCD fields and PBC pictures, and their targets.

A crop is cut from a canvas of one or more pictures of the same source at any magnification and turn. What is not annotated is
not taught: in every crop each kind has a map of places that count. BCCD misses many red cells, so stained places outside all
boxes do not count against red cells; a PBC picture says where one white cell is and nothing about red cells and platelets.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from .camera import CameraRange, from_bytes, photographed, to_bytes
from .detector import STRIDE
from .smears import KINDS, Field, Portrait
from .stain import StainRange, restain

WHITE, RED, PLATELET = range(3)
# A cell of which less than this share is in the crop is neither taught nor denied.
VISIBLE = 0.5
STAINED = 0.12  # absorbance (mean of the colours) above which a place is not empty glass
NUCLEAR = 0.55  # absorbance in green, of which the darkest red cells fall short and nuclei do not
PEAK_WIDTH = 0.1  # standard deviation of a peak, as a share of the box
PEAK_CORE = 0.5  # boxes are learnt where a peak is at least this high
POOLS = (1, 2, 3, 4, 6)
MOST_TILES = 3  # along an axis


@dataclass(frozen=True)
class Mix:
    """Share of crops from BCCD, from PBC, and without cells (the rest). scale: samples of the crop per pixel of a BCCD
    field, smallest and largest. pasted: expected share of BCCD crops with a PBC cell pasted in. magnification: of PBC
    against BCCD, by their red cells."""

    bccd: float = 0.55
    pbc: float = 0.35
    scale: tuple[float, float] = (0.16, 0.85)
    pasted: float = 0.5
    magnification: float = 0.69


@dataclass(frozen=True)
class Example:
    """picture uint8 [H, W, 3]; peaks and counts float32 [kinds, h, w]; boxes float32 [4, h, w] with core float32 [h, w]."""

    picture: np.ndarray
    peaks: torch.Tensor
    counts: torch.Tensor
    boxes: torch.Tensor
    core: torch.Tensor


@dataclass
class Scene:
    """A picture uint8 [3, H, W] with boxes [n, 4] and kinds [n]. counts float32 [kinds, h, w] covers the same extent on a
    grid of its own and is 1 where a kind is annotated."""

    picture: torch.Tensor
    boxes: np.ndarray
    kinds: np.ndarray
    counts: torch.Tensor


def planes(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image.copy()).permute(2, 0, 1).contiguous()


def glass_of(picture: torch.Tensor) -> torch.Tensor:
    """Light of empty glass, [3, 1, 1]."""
    return torch.quantile(picture[:, ::4, ::4].flatten(1), 0.95, dim=1)[:, None, None].clamp(min=0.1)


def absorbance(picture: torch.Tensor) -> torch.Tensor:
    return -torch.log((picture / glass_of(picture)).clamp(0.02, 1))


def inside(boxes: np.ndarray, height: int, width: int) -> torch.Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    for x, y, w, h in boxes.round().astype(int):
        mask[max(0, y) : max(0, y + h), max(0, x) : max(0, x + w)] = True
    return mask


def reduced(counts: torch.Tensor) -> torch.Tensor:
    """The grid of one count in every 8 x 8 pixels, 1 where all of them are."""
    return -functional.max_pool2d(-counts[None], STRIDE, ceil_mode=True)[0]


def scene_of_field(field: Field) -> Scene:
    picture = from_bytes(field.image)
    height, width = picture.shape[1:]
    counts = torch.ones(len(KINDS), height, width)
    counts[RED][(absorbance(picture).mean(0) > STAINED) & ~inside(field.boxes, height, width)] = 0
    return Scene(planes(field.image), field.boxes, field.kinds, reduced(counts))


def scene_of_portrait(portrait: Portrait) -> Scene:
    picture = from_bytes(portrait.image)
    height, width = picture.shape[1:]
    absorbed = absorbance(picture)
    cell = inside(portrait.box[None], height, width)
    counts = torch.ones(len(KINDS), height, width)
    counts[RED:, (absorbed.mean(0) > STAINED) & ~cell] = 0
    counts = reduced(counts)
    # Other white cells at the border of the picture are not annotated; the nucleus-like stain of a platelet is small.
    nuclear = functional.avg_pool2d(((absorbed[1] > NUCLEAR) & ~cell).float()[None, None], STRIDE, ceil_mode=True)
    dense = (functional.avg_pool2d(nuclear, 3, 1, 1) > 0.5).float()
    around = functional.max_pool2d(dense, 7, 1, 3)[0, 0] > 0
    counts[WHITE][around & (reduced((~cell).float()[None])[0] > 0)] = 0
    return Scene(planes(portrait.image), portrait.box[None], np.array([WHITE]), counts)


def pooled(scene: Scene, factor: int) -> Scene:
    """The scene at 1 / `factor` of its sampling, by means."""
    smaller = functional.avg_pool2d(scene.picture[None].float(), factor)[0].round().byte()
    return Scene(smaller, scene.boxes / factor, scene.kinds, scene.counts)


def tiled(scenes: list[Scene], columns: int) -> Scene:
    """Scenes of one size side by side, `columns` in a row."""
    height, width = scenes[0].picture.shape[1:]
    rows = len(scenes) // columns
    shifts = [np.array([k % columns * width, k // columns * height, 0, 0], np.float32) for k in range(len(scenes))]

    def grid(maps: list[torch.Tensor]) -> torch.Tensor:
        return torch.cat([torch.cat(maps[r * columns : (r + 1) * columns], 2) for r in range(rows)], 1)

    return Scene(
        grid([s.picture for s in scenes]),
        np.concatenate([s.boxes + shift for s, shift in zip(scenes, shifts, strict=True)]),
        np.concatenate([s.kinds for s in scenes]),
        grid([s.counts for s in scenes]),
    )


def sampled(maps: torch.Tensor, corner: np.ndarray, extent: np.ndarray, side: int, mode: str) -> torch.Tensor:
    """`side` x `side` samples of the part of `maps` [C, H, W] that starts at `corner` (x, y) and is `extent` wide and high,
    in samples; its border is repeated beyond it."""
    size = np.array(maps.shape[:0:-1])
    places = (torch.arange(side) + 0.5) / side
    x, y = ((places * float(e) + float(c)) / float(n) * 2 - 1 for c, e, n in zip(corner, extent, size, strict=True))
    grid = torch.stack(torch.broadcast_tensors(x[None, :], y[:, None]), -1)[None].float()
    return functional.grid_sample(maps[None].float(), grid, mode, "border", align_corners=False)[0]


def cut(scene: Scene, scale: float, side: int, rng: np.random.Generator) -> Scene:
    """A `side` x `side` crop at `scale`, turned by a right angle or mirrored, its counts on the detector's grid; beyond the
    canvas its border is repeated."""
    size = np.array(scene.picture.shape[:0:-1])
    extent = np.array([side / scale] * 2)
    room = size - extent
    corner = np.where(room > 0, rng.uniform(0, 1, 2) * room, room / 2)
    # Only what the crop shows is turned into floating point.
    low = np.clip(np.floor(corner).astype(int) - 1, 0, size - 1)
    high = np.clip(np.ceil(corner + extent).astype(int) + 1, low + 1, size)
    shown = scene.picture[:, low[1] : high[1], low[0] : high[0]]
    picture = sampled(shown, corner - low, extent, side, "bilinear").round().byte()
    grain = np.array(scene.counts.shape[:0:-1]) / size
    counts = sampled(scene.counts, corner * grain, extent * grain, side // STRIDE, "nearest")
    boxes = (scene.boxes - np.array([*corner, 0, 0])) * scale
    return turn(Scene(picture, boxes.astype(np.float32), scene.kinds, counts), int(rng.integers(8)))


def turn(scene: Scene, code: int) -> Scene:
    """One of the eight turns and mirrors of a square scene."""
    side = scene.picture.shape[1]
    picture, counts, boxes = scene.picture, scene.counts, scene.boxes.copy()
    if code & 1:
        picture, counts = picture.flip(2), counts.flip(2)
        boxes[:, 0] = side - boxes[:, 0] - boxes[:, 2]
    if code & 2:
        picture, counts = picture.flip(1), counts.flip(1)
        boxes[:, 1] = side - boxes[:, 1] - boxes[:, 3]
    if code & 4:
        picture, counts = picture.transpose(1, 2), counts.transpose(1, 2)
        boxes = boxes[:, [1, 0, 3, 2]]
    return Scene(picture.contiguous(), boxes, scene.kinds, counts.contiguous())


def clipped(scene: Scene) -> Scene:
    """Boxes end at the border, as in the annotation; cells that are mostly outside leave no target and do not count."""
    height, width = scene.picture.shape[1:]
    low = np.clip(scene.boxes[:, :2], 0, [width, height])
    high = np.clip(scene.boxes[:, :2] + scene.boxes[:, 2:], 0, [width, height])
    share = (high - low).prod(1) / np.maximum(scene.boxes[:, 2:].prod(1), 1e-6)
    boxes = np.concatenate([low, high - low], 1).astype(np.float32)
    counts = scene.counts.clone()
    hardly = (share > 0) & (share < VISIBLE)
    for box, kind in zip(boxes[hardly], scene.kinds[hardly], strict=True):
        counts[kind, inside(box[None] / STRIDE, *counts.shape[1:])] = 0
    kept = (share >= VISIBLE) & (boxes[:, 2:].min(1, initial=1e9) > 4)
    return Scene(scene.picture, boxes[kept], scene.kinds[kept], counts)


def paste(scene: Scene, portrait: Scene, scale: float, rng: np.random.Generator) -> Scene:
    """The portrait's cell laid into the scene with a soft rim, its own glass divided out and the scene's multiplied in.

    Where a white cell is already, nothing is pasted.
    """
    source = torch.exp(-absorbance(portrait.picture / 255))
    x, y, w, h = portrait.boxes[0].round().astype(int)
    cell = source[:, max(0, y) : y + h, max(0, x) : x + w]
    size = [max(12, round(extent * scale)) for extent in cell.shape[1:]]
    height, width = scene.picture.shape[1:]
    if size[0] >= height or size[1] >= width:
        return scene
    top, left = int(rng.integers(0, height - size[0])), int(rng.integers(0, width - size[1]))
    box = np.array([left, top, size[1], size[0]], np.float32)
    centres = scene.boxes[:, :2] + scene.boxes[:, 2:] / 2
    reach = (scene.boxes[:, 2:] + box[2:]) / 2
    crowded = (np.abs(centres - (box[:2] + box[2:] / 2)) < 0.9 * reach).all(1) & (scene.kinds == WHITE)
    if crowded.any():
        return scene
    cell = functional.interpolate(cell[None], size, mode="bilinear", antialias=True)[0]
    rows, columns = (torch.linspace(-1, 1, extent) for extent in size)
    rim = ((1.0 - (rows[:, None] ** 2 + columns**2).sqrt()) / 0.12 + 0.5).clamp(0, 1)
    picture = scene.picture.clone()
    part = picture[:, top : top + size[0], left : left + size[1]]
    under = part.float()
    glass = glass_of(scene.picture.float())
    part.copy_((under + rim * (cell * glass - under)).round())
    hidden = ((centres > box[:2]) & (centres < box[:2] + box[2:])).all(1) & (scene.kinds != WHITE)
    boxes = np.concatenate([scene.boxes[~hidden], box[None]])
    return Scene(picture, boxes, np.append(scene.kinds[~hidden], WHITE), scene.counts)


def empty(side: int, rng: np.random.Generator) -> Scene:
    """Glass, darkness, or noise and clouds without any cell."""
    level = rng.uniform(0, 1, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0, 1))
    picture = torch.from_numpy(level).float()[:, None, None].expand(3, side, side)
    seed = torch.Generator().manual_seed(int(rng.integers(2**31)))
    colours = 3 if rng.random() < 0.5 else 1
    for grain in rng.choice([side, side // 2, side // 8, side // 24, side // 64], 2, replace=False):
        clouds = torch.randn(1, colours, int(grain), int(grain), generator=seed)
        layer = functional.interpolate(clouds, (side, side), mode="bilinear")[0]
        picture = picture + rng.uniform(0, 0.3) ** 2 * 3 * layer
    counts = torch.ones(len(KINDS), side // STRIDE, side // STRIDE)
    return Scene((picture.clamp(0, 1) * 255).byte(), np.zeros((0, 4), np.float32), np.zeros(0, np.int64), counts)


def targets(scene: Scene) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Peaks, counts, boxes and core of an Example. Small cells are drawn last and win where boxes overlap."""
    height, width = (extent // STRIDE for extent in scene.picture.shape[1:])
    rows, columns = (torch.arange(extent) + 0.5 for extent in (height, width))
    peaks, core = torch.zeros(len(KINDS), height, width), torch.zeros(height, width)
    boxes = torch.zeros(4, height, width)
    for k in np.argsort(-scene.boxes[:, 2:].prod(1)):
        x, y, w, h = scene.boxes[k] / STRIDE
        spread = [max(0.6, PEAK_WIDTH * float(extent)) for extent in (w, h)]
        centre = (x + w / 2, y + h / 2)
        # The place nearest to the centre is exactly 1.
        nearest = [min(max(int(c), 0), n - 1) + 0.5 for c, n in zip(centre, (width, height), strict=True)]
        across, down = (columns - nearest[0]) / spread[0], (rows - nearest[1]) / spread[1]
        peak = torch.exp(-0.5 * (across**2 + down[:, None] ** 2))
        peaks[scene.kinds[k]] = torch.maximum(peaks[scene.kinds[k]], peak)
        where = peak >= PEAK_CORE
        core[where] = 1
        boxes[:, where] = torch.from_numpy(scene.boxes[k])[:, None]
    return peaks, torch.maximum(scene.counts, (peaks == 1).float()), boxes, core


class Fields:
    """Draws examples of `side` x `side` pixels."""

    def __init__(
        self, fields: list[Scene], portraits: list[Scene], mix: Mix, stain: StainRange, camera: CameraRange, side: int
    ) -> None:
        self.levels = {factor: [pooled(scene, factor) for scene in fields] for factor in POOLS}
        self.portraits = portraits
        self.mix, self.stain, self.camera, self.side = mix, stain, camera, side

    def draw(self, rng: np.random.Generator) -> Example:
        scene = clipped(self.scene(rng))
        picture = photographed(restain(scene.picture / 255, self.stain, rng), self.camera, rng)
        return Example(to_bytes(picture), *targets(scene))

    def scene(self, rng: np.random.Generator) -> Scene:
        kind = rng.random()
        scale = float(np.exp(rng.uniform(*np.log(self.mix.scale))))
        if kind < self.mix.bccd:
            scene = self.crop(self.levels[pool_for(scale)], scale * pool_for(scale), rng)
            if self.portraits and rng.random() < self.mix.pasted:
                portrait = self.portraits[rng.integers(len(self.portraits))]
                scene = paste(scene, portrait, scale / self.mix.magnification * rng.uniform(0.8, 1.25), rng)
            return scene
        if kind < self.mix.bccd + self.mix.pbc:
            scale /= self.mix.magnification
            pool = pool_for(scale)
            chosen = [self.portraits[k] for k in rng.integers(len(self.portraits), size=MOST_TILES**2)]
            return self.crop([pooled(scene, pool) for scene in chosen], scale * pool, rng)
        return empty(self.side, rng)

    def crop(self, scenes: list[Scene], scale: float, rng: np.random.Generator) -> Scene:
        """A crop from a canvas of as many pictures of one size as fill it."""
        first = scenes[rng.integers(len(scenes))]
        rows, columns = (tiles(scale, extent, self.side) for extent in first.picture.shape[1:])
        alike = [scene for scene in scenes if scene.picture.shape == first.picture.shape]
        others = [alike[rng.integers(len(alike))] for _ in range(rows * columns - 1)]
        return cut(tiled([first, *others], columns), scale, self.side, rng)


def pool_for(scale: float) -> int:
    """Reduction by means before the last, bilinear one."""
    return max((factor for factor in POOLS if factor * scale <= 1.1), default=1)


def tiles(scale: float, extent: int, side: int) -> int:
    """Pictures of `extent` samples side by side that cover most of a crop; the rest is repeated border."""
    return min(MOST_TILES, max(1, round(side / (scale * extent))))
