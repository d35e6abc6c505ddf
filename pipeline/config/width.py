"""Widths on the sky or on the detector, and numbers as they stand in names."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field

from pipeline.config.settings import ConfigError


class Width(NamedTuple):
    """A width on the sky or on the detector, such as ``3px`` or ``1.4as``."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{plain_number(self.value)}{self.unit}"

    def in_pixels(self, pixel_scale: float | None) -> float:
        """The width in px of an image whose pixels are ``pixel_scale`` arcsec wide.

        Raises
        ------
        ConfigError
            If the width is in arcsec and the pixel scale is not known.
        """
        if self.unit == "px":
            return self.value
        if pixel_scale is None:
            raise ConfigError(
                f"a width of {self} needs the pixel scale, which the image does not give: set images.pixel_scale"
            )
        return self.value / pixel_scale


def plain_number(value: float) -> str:
    """A number in full and without an exponent, as it stands in names of conditions: 3, 0.05, 0.0000001."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_width(text: Any) -> Width:
    """Read ``3px`` or ``1.4as`` (arcsec).

    Raises
    ------
    ValueError
        If the text is no width above 0.
    """
    if isinstance(text, Width):
        return text
    number = r"[0-9]+\.?[0-9]*|\.[0-9]+"
    match = (
        re.fullmatch(rf"\s*((?:{number})(?:[eE][+-]?[0-9]+)?)\s*(px|as)\s*", text, re.ASCII)
        if isinstance(text, str)
        else None
    )
    if match is None or not 0 < float(match[1]) < float("inf"):
        raise ValueError("a width in pixels or arcsec above 0 is needed, such as 3px or 1.4as")
    return Width(float(match[1]), match[2])


WidthField = Annotated[
    str,
    BeforeValidator(lambda text: str(parse_width(text))),
    Field(json_schema_extra={"pattern": "^[0-9.eE+-]+ ?(px|as)$"}),
]
