"""Where the samples of the large networks lie: as in `networks.py`, sample `k` of the input on sample `2 k` of the output."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Grid:
    """`unshuffle`: grid of a network's body in input pixels, a power of 2. One frame in, twice the samples out."""

    frames: ClassVar[int] = 1
    upscale: ClassVar[int] = 2
    unshuffle: int = 1

    @property
    def step(self) -> int:
        """Height and width must be multiples of this many input pixels."""
        return self.unshuffle

    @property
    def doublings(self) -> int:
        """From the body's grid to the output's."""
        return (self.unshuffle * self.upscale).bit_length() - 1
