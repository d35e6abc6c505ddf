"""The section `degrade`: the PSF, the noise, the defects, and what they are combined to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.ct import Ct
from pipeline.config.defects import Defects
from pipeline.config.mri import Mri
from pipeline.config.names import CONDITION_NAME
from pipeline.config.scan import Scan
from pipeline.config.settings import NotNegative, Positive, Settings, UserPath
from pipeline.config.width import WidthField, parse_width

WIDEST = 32
"""Full width at half maximum in px of the widest PSF that is drawn; a test holds it equal to that of `physics`."""


class Psf(Settings):
    """How the instrument spreads the light of a point."""

    profile: Literal["gaussian", "moffat", "kolmogorov", "airy", "file"] = Field(
        "gaussian", description="Shape of the PSF that is added."
    )
    fwhm: list[WidthField] | None = Field(
        None,
        min_length=1,
        description="Full widths at half maximum that are added, one condition each: 3px, or 1.4as for arcsec.",
    )
    fwhm_final: list[WidthField] | None = Field(
        None,
        min_length=1,
        description="Instead of fwhm: widths that images have afterwards, where images.psf_fwhm is known. Their own "
        "PSF is taken to have the profile of the one that is added.",
    )
    beta: float = Field(2.5, gt=1.1, allow_inf_nan=False, description="Slope of a Moffat profile.")
    obscuration: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Share of an Airy profile's aperture diameter that is hidden by the secondary mirror.",
    )
    file: UserPath | None = Field(
        None,
        description="file: FITS image of the PSF, one stamp or a cube with one per band, named by BAND1, BAND2, ... or "
        "in the order of images.bands.",
    )
    file_scale: Positive | None = Field(
        None, description="file: width of the stamp's pixels in arcsec, in place of what its header says."
    )

    @model_validator(mode="after")
    def _one_width(self) -> Psf:
        if self.profile == "file":
            if self.file is None or self.fwhm or self.fwhm_final:
                raise ValueError("file: the profile `file` needs the path of a FITS image, and no fwhm")
        elif (self.fwhm is None) == (self.fwhm_final is None):
            raise ValueError("fwhm: either fwhm or fwhm_final is needed, such as [3px, 4px]")
        for width in map(parse_width, self.fwhm or []):
            if width.unit == "px" and width.value > WIDEST:
                raise ValueError(f"fwhm: {width} is too wide; {WIDEST}px are allowed at most")
        return self

    @model_validator(mode="after")
    def _nothing_is_unread(self) -> Psf:
        needs = {"file": "file", "file_scale": "file", "beta": "moffat", "obscuration": "airy"}
        for name, profile in needs.items():
            if self.profile != profile:
                self.refuse_unread(name, because=f"with profile: {self.profile}", instead=f"set profile: {profile}")
        return self


class Noise(Settings):
    """What the detector adds."""

    kind: Literal["gaussian", "poisson"] = Field(
        "gaussian", description="gaussian: white noise; poisson: photons with read-out noise."
    )
    sigma: list[NotNegative] | None = Field(
        None, min_length=1, description="gaussian: standard deviations in the unit of the image, one condition each."
    )
    ratio: list[Annotated[float, Field(ge=1, allow_inf_nan=False)]] | None = Field(
        None,
        min_length=1,
        description="gaussian, instead of sigma: noise afterwards as a multiple of the image's own sky noise.",
    )
    gain: list[Positive] | None = Field(
        None, min_length=1, description="poisson: electrons per unit of the image, one condition each."
    )
    read_noise: NotNegative = Field(0.0, description="poisson: standard deviation of the read-out in electrons.")
    sky: NotNegative = Field(
        0.0,
        description="poisson: level of a sky that the files lack already, in the unit of the image; what "
        "images.background takes off counts by itself.",
    )

    @model_validator(mode="after")
    def _levels_fit_the_kind(self) -> Noise:
        if self.kind == "poisson" and (self.gain is None or self.sigma or self.ratio):
            raise ValueError("gain: `poisson` needs a list of gains, and neither sigma nor ratio")
        if self.kind == "gaussian" and ((self.sigma is None) == (self.ratio is None) or self.gain):
            raise ValueError("sigma: `gaussian` needs either sigma or ratio, and no gain, such as sigma: [0.05]")
        if self.kind == "gaussian":
            self.refuse_unread("read_noise", "sky", because="with kind: gaussian", instead="set kind: poisson")
        return self


class Degrade(Settings):
    """What the instrument does to the images: every PSF with every noise level is a condition."""

    protocol: Literal["physical", "galaxygan"] = Field(
        "physical",
        description="physical: values are never clipped and noise is independent per band; galaxygan: as Schawinski "
        "et al. 2017 did it.",
    )
    psf: Psf = Field(default_factory=lambda: Psf(fwhm=["3px", "4px"]), description="The point-spread function.")
    noise: Noise = Field(default_factory=lambda: Noise(sigma=[0.05]), description="The noise.")
    defects: Defects = Field(
        default_factory=lambda: Defects(),
        description="What the detector loses, by one law under every condition. Lost pixels are masked in the data, "
        "networks learn to repair them, and scores are given inside and outside them.",
    )
    ct: Ct | None = Field(
        None, description="Computed tomography in place of psf and noise, on slices in HU: fewer photons, fewer views."
    )
    mri: Mri | None = Field(
        None, description="Magnetic resonance in place of psf and noise, on magnitudes: fewer lines of k-space, noise."
    )
    names: list[Annotated[str, Field(pattern=CONDITION_NAME)]] | None = Field(
        None,
        description="Names of the conditions, PSF outside, noise inside; by default made of the values, such as "
        "fwhm3px_sigma0.05 or dose0.25_views180.",
    )

    @model_validator(mode="after")
    def _noise_fits_the_protocol(self) -> Degrade:
        if self.protocol == "galaxygan" and self.noise.kind != "gaussian":
            raise ValueError("noise.kind: the protocol galaxygan adds gaussian noise, given as sigma or ratio")
        return self

    @model_validator(mode="after")
    def _one_instrument(self) -> Degrade:
        if self.ct and self.mri:
            raise ValueError("mri: there is one instrument, and `ct` names another; leave one of them out")
        if self.scan is not None:
            for name in ("psf", "noise", "defects", "protocol"):
                usual = type(self).model_fields[name].get_default(call_default_factory=True)
                if getattr(self, name) != usual:
                    raise ValueError(f"{name}: is not read where a scanner is the instrument; leave it out")
        return self

    @property
    def scan(self) -> Scan | None:
        """The scanner that takes the place of a PSF and a noise, if one does."""
        return self.ct or self.mri
