"""The section `evaluate.tissue`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.config.names import NAME
from pipeline.config.settings import Settings


def _ascending(values: tuple[float, float]) -> tuple[float, float]:
    if not values[0] < values[1]:
        raise ValueError(f"{values[0]:g} to {values[1]:g} holds no value; the lower end comes first")
    return values


Ends = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Tissue(Settings):
    """How slices through a body are judged and shown, in place of sources of light. Values are those of the files."""

    window: Ends | None = Field(
        None,
        description="Values that are shown black and white, and to which images are clipped for a score of their own: "
        "[0, 80] for a brain in HU.",
    )
    regions: dict[Annotated[str, Field(pattern=NAME)], Ends] = Field(
        default_factory=dict,
        description="Parts of the body by the values of their truth, such as brain: [15, 60]: the mean error of each "
        "is given, a pixel and more from its border.",
    )
