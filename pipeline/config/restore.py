"""The section `restore`."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.settings import Settings


class Restore(Settings):
    """How large images are restored."""

    tile: int = Field(
        512,
        ge=32,
        description="Width in px of the tiles that a network restores at a time; memory grows with it, results do "
        "not depend on it.",
    )
    data_consistency: bool = Field(
        True,
        description="Where data contradict a network's image by more than 5 sigma (light that is brighter than any it "
        "was trained on, or a source that it invented), it is moved, as little as possible, to explain them. "
        "Of a scanner, all data of a slice are asked together, by their chi-square.",
    )
