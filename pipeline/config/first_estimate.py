"""The section `train.first_estimate`: what networks of scanners go on from."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.settings import Positive, Settings


class FirstEstimate(Settings):
    """A few iterations of total variation of a scan's data, which networks are given in place of a filtered slice."""

    iterations: int = Field(
        4,
        ge=0,
        le=200,
        description="0 for the filter, which is quicker and leaves noise and aliasing to the network: 1 dB and more, "
        "in a training of a few minutes.",
    )
    weight: Positive = Field(
        0.3,
        description="Of the total variation, as that of the method reconstruction. With few iterations twice as much "
        "serves tomograms better, and less serves k-space of which lines are missing.",
    )
