import numpy as np
import pytest

from pipeline.report.display import residual_picture, residual_scale


def test_residuals_are_white_at_zero_and_of_two_colours_beside_it():
    purple, white, orange = residual_picture(np.array([[-9.0, 0.0, 9.0]]), 1.0)[0].astype(int)
    assert white.min() > 240
    assert purple[2] > purple[0]
    assert orange[0] > orange[2]


def test_one_residual_in_a_hundred_does_not_set_the_scale():
    residual = np.full((10, 100), 0.1)
    residual[0, 0] = -50
    assert residual_scale([residual]) == pytest.approx(0.1)
