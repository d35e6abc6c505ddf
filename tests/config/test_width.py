import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import ConfigError, Width, parse_width, plain_number

above_zero = st.floats(0, exclude_min=True, allow_infinity=False)


@given(value=above_zero, unit=st.sampled_from(["px", "as"]), blanks=st.sampled_from(["", " ", "  "]))
def test_a_width_that_is_written_out_is_read_back(value, unit, blanks):
    assert parse_width(f"{blanks}{value!r}{blanks}{unit}{blanks}") == Width(value, unit)
    assert parse_width(str(Width(value, unit))) == Width(value, unit)


@given(st.text(max_size=8) | st.from_regex(r"[0-9.eE+-]{0,6}(px|as|pt|)", fullmatch=True) | st.integers() | st.none())
def test_whatever_is_no_width_is_refused_in_words(text):
    if re.fullmatch(r"\s*[0-9.]+([eE][+-]?[0-9]+)?\s*(px|as)\s*", str(text)) and re.search("[1-9].*(px|as)", str(text)):
        return
    with pytest.raises(ValueError, match=r"such as 3px or 1\.4as"):
        parse_width(text)


@pytest.mark.parametrize(
    "text", ["0px", "-1px", "infpx", "nanpx", "1e999px", "1e-999as", "3", "px", "3 pixels", "3PX", 3]
)
def test_these_are_no_widths(text):
    with pytest.raises(ValueError, match="a width in pixels or arcsec above 0"):
        parse_width(text)


def test_a_width_in_arcsec_needs_a_pixel_scale():
    assert Width(1.4, "as").in_pixels(0.396) == pytest.approx(3.5354, rel=1e-4)
    assert Width(3, "px").in_pixels(None) == 3
    with pytest.raises(ConfigError, match=r"a width of 1\.4as needs the pixel scale"):
        Width(1.4, "as").in_pixels(None)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_has_no_exponent_and_loses_nothing(value):
    text = plain_number(value)
    assert "e" not in text.lower()
    assert float(text) == value
