"""The section `evaluate.tissue`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.config.names import NAME
from pipeline.config.settings import OnceEach, Positive, Settings


def _ascending(values: tuple[float, float]) -> tuple[float, float]:
    if not values[0] < values[1]:
        raise ValueError(f"{values[0]:g} to {values[1]:g} holds no value; the lower end comes first")
    return values


Ends = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Lesion(Settings):
    """Round lesions that are put into held-out slices before these are scanned, for a model observer to look for."""

    diameter_mm: Positive = Field(5.0, description="Diameter in mm.")
    contrasts: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], OnceEach] = Field(
        [20.0], min_length=1, description="What a lesion adds, in the unit of the images; all are tried in turn."
    )
    inside: Ends = Field(..., description="Least and greatest value of the tissue that they lie in.")
    most: int = Field(4, ge=1, description="Lesions in a slice at most; fewer where there is no room.")

    @model_validator(mode="after")
    def _can_be_seen(self) -> Lesion:
        if 0 in self.contrasts:
            raise ValueError("contrasts: a lesion that adds 0 is none; take 20, or -20 for a dark one")
        return self


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
    lesion: Lesion | None = Field(
        None,
        description="Lesions by which it is judged how well a reader sees: diameter_mm, contrasts, inside, most. By "
        "default there are none.",
    )
