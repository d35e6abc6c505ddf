"""The section `images`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.phantom import Phantom
from pipeline.config.settings import OnceEach, Positive, Settings, UserPath
from pipeline.config.simulated_survey import FILTERS, SimulatedSurvey
from pipeline.config.volumes import Volumes
from pipeline.config.width import WidthField

NoiseKind = Literal["sigma", "variance", "weight"]

_USUAL_KINDS: dict[str, NoiseKind] = {"ERR": "sigma", "SIGMA": "sigma", "VAR": "variance", "IVAR": "weight"}
"""What extensions hold whose names leave no doubt."""


class Images(Settings):
    """Where the images come from and how their files are read."""

    dataset: Literal["hubble", "folder", "simulated_survey", "head_phantom", "mni152", "volumes"] = Field(
        "hubble",
        description="hubble: the eXtreme Deep Field image that scikit-image ships; folder: your own files; "
        "simulated_survey: stars, galaxies and quasars that are made, see images.survey; "
        "head_phantom: slices in HU of heads that are drawn, see images.phantom; "
        "mni152: the average head in T1 that nilearn ships; "
        "volumes: slices of your own DICOM series or NIfTI files, see images.volumes.",
    )
    path: UserPath | None = Field(
        None,
        description="folder: pattern of the files, such as data/{id}/{id}-{band}.fits; {id} names an image, {band} a "
        "band. volumes: data/{id}.nii.gz, or data/{id} for folders with a DICOM series each.",
    )
    survey: SimulatedSurvey = Field(
        default_factory=lambda: SimulatedSurvey(), description="simulated_survey: what is made."
    )
    phantom: Phantom = Field(default_factory=lambda: Phantom(), description="head_phantom: what is drawn.")
    volumes: Volumes = Field(
        default_factory=lambda: Volumes(), description="volumes: which slices, and who is behind them."
    )
    bands: Annotated[list[str], OnceEach] | None = Field(
        None, description="Names of the bands, in order; required where the pattern holds {band}."
    )
    groups: UserPath | None = Field(
        None, description="Table (CSV with columns id, group); images of one group stay on one side of every split."
    )
    science: str | int | None = Field(
        None, description="FITS extension (name or number) of the values; by default the first with an image."
    )
    noise: str | int | None = Field(
        None,
        description="FITS extension of a noise map; by default none. It masks pixels that have no noise or weight "
        "above 0, and goes with the image; the noise that degrade.noise.ratio multiplies is measured on the image.",
    )
    noise_kind: NoiseKind | None = Field(
        None,
        description="What the noise map holds: standard deviation, variance, or weight (inverse variance). By default "
        "sigma for ERR and SIGMA, variance for VAR, weight for IVAR; of any other extension it must be said, since WHT "
        "may be an exposure time.",
    )
    mask: str | int | None = Field(None, description="FITS extension of a data-quality map; by default none.")
    mask_bits: int | None = Field(
        None, ge=1, description="Bits of the data-quality map that make a pixel untrustworthy; by default any."
    )
    unit: str | None = Field(
        None,
        description="Unit of the values where the file names none (BUNIT); `display` for images stretched for the eye.",
    )
    pixel_scale: Positive | None = Field(None, description="Width of a pixel in arcsec where the file has no WCS.")
    pixel_mm: Positive | None = Field(None, description="Width of a pixel in mm, of slices whose files do not say it.")
    psf_fwhm: WidthField | None = Field(
        None, description="FWHM of the PSF that the images have already; needed for degrade.psf.fwhm_final."
    )
    background: Literal["none", "constant", "mesh", "air"] = Field(
        "none",
        description="What is taken off before anything else, and given back in results: nothing, a level per band, a "
        "smooth mesh; or, of images in HU, the -1000 HU of air, so that values are counted from it.",
    )
    background_box: int = Field(64, ge=8, description="Width in px of the boxes of the background mesh.")
    smallest: int = Field(64, ge=8, description="Smallest height and width in px that is taken.")
    small_images: Literal["refuse", "pad"] = Field(
        "refuse", description="What happens to an image below the smallest size: refuse, or pad with a mask."
    )

    @model_validator(mode="after")
    def _noise_is_of_some_kind(self) -> Images:
        if self.noise is not None and self.kind_of_noise is None:
            usual = ", ".join(_USUAL_KINDS)
            raise ValueError(
                f"noise_kind: missing; sigma, variance or weight is needed where images.noise is {self.noise!r} "
                f"and not {usual}"
            )
        return self

    @property
    def kind_of_noise(self) -> NoiseKind | None:
        """What the noise map holds: as the study says, or else as the extension's name does; None if neither does."""
        return self.noise_kind or _USUAL_KINDS.get(str(self.noise).partition(",")[0].strip().upper())

    @model_validator(mode="after")
    def _pattern_and_bands_agree(self) -> Images:
        if self.dataset in ("folder", "volumes"):
            if self.path is None:
                raise ValueError(
                    f"path: missing; the dataset `{self.dataset}` needs a pattern such as data/{{id}}.fits"
                )
            unknown = [name for name in re.findall(r"\{(\w*)\}", self.path) if name not in ("id", "band")]
            if unknown:
                raise ValueError(f"path: {{{unknown[0]}}} in {self.path!r} stands for nothing; {{id}} and {{band}} do")
            if "{id}" not in self.path:
                raise ValueError(f"path: {self.path!r} holds no {{id}}; a pattern such as data/{{id}}.fits is needed")
            if "{band}" in self.path and not self.bands:
                raise ValueError("bands: missing; the pattern holds {band}, so the bands must be named")
        elif self.path is not None:
            raise ValueError(f"path: {self.path!r} would not be read; set dataset: folder beside it")
        return self

    @model_validator(mode="after")
    def _volumes_are_read(self) -> Images:
        if self.dataset not in ("volumes", "mni152") and self.volumes != Volumes():
            raise ValueError("volumes: would not be read; set dataset: volumes beside it")
        if self.dataset == "volumes" and "{band}" in (self.path or ""):
            raise ValueError("path: {band} stands for nothing in a volume's name; leave it out")
        return self

    @model_validator(mode="after")
    def _phantom_is_read(self) -> Images:
        if self.dataset != "head_phantom" and self.phantom != Phantom():
            raise ValueError("phantom: would not be read; set dataset: head_phantom beside it")
        return self

    @model_validator(mode="after")
    def _survey_and_bands_agree(self) -> Images:
        if self.dataset != "simulated_survey":
            if self.survey != SimulatedSurvey():
                raise ValueError("survey: would not be read; set dataset: simulated_survey beside it")
            return self
        filters = FILTERS[self.survey.preset]
        unknown = [band for band in self.bands or [] if band not in filters]
        if unknown:
            raise ValueError(f"bands: {unknown[0]!r} is no filter of {self.survey.preset}; it has {', '.join(filters)}")
        if self.bands == []:
            raise ValueError(f"bands: at least one of {', '.join(filters)} is needed; or leave bands out")
        return self
