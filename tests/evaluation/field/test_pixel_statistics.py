import numpy as np
import pytest
from made_sky import drawn_sky
from scipy.ndimage import gaussian_filter

from pipeline.evaluation.field.pixel_histogram import pixel_histogram
from pipeline.evaluation.field.power import power_spectra


def blocks(pixels, side=32):
    scaled = np.arcsinh(pixels / 3)
    return [scaled[:, y : y + side, x : x + side] for y in range(0, 256, side) for x in range(0, 256, side)]


@pytest.fixture(scope="module")
def skies():
    return blocks(drawn_sky(0)), blocks(drawn_sky(1))


def test_two_skies_alike_have_one_histogram_and_one_spectrum(skies):
    for compared in (pixel_histogram(*skies, ("g", "r"), 0), power_spectra(*skies, ("g", "r"), 0)):
        assert [f.band for f in compared.findings] == ["g", "r"]
        assert min(f.p_value for f in compared.findings) > 0.01


def test_more_noise_is_seen_in_both(skies):
    noisy = blocks(drawn_sky(1, noise=1.3))
    for compare in (pixel_histogram, power_spectra):
        assert max(f.p_value for f in compare(skies[0], noisy, ("g", "r"), 0).findings) < 0.01


def test_a_spectrum_is_in_dex_and_falls_where_detail_was_taken_away(skies):
    smooth = [gaussian_filter(block, (0, 1, 1)) for block in skies[1]]
    curves = [c for c in power_spectra(skies[0], smooth, ("g", "r"), 0).curves if c.part == "power_spectrum"]
    finest = max((c for c in curves if c.band == "g"), key=lambda c: c.x)
    assert finest.x > 0.3
    # exp(-(2 pi f)^2) of the power, before the ring is averaged.
    assert finest.real - finest.synthetic == pytest.approx((2 * np.pi * finest.x) ** 2 / np.log(10), rel=0.25)


def test_the_covariance_is_given_as_correlations(skies):
    table = [c for c in power_spectra(*skies, ("g", "r"), 0).curves if c.part == "power_covariance"]
    assert all(-1.001 <= c.real <= 1.001 for c in table)
    itself = [c.real for c in table if c.quantity == f"{c.x:.4f}"]
    assert len(itself) > 10
    assert itself == pytest.approx([1] * len(itself), abs=1e-6)


def test_a_histogram_is_a_density_and_masked_pixels_do_not_count(skies):
    real = [block.copy() for block in skies[0]]
    real[0][:, :10] = np.nan
    curves = [c for c in pixel_histogram(real, skies[1], ("g", "r"), 0).curves if c.band == "g"]
    widths = np.diff([c.x for c in curves], append=2 * curves[-1].x - curves[-2].x)
    # But for the 0.05% that are fainter than what is shown, and the brightest.
    assert sum(c.real * width for c, width in zip(curves, widths)) == pytest.approx(1, abs=0.01)


def test_a_quantised_sky_is_not_found_out_by_its_rounding():
    real, made = (np.rint(10 * drawn_sky(seed)) / np.float32(10) for seed in (0, 1))
    blurred = made * np.float32(1 + 1e-6)
    compared = pixel_histogram(blocks(real), blocks(blurred), ("g", "r"), 0)
    assert min(f.p_value for f in compared.findings) > 0.01
    middle = [c.real for c in compared.curves if c.band == "g"][4:14]
    # One value of pixels after another, without teeth.
    assert np.abs(np.diff(np.log(middle), 2)).max() < 0.5
