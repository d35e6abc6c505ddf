import numpy as np
import pytest
from made_survey import survey

from pipeline.config.simulated_survey import FILTERS
from pipeline.datasets.simulated_survey.field import field
from pipeline.datasets.simulated_survey.galaxies import _half_light_radius, galaxy
from pipeline.datasets.simulated_survey.population import Drawn, galaxies
from pipeline.datasets.simulated_survey.presets import PRESETS
from pipeline.datasets.simulated_survey.sources import Component


def test_presets_have_the_filters_that_a_study_may_name():
    assert {name: tuple(preset.filters) for name, preset in PRESETS.items()} == FILTERS
    assert all(sum(preset.shares.values()) == pytest.approx(1) for preset in PRESETS.values())


def test_hubble_sees_about_as_many_galaxies_as_it_did_in_cosmos():
    # 66 per square arcmin to 26.5 (Leauthaud et al. 2007, ApJS 172, 219); this preset ends at 26.
    assert galaxies("hst").numbers.sum() == pytest.approx(66, rel=0.5)


def test_the_sky_noise_of_sdss_is_that_of_its_frames():
    preset = PRESETS["sdss"]
    nanomaggies = preset.sky_sigma("r") * 10 ** (0.4 * (22.5 - preset.zero_point("r")))
    assert nanomaggies == pytest.approx(0.025, rel=0.2)


@pytest.mark.parametrize("preset", ["sdss", "hst"])
def test_what_is_drawn_is_within_the_limits_of_the_survey(preset):
    made = survey(preset, bands=(PRESETS[preset].reference,), size=128, density=200.0 if preset == "hst" else 40.0)
    sources = [placed for number in range(30) for placed in field(made, number)]
    magnitudes = np.array([placed.magnitudes[0] for placed in sources])
    # A cell is as wide as 0.1 mag in luminosity, and of two spectra in one galaxy neither has the whole's colour.
    assert magnitudes.max() < PRESETS[preset].faintest + 0.7
    assert magnitudes.min() > PRESETS[preset].brightest - 0.7
    assert {placed.source.kind for placed in sources} == {"star", "galaxy", "quasar"}
    assert any(placed.blended_with for placed in sources)
    for placed in sources:
        assert sum(part.share for part in placed.source.components) == pytest.approx(1)
        assert (placed.source.redshift == 0) == (placed.source.kind == "star")


def test_far_galaxies_that_are_seen_are_the_luminous_ones():
    random = np.random.default_rng(0)
    drawn = [galaxies("sdss").draw(random) for _ in range(2000)]
    near = [d.absolute_magnitude for d in drawn if d.redshift < 0.1]
    far = [d.absolute_magnitude for d in drawn if d.redshift > 0.5]
    assert max(far) < np.median(near) < np.median(far) + 5


def test_sizes_are_those_of_shen_and_shrink_with_redshift():
    def median(redshift, template="Scd"):
        drawn = Drawn(template, -21.0, redshift, 40.0)
        parts = [galaxy(drawn, np.random.default_rng(seed)).components for seed in range(500)]
        return np.median([max(part.half_light_radius for part in found) for found in parts])

    # 3.6 kpc (their equation 15), at 1.844 kpc per arcsec where z = 0.1.
    assert median(0.1) == pytest.approx(3.58 / 1.844 * 1.1**-0.75, rel=0.05)
    assert median(0.1, "E") == pytest.approx(10 ** (0.4 * 0.6 * 21 - 4.63) / 1.844 * 1.1**-1.2, rel=0.05)


def test_the_half_light_radius_of_bulge_and_disk_lies_between_them():
    disk, bulge = Component("exponential", "Sbc", 0.7, 2.0), Component("de_vaucouleurs", "E", 0.3, 0.5)
    assert _half_light_radius([disk], 0.0) == 2.0
    assert _half_light_radius([bulge], 1.0) == 0.5
    assert 0.5 < _half_light_radius([bulge, disk], 0.3) < 2.0
