import galsim
import numpy as np
import pytest
from made_survey import alone, survey

from pipeline.datasets.simulated_survey.exposure import exposed
from pipeline.datasets.simulated_survey.field import field
from pipeline.datasets.simulated_survey.galaxies import BULGE_ENDS, _half_light_radius
from pipeline.datasets.simulated_survey.presets import PRESETS
from pipeline.datasets.simulated_survey.rendering import EDGE, render
from pipeline.datasets.simulated_survey.sources import Component


def radius_of_half(image):
    """Radius in px about the middle that holds half of the light, on a curve of growth."""
    middle = (len(image) - 1) / 2
    radii = np.hypot(*(np.indices(image.shape) - middle)).ravel()
    order = np.argsort(radii)
    grown = np.cumsum(image.ravel()[order])
    return np.interp(0.5, grown / grown[-1], radii[order])


def test_an_exponential_has_its_half_light_radius():
    # So much wider than the PSF that this adds less than the tolerance.
    made = survey("sdss", size=512, bands=("r",))
    scene = render(made, [alone(made, Component("exponential", "Sbc", half_light_radius=10.0))])
    assert radius_of_half(scene.pixels[0]) * 0.396 == pytest.approx(10.0, rel=0.01)


def test_a_bulge_with_a_disk_has_the_half_light_radius_of_the_truth_table():
    made = survey("hst", size=512, bands=("F814W",))
    parts = [Component("de_vaucouleurs", "E", 0.4, 0.8), Component("exponential", "Sbc", 0.6, 2.0)]
    scene = render(made, [alone(made, *parts)])
    assert 2 * BULGE_ENDS * 0.8 < 512 * 0.05
    assert radius_of_half(scene.pixels[0]) * 0.05 == pytest.approx(_half_light_radius(parts, 0.4), rel=0.02)


def test_a_shape_is_the_shear_of_the_truth_table():
    made = survey("hst", size=256, bands=("F606W",))
    scene = render(made, [alone(made, Component("gaussian", "Im", half_light_radius=0.6, g1=0.2, g2=-0.1))])
    found = galsim.hsm.FindAdaptiveMom(galsim.ImageF(scene.pixels[0])).observed_shape
    assert (found.g1, found.g2) == pytest.approx((0.2, -0.1), abs=0.01)


@pytest.mark.parametrize(("preset", "limit"), [("sdss", 21.0), ("hst", 25.0)])
def test_bright_isolated_galaxies_have_the_magnitudes_of_the_truth_table(preset, limit):
    # One source in each image, so that all of its light is that galaxy's.
    made = survey(preset, size=192, density=1e-6)
    errors = []
    for number in range(150):
        sources = field(made, number)
        inside = all(48 < place < 144 for place in (sources[0].x, sources[0].y))
        if len(sources) > 1 or sources[0].source.kind != "galaxy" or sources[0].magnitudes[1] > limit or not inside:
            continue
        sums = render(made, sources).pixels.sum((1, 2), dtype=float)
        zero_points = [made.preset.zero_point(band) for band in made.bands]
        errors.append(zero_points - 2.5 * np.log10(sums) - sources[0].magnitudes)
    assert len(errors) >= 5
    assert np.abs(np.median(errors, axis=0)).max() < 0.02


def test_a_pixel_belongs_to_the_source_that_gives_it_most_light():
    made = survey(size=96)
    star = alone(made, Component("point", "5800K"), kind="star")
    faint = alone(made, Component("exponential", "Sbc", half_light_radius=1.0), counts=3e4)
    galaxy = type(faint)(2, faint.source, 20.0, 70.0, faint.magnitudes, faint.counts)
    scene = render(made, [star, galaxy])
    assert scene.segmentation[47, 47] == 1
    assert scene.classes[47, 47] == 1
    assert scene.segmentation[70, 20] == 2
    assert scene.classes[70, 20] == 2
    assert scene.segmentation[5, 90] == scene.classes[5, 90] == 0


def test_an_image_follows_from_seed_and_number_alone():
    few, many, other = survey(), survey(images=3000), survey(seed=1)
    alike = [render(made, field(made, 2)).pixels for made in (few, many)]
    np.testing.assert_array_equal(*alike)
    np.testing.assert_array_equal(exposed(few, 2, alike[0]), exposed(many, 2, alike[0]))
    assert not np.array_equal(render(other, field(other, 2)).pixels, alike[0])
    assert not np.array_equal(render(few, field(few, 1)).pixels, alike[0])


@pytest.mark.parametrize("preset", ["sdss", "hst"])
def test_the_noise_of_an_exposure_is_that_of_sky_and_detector(preset):
    made = survey(preset)
    noise = exposed(made, 0, np.zeros((3, 400, 400), np.float32))
    for band, plane in zip(made.bands, noise, strict=True):
        assert plane.std() == pytest.approx(PRESETS[preset].sky_sigma(band), rel=0.01)
        assert plane.mean() == pytest.approx(0, abs=4 * float(plane.std()) / 400)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.01


@pytest.mark.parametrize(("preset", "counts"), [("sdss", 1e6), ("hst", 1e6)])
@pytest.mark.parametrize("profile", ["point", "exponential", "de_vaucouleurs"])
def test_no_box_is_seen_around_a_bright_source(preset, counts, profile):
    made = survey(preset, size=401)
    sky = np.array([made.preset.sky_sigma(band) for band in made.bands])[:, None, None]
    part = Component(profile, "Sbc", half_light_radius=made.preset.pixel_scale * 4)
    light = render(made, [alone(made, part, counts=counts)]).pixels / sky
    undrawn = light == 0
    ends = ~undrawn & sum(np.roll(undrawn, step, axis) for step in (1, -1) for axis in (-1, -2)).astype(bool)
    assert light.max() > 1000
    # Where light ends, it ends below a hundredth of the sky's noise.
    assert light[ends].max(initial=0) <= EDGE * 1.001
