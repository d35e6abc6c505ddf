"""The section `evaluate`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.settings import OnceEach, Positive, Settings
from pipeline.config.tissue import Lesion, Tissue


class Evaluate(Settings):
    """How restored images are judged."""

    spaces: Annotated[list[Literal["linear", "asinh", "galaxygan"]], OnceEach] = Field(
        ["linear"], min_length=1, description="Scalings in which PSNR, SSIM and MAE are taken."
    )
    apertures: Annotated[list[Positive], OnceEach] = Field(
        [3.0, 6.0], min_length=1, description="Radii in px of the apertures around sources of the truth."
    )
    detection: Positive = Field(5.0, description="Sources are peaks of the truth above this many sigmas of its sky.")
    bootstrap: int = Field(2000, ge=100, description="Resamplings behind every interval.")
    classifiers: bool = Field(
        True,
        description="Let two classifiers, a weak and a strong one, and a kernel distance tell restored from real "
        "patches: a quarter of a minute per condition.",
    )
    shapes: bool = Field(
        False,
        description="Measure every source of the truth as an astronomer would (flux, colour, place, size, shear, "
        "morphology, completeness), against the signal-to-noise of the observation: seconds to a minute per condition "
        "and method.",
    )
    tissue: Tissue | None = Field(
        None,
        description="Judge slices through a body by tissue, in place of sources: {} for the body as a whole.",
    )

    @property
    def lesion(self) -> Lesion | None:
        """Lesions that are put into slices, if any."""
        return self.tissue.lesion if self.tissue else None
