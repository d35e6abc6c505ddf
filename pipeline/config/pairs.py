"""The section `pairs`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from pipeline.config.degrade import Degrade, Psf
from pipeline.config.images import Images, NoiseKind
from pipeline.config.names import CONDITION_NAME
from pipeline.config.settings import Settings, UserPath

_LIKE_IMAGES = ("science", "noise", "noise_kind", "mask", "mask_bits", "unit")


class BlurredFiles(Settings):
    """How the files of the blurred images are read; each setting is that of `images` of the same name."""

    science: str | int | None = Field(None, description="FITS extension of the values.")
    noise: str | int | None = Field(
        None, description="FITS extension of a noise map; without one the noise is that of the image's empty sky."
    )
    noise_kind: NoiseKind | None = Field(None, description="What the noise map holds.")
    mask: str | int | None = Field(None, description="FITS extension of a data-quality map.")
    mask_bits: int | None = Field(None, ge=1, description="Bits of it that make a pixel untrustworthy.")
    unit: str | None = Field(None, description="Unit where the file names none; it need not be that of the sharp ones.")

    @model_validator(mode="after")
    def _can_be_read_by(self) -> BlurredFiles:
        try:
            _ = self.as_images
        except ValidationError as error:
            words = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(words.replace("images.", "pairs.blurred_files.")) from None
        return self

    @property
    def as_images(self) -> Images:
        """The same for whoever reads an image."""
        return Images(dataset="folder", path="{id}", smallest=8, **{name: getattr(self, name) for name in _LIKE_IMAGES})


class Pairs(Settings):
    """Real data in place of degraded ones: a blurred image of another instrument for each sharp one."""

    sharp: UserPath = Field(description="Pattern of the sharp images, the truth, such as hst/{id}.fits.")
    blurred: UserPath = Field(description="Pattern of the blurred ones, such as ground/{id}.fits, of the same ids.")
    name: Annotated[str, Field(pattern=CONDITION_NAME)] = Field("pairs", description="Name of the condition.")
    register_by: Literal["wcs", "affine", "none"] = Field(
        "wcs",
        description="How the blurred image comes onto the sharp one's pixels: by both headers' WCS, by a table of "
        "affine transforms, or not at all, since it is there already.",
    )
    affine: UserPath | None = Field(
        None,
        description="affine: CSV with columns id, yy, yx, y0, xy, xx, x0: the place in the blurred image of a pixel of "
        "the sharp one, row = yy row + yx column + y0, column = xy row + xx column + x0, counted from 0.",
    )
    psf: Psf | None = Field(
        None,
        description="What blurs the sharp images to the blurred ones, as in degrade.psf, with one width: where the "
        "sharp ones are much sharper, the PSF that stars have in the blurred ones.",
    )
    stamps: UserPath | None = Field(
        None,
        description="Instead, a PSF for each place of the blurred image: a CSV with columns x, y (px, counted from 1) "
        "and file, a FITS stamp beside it, or a model by PSFEx (.psf; with several bands, {band} in the name).",
    )
    blurred_files: BlurredFiles = Field(
        default_factory=lambda: BlurredFiles(), description="How the blurred images' files are read."
    )

    @model_validator(mode="after")
    def _parts_agree(self) -> Pairs:
        if (self.psf is None) == (self.stamps is None):
            raise ValueError("psf: either psf or stamps is needed, such as psf: {profile: moffat, fwhm: [0.7as]}")
        if self.psf is not None and len(self.psf.fwhm or self.psf.fwhm_final or [""]) > 1:
            raise ValueError("psf.fwhm: the pairs have one PSF; give one width, or stamps")
        if (self.affine is not None) != (self.register_by == "affine"):
            raise ValueError("affine: a table is needed with register_by: affine, and with nothing else")
        for name in ("sharp", "blurred"):
            if "{id}" not in getattr(self, name) or set(re.findall(r"\{(\w*)\}", getattr(self, name))) - {"id", "band"}:
                raise ValueError(
                    f"{name}: {getattr(self, name)!r}; a pattern with {{id}} is needed, such as hst/{{id}}.fits"
                )
        return self


def with_pairs(values: dict[str, Any]) -> dict[str, Any]:
    """A study's settings, those filled in that its pairs stand for: the dataset, and the instrument.

    Raises
    ------
    ValueError
        If the study names another dataset or an instrument beside its pairs.
    """
    pairs = Pairs.model_validate(values["pairs"])
    images = dict(values.get("images") or {})
    if images.get("path") not in (None, pairs.sharp) or images.get("dataset") not in (None, "folder"):
        raise ValueError("images.path: pairs.sharp says where the images are; leave images.dataset and images.path out")
    psf = pairs.psf or Psf(profile="file", file=pairs.stamps)
    # No level of noise: that is measured on the blurred images.
    instrument = Degrade.model_validate(
        {"psf": psf.model_dump(exclude_none=True), "noise": {"sigma": [0.0]}, "names": [pairs.name]}
    )
    given = values.get("degrade")
    if given and Degrade.model_validate(given) != instrument:
        raise ValueError("degrade: pairs stand in its place; leave it out, and give the PSF as pairs.psf")
    filled = {"images": images | {"dataset": "folder", "path": pairs.sharp}, "degrade": instrument.model_dump()}
    return values | filled
