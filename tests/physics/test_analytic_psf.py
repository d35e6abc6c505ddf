import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.physics.analytic_psf import analytic_psfs
from pipeline.physics.psf import draw_psf, measured_fwhm


@pytest.mark.parametrize(("profile", "beta"), [("gaussian", 2.5), ("moffat", 2.5), ("moffat", 4.765)])
def test_each_is_what_is_drawn_alone(profile, beta):
    drawn = [draw_psf(profile, width, beta) for width in (1.5, 2.0, 3.3, 6.0)]
    radius = torch.tensor([kernel.shape[-1] // 2 for kernel in drawn])
    made = analytic_psfs(profile, torch.tensor([1.5, 2.0, 3.3, 6.0]), radius, 65, beta)
    for kernel, expected, reach in zip(made, drawn, radius.tolist()):
        middle = slice(32 - reach, 33 + reach)
        torch.testing.assert_close(kernel[middle, middle], expected, atol=1e-6, rtol=1e-5)
        assert kernel.count_nonzero() == expected.count_nonzero()


@settings(max_examples=25, deadline=None)
@given(st.floats(2, 8), st.sampled_from(["gaussian", "moffat"]))
def test_half_the_peak_lies_at_half_the_width_and_the_light_is_one(width, profile):
    (kernel,) = analytic_psfs(profile, torch.tensor([width]), torch.tensor([20]), 41)
    assert measured_fwhm(kernel) == pytest.approx(width, rel=0.02)
    assert kernel.sum().item() == pytest.approx(1, rel=1e-5)
    torch.testing.assert_close(kernel, kernel.T)
