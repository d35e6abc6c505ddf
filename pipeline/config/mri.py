"""The section `degrade.mri`: magnetic resonance with fewer lines of k-space, and noise."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from pipeline.config.scan import Scan
from pipeline.config.settings import NotNegative, OnceEach, Positive, Settings


class HeadMotion(Settings):
    """How a head moves while it is scanned: it lies still during a shot, and elsewhere at the next."""

    shots: int = Field(8, ge=2, description="Runs of neighbouring lines that are each taken at once.")
    degrees: NotNegative = Field(1.0, description="Standard deviation of the turn between shots, in degrees.")
    pixels: NotNegative = Field(0.5, description="Standard deviation of each shift between shots, in px.")


class Mri(Scan):
    """A scanner that takes lines of k-space along the width of a slice, each with complex noise."""

    axes: ClassVar[dict[str, str]] = {"acceleration": "acceleration {:g}", "sigma": "noise σ {:g}"}

    acceleration: Annotated[list[Annotated[float, Field(ge=1, le=64)]], OnceEach] = Field(
        [4.0], min_length=1, description="Lines that the slice has over lines that are taken, one condition each."
    )
    sigma: Annotated[list[Positive], OnceEach] = Field(
        ...,
        min_length=1,
        description="Standard deviations of the noise of the real and of the imaginary part of a fully sampled image, "
        "in the unit of the images, one condition each.",
    )
    sampling: Literal["central", "random", "uniform"] = Field(
        "random",
        description="Which lines: central (a coarser image), random (ever fewer farther out), uniform (every n-th).",
    )
    calibration: int = Field(
        16, ge=0, description="random, uniform: lines about the middle that are all taken; they count as taken."
    )
    readout: float = Field(1.0, gt=0, le=1, description="Share of each line about its middle that is read out.")
    coils: int = Field(1, ge=1, le=64, description="Receiving coils around the slice, whose maps are known.")
    phase: NotNegative = Field(
        1.0, description="Strength in radians of the smooth phase that magnitude images are given first."
    )
    bias: float = Field(
        0.0, ge=0, lt=1, description="Strength of the coils' shading of the slice, as a share; it is known."
    )

    motion: HeadMotion | None = Field(
        None,
        description="Motion that nobody knows of: data are of a head that moved, and methods take it for one that lay "
        "still. By default it does.",
    )

    @model_validator(mode="after")
    def _every_nth_line(self) -> Mri:
        if self.sampling == "uniform" and any(value != int(value) for value in self.acceleration):
            raise ValueError("acceleration: uniform takes every n-th line; whole numbers are needed, such as [2, 4]")
        return self

    def undegraded(self) -> Mri:
        """All of every line, with the least noise."""
        return self.model_copy(update={"acceleration": [1.0], "sigma": [min(self.sigma)], "readout": 1.0})
