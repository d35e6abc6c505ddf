"""The section `degrade.defects`: what of the detector is lost, none of it by default."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, model_validator

from pipeline.config.settings import NotNegative, Positive, Settings


class Defects(Settings):
    """Pixels that are lost: they are damaged in the data, and masked there for all that restores."""

    cosmic_rays: NotNegative = Field(
        0.0,
        description="Tracks of cosmic rays per megapixel, in each band its own, since bands are exposures of their "
        "own; 1000 s of Hubble's ACS leave about 2000 (2% of its pixels).",
    )
    cosmic_ray_length: Positive = Field(
        2.0,
        le=100,
        description="Median length of a track in px, which is how thick the detector is: 1 to 2 for Hubble's CCDs, 10 "
        "to 17 for the thick ones of ground-based surveys. A tenth of the tracks are three times as long and more.",
    )
    cosmic_ray_width: Positive = Field(
        1.5, le=20, description="Width of a track in px: its charge spreads before it is read out."
    )
    bad_columns: float = Field(
        0.0, ge=0, lt=1, description="Share of the columns that are dead, the same in all bands."
    )
    gap: int = Field(
        0,
        ge=0,
        description="Height in px of the gap between two chips, across the whole image and the same in all bands; 0 is "
        "none.",
    )
    saturation: Positive | None = Field(
        None,
        description="Level in the unit of the image at which a pixel is full, in each band by its own light; by "
        "default none.",
    )
    bleeding: bool = Field(
        False, description="Charge beyond the level of saturation flows along the column, as in a CCD."
    )

    @model_validator(mode="after")
    def _nothing_is_unread(self) -> Defects:
        if not self.cosmic_rays:
            shape = ("cosmic_ray_length", "cosmic_ray_width")
            self.refuse_unread(*shape, because="without cosmic rays", instead="set cosmic_rays")
        if self.saturation is None:
            self.refuse_unread("bleeding", because="without saturation", instead="set saturation")
        return self

    @property
    def any(self) -> bool:
        """Whether anything is lost at all."""
        return bool(self.cosmic_rays or self.bad_columns or self.gap or self.saturation is not None)

    def in_words(self) -> str:
        """What is lost, in a few words; empty where nothing is."""
        return ", ".join(self._kinds())

    def _kinds(self) -> Iterator[str]:
        if self.cosmic_rays:
            length, width = self.cosmic_ray_length, self.cosmic_ray_width
            yield f"{self.cosmic_rays:g} cosmic rays per megapixel ({length:g} x {width:g} px)"
        if self.bad_columns:
            yield f"{100 * self.bad_columns:g}% bad columns"
        if self.gap:
            yield f"a gap of {self.gap} px"
        if self.saturation is not None:
            yield f"saturation at {self.saturation:g}{' with bleeding' if self.bleeding else ''}"
