import math

import numpy as np
import pytest
from made_scene import GALAXIES, NOISE, TINTS, made_item

from pipeline.evaluation.scene import BORDER, MASKED, OK, scene_of
from pipeline.evaluation.source_measures import SourceMeasureError, source_measure
from pipeline.evaluation.sources import DOUBTFUL, FAILED, measured


def columns(change=lambda pixels, observation: pixels, morphology=False, **made):
    truth, observation, item = made_item(**made)
    scene = scene_of(truth, observation, item, truth.shape[-2:], [6.0], 5.0)
    found = measured(change(truth.pixels, observation), scene, morphology)
    return scene, {(column.measure, column.band): column for column in found}


def number_of(scene, place):
    distance = np.hypot(
        scene.sources.y + scene.window[0].start - place[0], scene.sources.x + scene.window[1].start - place[1]
    )
    assert distance.min() < 0.5
    return int(distance.argmin())


def test_the_truth_measured_as_a_restored_image_gives_what_was_put_in():
    scene, found = columns()
    assert len(scene.sources) == len(GALAXIES)
    place = (45.0, 45.0)
    one = number_of(scene, place)
    for band, tint in zip("gr", TINTS):
        assert found["flux_total", band].value[one] == pytest.approx(3000 * tint, rel=0.02)
        assert found["g1", band].value[one] == pytest.approx(0.2, abs=2e-3)
        assert found["x", band].value[one] + scene.window[1].start == pytest.approx(45, abs=0.01)
    # The circle of half of the light of an ellipse with semi-axes of equal product.
    assert found["half_light_radius", "g"].value[one] == pytest.approx(1.1774 * 3, rel=0.05)
    assert found["colour_2fwhm", "g-r"].value[one] == pytest.approx(-2.5 * math.log10(2), abs=1e-3)
    assert found["magnitude", ""].value[one] == pytest.approx(22.5 - 2.5 * math.log10(3000 * np.mean(TINTS)), abs=0.02)
    assert (found["completeness", ""].value == 1).all()
    assert (found["purity", ""].value == 1).all()


def test_half_of_the_light_is_measured_as_half_at_the_same_places():
    scene, whole = columns()
    _, half = columns(lambda pixels, _: scene.sky[:, None, None].astype(np.float32) * 0 + pixels / 2)
    for name in ("flux_total", "flux_r6", "flux_2fwhm"):
        ratio = half[name, "g"].value / whole[name, "g"].value
        np.testing.assert_allclose(ratio[np.isfinite(ratio)], 0.5, atol=0.01)
    np.testing.assert_allclose(half["half_light_radius", "g"].value, whole["half_light_radius", "g"].value, rtol=0.02)


def test_signal_to_noise_is_of_the_observation_and_the_same_for_every_method():
    _, true = columns()
    _, other = columns(lambda pixels, observation: observation.preview.pixels)
    np.testing.assert_array_equal(true["flux_r6", "g"].snr, other["flux_r6", "g"].snr)
    np.testing.assert_allclose(true["flux_r6", "r"].snr, 0.5 * true["flux_r6", "g"].snr, rtol=1e-3)
    _, noisier = columns(sigma=2 * NOISE)
    np.testing.assert_allclose(noisier["g1", "g"].snr.max(), true["g1", "g"].snr.max() / 2, rtol=0.02)


def test_the_degraded_image_has_sources_that_are_larger_and_rounder():
    scene, true = columns()
    _, seen = columns(lambda pixels, observation: observation.preview.pixels)
    one = number_of(scene, (45.0, 45.0))
    assert seen["half_light_radius", "g"].value[one] > 1.05 * true["half_light_radius", "g"].value[one]
    assert 0.1 < seen["g1", "g"].value[one] < 0.19


def test_a_source_that_was_lost_is_no_longer_found_and_one_that_was_painted_is_not_real():
    def change(pixels, _):
        y, x = np.indices(pixels.shape[-2:])
        changed = pixels.copy()
        changed[:, 85:105, 85:105] = 0
        return changed + 20 * np.exp(-((y - 70) ** 2 + (x - 70) ** 2) / 8).astype(np.float32)

    scene, found = columns(change)
    lost = number_of(scene, (95.0, 95.0))
    expected = np.ones(len(scene.sources))
    expected[lost] = 0
    np.testing.assert_array_equal(found["completeness", ""].value, expected)
    assert sorted(found["purity", ""].value) == [0, 1, 1, 1]
    false = int(found["purity", ""].value.argmin())
    light = 20 * 2 * np.pi * 4
    assert found["magnitude_listed", ""].value[false] == pytest.approx(22.5 - 2.5 * np.log10(light), abs=0.05)


def test_what_touches_the_border_or_a_masked_pixel_is_flagged_and_has_no_value():
    mask = np.zeros((2, 140, 140), bool)
    mask[0, 45, 48] = True
    galaxies = dict(GALAXIES) | {(95.0, 8.0): GALAXIES[45.0, 95.0]}
    scene, found = columns(mask=mask, galaxies=galaxies)
    one, edge = number_of(scene, (45.0, 45.0)), number_of(scene, (95.0, 8.0))
    column = found["flux_total", "g"]
    assert column.flag[one] == MASKED
    assert column.flag[edge] == BORDER
    assert np.isnan(column.value[[one, edge]]).all()
    assert found["flux_total", "r"].flag[one] == OK
    assert found["colour_r6", "g-r"].flag[one] == MASKED


def test_a_restored_image_without_a_source_fails_and_says_so():
    _, found = columns(lambda pixels, _: np.zeros_like(pixels))
    for name in ("g1", "half_light_radius"):
        assert set(found[name, "g"].flag) == {FAILED}
        assert np.isnan(found[name, "g"].value).all()
    assert set(found["colour_r6", "g-r"].flag) == {FAILED}
    assert (found["flux_r6", "g"].value == 0).all()
    assert ("purity", "") not in found


def test_display_units_have_sums_but_no_flux_colour_or_magnitude():
    _, found = columns(unit="display")
    names = {name for name, _ in found}
    assert {"aperture_total", "aperture_r6", "aperture_2fwhm", "completeness"} <= names
    assert not {n for n in names if n.startswith(("flux", "colour", "magnitude"))}


def test_morphology_is_of_the_best_seen_source_in_the_middle_band():
    scene, found = columns(morphology=True)
    gini = found["gini", "r"]
    assert list(gini.source) == [number_of(scene, (45.0, 45.0))]
    assert 0.4 < gini.value[0] < 0.8
    # Without noise statmorph finds no sky, and doubts all that it found.
    assert gini.flag[0] in (OK, DOUBTFUL)
    assert ("gini", "r") not in columns()[1]


def test_an_item_without_sources_or_without_pixels_is_measured_as_nothing():
    _, found = columns(galaxies={})
    assert found == {}
    truth, observation, item = made_item(mask=np.ones((2, 140, 140), bool))
    assert scene_of(truth, observation, item, (140, 140), [6.0], 5.0) is None


def test_every_measure_is_defined_and_another_is_refused():
    _, found = columns(morphology=True)
    of_pairs = {"y", "x", "g1", "g2", "magnitude", "magnitude_listed"}
    for name in {name for name, _ in found} - of_pairs | {"centroid", "shear"}:
        assert source_measure(name).definition.endswith(".")
    with pytest.raises(SourceMeasureError, match="no measure of sources is called 'beauty'"):
        source_measure("beauty")
