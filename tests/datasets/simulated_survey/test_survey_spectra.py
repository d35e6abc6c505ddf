import galsim
import numpy as np
import pytest

from pipeline.datasets.simulated_survey.cosmology import arcsec_per_kpc, distance_modulus
from pipeline.datasets.simulated_survey.presets import PRESETS
from pipeline.datasets.simulated_survey.spectra import GALAXY_TEMPLATES, REFERENCE, colour, filter_of, magnitude

G, R, I = (PRESETS["sdss"].filters[band].file for band in "gri")  # noqa: E741


@pytest.mark.parametrize("template", GALAXY_TEMPLATES)
@pytest.mark.parametrize("redshift", [0.05, 0.4, 1.3])
def test_colours_are_those_that_galsim_calculates_of_the_redshifted_template(template, redshift):
    shifted = galsim.SED(f"CWW_{template}_ext.sed", "Ang", "flambda").atRedshift(redshift)
    for blue, red in ((G, R), (R, I)):
        bands = [galsim.Bandpass(file, "nm").withZeropoint("AB") for file in (blue, red)]
        expected = shifted.calculateMagnitude(bands[0]) - shifted.calculateMagnitude(bands[1])
        found = [magnitude(template, -21.0, 40.0, redshift, file) for file in (blue, red)]
        assert found[0] - found[1] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("redshift", [0.1, 0.7])
def test_energy_that_arrives_is_that_of_the_luminosity_distance(redshift):
    # f(l) = (10 pc / D_L)^2 / (1 + z) f_10(l / (1 + z)) in energy per wavelength (Hogg et al. 2002, equation 9).
    sed, band, there = galsim.SED("CWW_Sbc_ext.sed", "Ang", "flambda"), filter_of(R), filter_of(REFERENCE)
    wave = np.linspace(500, 750, 20_000)

    def counted(stretch, through):
        energy = sed(wave / stretch) / (wave / stretch) / stretch
        return np.trapezoid(energy * wave * through(wave), wave)

    k_correction = -2.5 * np.log10(counted(1 + redshift, band) / counted(1, there))
    assert colour("Sbc", redshift, R) == pytest.approx(k_correction, abs=2e-3)


def test_a_galaxy_at_rest_has_its_absolute_magnitude_at_ten_parsecs():
    assert magnitude("E", -20.0, 0.0, 0.0, REFERENCE) == pytest.approx(-20, abs=1e-6)


def test_old_galaxies_are_redder_and_a_star_like_the_sun_has_its_colour():
    colours = [colour(t, 0.1, G) - colour(t, 0.1, R) for t in GALAXY_TEMPLATES]
    assert colours == sorted(colours, reverse=True)
    # The Sun has g - r = 0.44 (Willmer 2018, ApJS 236, 47).
    assert colour("5800K", 0.0, G) - colour("5800K", 0.0, R) == pytest.approx(0.44, abs=0.05)


def test_surface_brightness_falls_as_the_fourth_power_of_the_redshift():
    near, far = 0.2, 1.5

    def dimming(z):
        return distance_modulus(z) + 5 * np.log10(arcsec_per_kpc(z))

    assert dimming(far) - dimming(near) == pytest.approx(10 * np.log10((1 + far) / (1 + near)), abs=1e-9)
