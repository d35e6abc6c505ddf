import numpy as np
import pytest
from made_sky import drawn_sky, field_of

from pipeline.evaluation.field.quantisation import ANY, levels_of, rounded


def test_the_step_of_8_bits_is_found_and_given_to_another_sky():
    real = np.rint(np.clip(drawn_sky(0), 0, 255)) / np.float32(255)
    levels = levels_of([real])
    assert [each.step for each in levels] == pytest.approx([1 / 255, 1 / 255], rel=1e-3)
    field = rounded(field_of(drawn_sky(1) / 255), levels)
    values = field.part(field.area).pixels * 255
    np.testing.assert_allclose(values, np.rint(values), atol=1e-2)
    assert np.abs(values - drawn_sky(1)).max() < 0.51


def test_a_sky_of_real_numbers_has_no_step_and_changes_none():
    assert levels_of([drawn_sky(0)]) == (ANY, ANY)
    field = field_of(drawn_sky(1))
    assert rounded(field, (ANY, ANY)) is field


@pytest.mark.parametrize("offset", [0.25, 0.5])
def test_levels_that_are_no_multiples_of_their_step_are_met_too(offset):
    real = np.rint(drawn_sky(0)) + np.float32(offset)
    (level, _) = levels_of([real])
    field = rounded(field_of(drawn_sky(1)), levels_of([real]))
    values = field.part(field.area).pixels - np.float32(offset)
    assert level.step == pytest.approx(1)
    np.testing.assert_allclose(values, np.rint(values), atol=1e-3)


def test_masked_pixels_have_no_say():
    real = np.rint(drawn_sky(0))
    real[:, :4] = np.nan
    assert levels_of([real])[0].step == pytest.approx(1)
