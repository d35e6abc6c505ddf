"""The section `images`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.settings import OnceEach, Positive, Settings, UserPath
from pipeline.config.width import WidthField


class Images(Settings):
    """Where the images come from and how their files are read."""

    dataset: Literal["hubble", "folder"] = Field(
        "hubble", description="hubble: the eXtreme Deep Field image that scikit-image ships; folder: your own files."
    )
    path: UserPath | None = Field(
        None,
        description="folder: pattern of the files, such as data/{id}/{id}-{band}.fits; {id} names an image, {band} a "
        "band.",
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
    noise: str | int | None = Field(None, description="FITS extension of a noise map; by default none.")
    noise_kind: Literal["sigma", "variance", "weight"] = Field(
        "sigma", description="What the noise map holds: standard deviation, variance, or weight (inverse variance)."
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
    psf_fwhm: WidthField | None = Field(
        None, description="FWHM of the PSF that the images have already; needed for degrade.psf.fwhm_final."
    )
    background: Literal["none", "constant", "mesh"] = Field(
        "none",
        description="What is taken off before anything else, and given back in results: nothing, a level per band, a "
        "smooth mesh.",
    )
    background_box: int = Field(64, ge=8, description="Width in px of the boxes of the background mesh.")
    smallest: int = Field(64, ge=8, description="Smallest height and width in px that is taken.")
    small_images: Literal["refuse", "pad"] = Field(
        "refuse", description="What happens to an image below the smallest size: refuse, or pad with a mask."
    )

    @model_validator(mode="after")
    def _pattern_and_bands_agree(self) -> Images:
        if self.dataset == "folder":
            if self.path is None:
                raise ValueError("path: missing; the dataset `folder` needs a pattern such as data/{id}.fits")
            if "{id}" not in self.path:
                raise ValueError(f"path: {self.path!r} holds no {{id}}; a pattern such as data/{{id}}.fits is needed")
            if "{band}" in self.path and not self.bands:
                raise ValueError("bands: missing; the pattern holds {band}, so the bands must be named")
        elif self.path is not None:
            raise ValueError(f"path: {self.path!r} would not be read; set dataset: folder beside it")
        return self
