"""The section `degrade.ct`: computed tomography with less dose and fewer views."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from pipeline.config.scan import Scan
from pipeline.config.settings import NotNegative, OnceEach, Positive

MOST_VIEWS = 4096


class Ct(Scan):
    """A scanner with parallel beams: photons are counted in every bin of every view."""

    axes: ClassVar[dict[str, str]] = {"dose": "dose × {:g}", "views": "{:g} views"}

    dose: Annotated[list[Positive], OnceEach] = Field(
        [0.25], min_length=1, description="Shares of the full dose, one condition each."
    )
    views: Annotated[list[Annotated[int, Field(ge=8, le=MOST_VIEWS)]], OnceEach] = Field(
        [180], min_length=1, description="Views over 180 degrees, one condition each."
    )
    photons: Positive = Field(1e5, description="Photons that reach a bin through air at the full dose.")
    electronic: NotNegative = Field(10.0, description="Standard deviation of the noise of the electronics, in photons.")
    noisy_source: bool = Field(
        True,
        description="Whether the images were themselves taken at the full dose and have its noise; false for drawings.",
    )

    def undegraded(self) -> Ct:
        """The full dose, and the most views."""
        return self.model_copy(update={"dose": [1.0], "views": [max(self.views)]})
