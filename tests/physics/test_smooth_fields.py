import pytest
import torch

from pipeline.physics.smooth_fields import bias_field, smooth_phase


def test_a_phase_departs_from_zero_as_far_as_asked_and_no_farther():
    assert float(smooth_phase(40, 50, 1.5, 0).abs().max()) == pytest.approx(1.5)
    assert (smooth_phase(40, 50, 0.0, 0) == 0).all()


def test_fields_change_slowly():
    phase = smooth_phase(100, 100, 1.0, "slow")
    # Of half periods up to three across the image.
    assert max(float(phase.diff(dim=axis).abs().max()) for axis in (0, 1)) < 3 * 3.15 / 100


def test_a_finer_image_has_the_same_field():
    coarse, fine = (smooth_phase(n, n, 1.0, "finer") for n in (51, 153))
    torch.testing.assert_close(coarse, fine[1::3, 1::3], atol=0.01, rtol=0)


def test_an_address_gives_the_same_field_and_another_address_another():
    assert torch.equal(smooth_phase(9, 9, 1.0, 0, "a"), smooth_phase(9, 9, 1.0, 0, "a"))
    assert not torch.equal(smooth_phase(9, 9, 1.0, 0, "a"), smooth_phase(9, 9, 1.0, 0, "b"))


def test_a_bias_is_a_factor_within_its_strength():
    bias = bias_field(40, 50, 0.2, 0)
    assert float(bias.log().abs().max()) == pytest.approx(0.2)
    assert (bias_field(40, 50, 0.0, 0) == 1).all()
