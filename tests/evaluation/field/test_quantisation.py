import numpy as np
import pytest
from made_sky import drawn_sky, field_of

from pipeline.evaluation.field.quantisation import rounded, steps_of


def test_the_step_of_8_bits_is_found_and_given_to_another_sky():
    real = np.rint(np.clip(drawn_sky(0), 0, 255)) / np.float32(255)
    steps = steps_of([real])
    assert steps == pytest.approx((1 / 255, 1 / 255), rel=1e-3)
    field = rounded(field_of(drawn_sky(1) / 255), steps)
    values = field.part(field.area).pixels * 255
    np.testing.assert_allclose(values, np.rint(values), atol=1e-2)
    assert np.abs(values - drawn_sky(1)).max() < 0.51


def test_a_sky_of_real_numbers_has_no_step_and_changes_none():
    assert steps_of([drawn_sky(0)]) == (0, 0)
    field = field_of(drawn_sky(1))
    assert rounded(field, (0.0, 0.0)) is field
