import numpy as np
import pytest
import torch

from pipeline.image import Image
from pipeline.observation import Observation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.restorers import data_consistency
from pipeline.restorers.data_consistency import DataConsistent, corrections
from pipeline.restorers.nearest_explanation import nearest_explanation
from pipeline.restorers.restorer import Restorer
from pipeline.windowed import WindowedImage

SIGMA, SIZE, FAR = 0.1, (150, 170), (75, 120)
OPERATOR = Blur(draw_psf("gaussian", 3.0)[None], GaussianNoise((SIGMA,)))


class Says(Restorer):
    """Answers the same, whatever it is asked."""

    def __init__(self, estimate):
        self.estimate = estimate

    def restore(self, observation):
        return observation.preview.with_pixels(self.estimate)


def sky(*stars):
    """A scene with stars of a few pixels, (row, column, light)."""
    scene = np.ones((1, *SIZE), np.float32)
    for row, column, light in stars:
        scene[0, row : row + 2, column : column + 2] += light
    return scene


def seen(scene, mask=None):
    data = OPERATOR.noise.draw(OPERATOR.forward(torch.from_numpy(scene)[None]), [torch.Generator().manual_seed(3)])
    mask = np.zeros(scene.shape, bool) if mask is None else mask
    sigma = np.full(scene.shape, SIGMA, np.float32)
    return Observation(Image("a", data[0].numpy(), mask, "adu", ("g",), sigma=sigma), OPERATOR)


def consistent(estimate, observation):
    return DataConsistent(Says(estimate)).restore(observation).pixels


def residual(estimate, observation):
    blurred = OPERATOR.forward(torch.from_numpy(estimate)[None])[0].numpy()
    return (observation.preview.pixels - blurred) / SIGMA


def test_the_truth_is_left_as_it_is():
    scene = sky((*FAR, 500.0))
    np.testing.assert_array_equal(consistent(scene, seen(scene)), scene)


def test_a_star_that_was_missed_or_invented_is_put_right_and_nothing_else_is_touched():
    truth, missed = sky((75, 120, 50.0)), sky((40, 50, 30.0))
    observation = seen(truth)
    moved = consistent(missed, observation)
    assert np.abs(residual(missed, observation)).max() > 100
    assert np.abs(residual(moved, observation)).max() < 6
    assert np.square(moved - truth).mean() < 0.3 * np.square(missed - truth).mean()
    assert moved[0, 75:77, 120:122].sum() > 0.5 * truth[0, 75:77, 120:122].sum()
    untouched = np.ones(SIZE, bool)
    untouched[40 - 40 : 82, 50 - 40 : 92] = untouched[75 - 40 : 117, 120 - 40 : 162] = False
    np.testing.assert_array_equal(moved[0][untouched], missed[0][untouched])


def test_where_the_instrument_keeps_every_pixel_the_residual_is_cut_to_its_bound():
    point = Blur(torch.ones(1, 1, 1), GaussianNoise((1.0,)))
    left = torch.linspace(-10, 10, 41).expand(1, 1, 7, 41).double()
    bound = torch.full_like(left, 3.0)
    bound[..., :5] = torch.inf
    expected = left.sign() * (left.abs() - bound).clamp_min(0)
    torch.testing.assert_close(
        nearest_explanation(left, bound, torch.ones_like(left), point), expected, atol=0.3, rtol=0
    )


def test_it_is_the_nearest_explanation_and_no_more():
    star = torch.zeros(1, 1, 40, 40, dtype=torch.float64)
    star[..., 20, 20] = 2000
    left, bound = OPERATOR.forward(star), torch.full_like(star, 3.0)
    change = nearest_explanation(left, bound, torch.ones_like(left), OPERATOR)
    assert ((left - OPERATOR.forward(change)).abs() - bound).max() < 0.02 * left.max()
    assert change.norm() < star.norm()
    assert ((left - OPERATOR.forward(0.9 * change)).abs() - bound).max() > 0.05 * left.max()
    nothing = nearest_explanation(left, left.abs() + 1, torch.ones_like(left), OPERATOR)
    torch.testing.assert_close(nothing, torch.zeros_like(star))


@pytest.mark.parametrize("unit", [1e-20, 1e9])
def test_the_unit_does_not_matter(unit):
    observation, missed = seen(sky((*FAR, 500.0))), sky()
    preview = observation.preview
    scaled = Image(
        "a", preview.pixels * np.float32(unit), preview.mask, "adu", ("g",), sigma=preview.sigma * np.float32(unit)
    )
    other = consistent(missed * np.float32(unit), Observation(scaled, OPERATOR)) / np.float32(unit)
    np.testing.assert_allclose(other, consistent(missed, observation), rtol=0, atol=1e-5 * 500)


@pytest.mark.parametrize("known_to", [0.0, 0.01])
@pytest.mark.parametrize("tile", [32, 64, 100])
def test_tiles_do_not_change_it(tile, known_to):
    stars = [(75, 120, 500.0), (40, 50, 90.0), (44, 85, 900.0), (110, 60, 20.0)]
    observation, missed = seen(sky(*stars)), WindowedImage.of(Image("a", sky(), sky() < 0, "adu", ("g",)))
    whole, tiled = (
        [*corrections(missed, WindowedImage.of(observation.preview), OPERATOR, known_to, size)] for size in (512, tile)
    )
    assert [c.window for c in whole] == [c.window for c in tiled]
    assert sum(c.contradicted for c in whole) > 100
    for one, other in zip(whole, tiled):
        np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-4)


def test_stars_far_apart_are_put_right_as_each_alone():
    one, other = (75, 120, 500.0), (75, 30, 300.0)
    moved = consistent(sky(), seen(sky(one, other)))
    for star, window in ((one, np.s_[:, :, 90:150]), (other, np.s_[:, :, 20:60])):
        np.testing.assert_allclose(moved[window], consistent(sky(), seen(sky(star)))[window], rtol=0, atol=1e-5 * 500)


def test_masked_data_and_those_at_the_border_contradict_nothing():
    mask = np.zeros((1, *SIZE), bool)
    mask[:, 60:100, 100:140] = True
    missed = sky()
    np.testing.assert_array_equal(consistent(missed, seen(sky((*FAR, 500.0)), mask)), missed)
    np.testing.assert_array_equal(consistent(missed, seen(sky((0, 60, 20.0)))), missed)


def test_an_image_narrower_than_the_psf_is_left_as_it_is():
    missed, observation = sky(), seen(sky((*FAR, 500.0)))
    preview = observation.preview
    small = Image("a", preview.pixels[:, :7], preview.mask[:, :7], "adu", ("g",), sigma=preview.sigma[:, :7])
    np.testing.assert_array_equal(consistent(missed[:, :7], Observation(small, OPERATOR)), missed[:, :7])


@pytest.mark.parametrize("light", [100.0, 3000.0, 1e5])
def test_a_missed_star_has_its_light_again_and_its_neighbours_are_explained_as_well_as_before(light):
    observation = seen(sky((*FAR, light)))
    moved = consistent(sky(), observation)
    assert (moved - sky()).sum() == pytest.approx(4 * light, rel=0.02)
    before, after = residual(sky(), observation), residual(moved, observation)
    assert (np.abs(after) <= np.maximum(np.abs(before), 3.3) + 2 + 0.01 * before.max()).all()


@pytest.mark.parametrize("excess", [6.0, 8.0, 12.0, 30.0, 100.0, 1000.0])
def test_what_no_scene_explains_changes_nothing(excess):
    """A hot pixel or a cosmic ray that no mask names: narrower than the PSF."""
    scene = sky()
    observation = seen(scene)
    observation.preview.pixels[0, 75, 80] += excess * SIGMA
    np.testing.assert_array_equal(consistent(scene, observation), scene)


@pytest.mark.parametrize("excess", [6.0, 8.0, 12.0])
def test_a_faint_star_is_told_from_a_hot_pixel(excess):
    point = sky()
    point[0, 75, 80] += excess * SIGMA / float(OPERATOR.psf.max())
    moved = consistent(sky(), seen(point))
    assert (moved - sky()).sum() > 0.5 * (point - sky()).sum()


def test_a_psf_that_is_nearly_known_contradicts_no_bright_star():
    scene = sky((*FAR, 2e4))
    wider = Blur(draw_psf("gaussian", 3.06)[None], GaussianNoise((SIGMA,)))
    observation = Observation(seen(scene).preview, wider)
    np.testing.assert_array_equal(DataConsistent(Says(scene), known_to=0.01).restore(observation).pixels, scene)


def test_a_zone_larger_than_a_box_is_worked_through_box_by_box(monkeypatch):
    row = [(75, column, 40.0) for column in range(20, 150, 18)]
    observation = seen(sky(*row))
    whole = consistent(sky(), observation)
    monkeypatch.setattr(data_consistency, "LARGEST_BOX", 48)
    parts = consistent(sky(), observation)
    assert np.abs(residual(parts, observation)[:, 8:-8, 8:-8]).max() < 6
    assert (parts - sky()).sum() == pytest.approx((whole - sky()).sum(), rel=0.02)


def test_light_from_beyond_what_was_measured_contradicts_nothing():
    truth = sky((7, 60, 20.0))
    observation = seen(truth)
    observation.preview.mask[:, :8] = True
    np.testing.assert_array_equal(consistent(sky(), observation), sky())


def test_a_band_without_data_leaves_the_other_bands_and_itself_finite():
    two = Blur(OPERATOR.psf.repeat(2, 1, 1), GaussianNoise((SIGMA, SIGMA)))
    one = seen(sky((*FAR, 50.0))).preview
    mask = np.zeros((2, *SIZE), bool)
    mask[1, :, 40:] = True
    sigma = np.full(mask.shape, SIGMA, np.float32)
    missed, data = (np.repeat(pixels, 2, 0) for pixels in (sky(), one.pixels))
    moved = consistent(missed, Observation(Image("a", data, mask, "adu", ("g", "r"), sigma=sigma), two))
    assert np.isfinite(moved).all()
    assert (moved - missed)[0].sum() == pytest.approx(200, rel=0.1)
    np.testing.assert_array_equal(moved[1], missed[1])


def photons(scene, level):
    """Photons of a scene over a sky whose noise alone is known."""
    light = OPERATOR.forward(torch.from_numpy(scene)[None])[0].numpy().clip(0)
    data = np.random.default_rng(1).poisson(light + level**2) - level**2
    sigma = np.full(scene.shape, level, np.float32)
    return Observation(Image("a", data.astype(np.float32), scene < -1, "electron", ("g",), sigma=sigma), OPERATOR)


def galaxy(peak, width, at=(75, 85)):
    rows, columns = np.indices(SIZE)
    return (peak * np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / 2 / width**2))[None].astype(np.float32)


def barely_known(estimate, observation):
    return DataConsistent(Says(estimate), known_to=0.01).restore(observation).pixels


@pytest.mark.parametrize(("peak", "width", "level"), [(300, 12, 7), (100, 12, 10), (100, 3, 7), (30, 12, 7)])
def test_noise_that_grows_with_the_light_contradicts_no_true_galaxy(peak, width, level):
    scene = galaxy(peak * level, width)
    np.testing.assert_array_equal(barely_known(scene, photons(scene, level)), scene)


def test_a_star_missed_beside_a_galaxy_is_told_from_noise_that_grows_with_the_light():
    scene, level = galaxy(1000, 12), 10
    truth = scene + 20 * level * (sky((75, 30, 100.0)) - 1)
    moved = barely_known(scene, photons(truth, level))
    assert (moved - scene)[0, :, :50].sum() == pytest.approx((truth - scene).sum(), rel=0.1)
    np.testing.assert_array_equal(moved[0, :, 60:], scene[0, :, 60:])


@pytest.mark.parametrize("tile", [32, 100])
def test_noise_that_grows_with_the_light_is_that_of_the_whole_image(tile):
    scene, level = galaxy(1000, 12), 10
    observation = photons(scene + 20 * level * (sky((75, 30, 100.0)) - 1), level)
    estimate, data = (WindowedImage.of(observation.preview.with_pixels(p)) for p in (scene, observation.preview.pixels))
    whole, tiled = ([*corrections(estimate, data, OPERATOR, 0.01, size)] for size in (512, tile))
    assert [c.window for c in whole] == [c.window for c in tiled]
    assert whole
    for one, other in zip(whole, tiled):
        np.testing.assert_allclose(one.pixels, other.pixels, atol=1e-5 * 2000 * level)


def test_where_nothing_is_right_what_is_missing_is_not_taken_for_noise():
    stars = sky((75, 120, 500.0), (40, 50, 90.0), (44, 85, 900.0), (110, 60, 20.0))
    moved = barely_known(sky(), seen(stars))
    assert (moved - sky()).sum() == pytest.approx((stars - sky()).sum(), rel=0.1)


@pytest.mark.parametrize("light", [1e3, 1e5])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_brightest_star_is_put_right_though_the_psf_is_known_to_a_percent(light, share):
    moved = barely_known(sky((*FAR, share * light)), seen(sky((*FAR, light))))
    assert (moved - sky()).sum() == pytest.approx(4 * light, rel=0.07)


@pytest.mark.parametrize("light", [30.0, 2000.0])
@pytest.mark.parametrize("ray", [60, 300])
def test_a_cosmic_ray_neither_hinders_a_star_nearby_nor_becomes_a_value(light, ray):
    observation = seen(sky((*FAR, light)))
    observation.preview.pixels[0, 75, 90] += ray * SIGMA
    moved = consistent(sky(), observation)
    assert (moved - sky())[0, :, 105:].sum() == pytest.approx(4 * light, rel=0.1)
    np.testing.assert_allclose(moved[0, 70:81, 85:96], 1, atol=SIGMA)


def test_a_cosmic_ray_in_one_band_hinders_no_other():
    two = Blur(OPERATOR.psf.repeat(2, 1, 1), GaussianNoise((SIGMA, SIGMA)))
    data = np.repeat(seen(sky((*FAR, 50.0))).preview.pixels, 2, 0)
    data[1] = 1
    data[1, 75, 122] += 300 * SIGMA
    sigma, missed = np.full(data.shape, SIGMA, np.float32), np.repeat(sky(), 2, 0)
    moved = consistent(missed, Observation(Image("a", data, data < 0, "adu", ("g", "r"), sigma=sigma), two))
    assert (moved - missed)[0].sum() == pytest.approx(200, rel=0.1)
    np.testing.assert_array_equal(moved[1], missed[1])


@pytest.mark.parametrize("pedestal", [1e2, 1e3])
def test_a_sky_that_was_not_subtracted_does_not_count_as_light(pedestal):
    observation, lone = seen(sky((*FAR, 20.0))), seen(sky((*FAR, 20.0)))
    observation.preview.pixels[:] += np.float32(pedestal)
    moved = barely_known(sky() + np.float32(pedestal), observation) - np.float32(pedestal)
    assert (moved - sky()).sum() == pytest.approx((barely_known(sky(), lone) - sky()).sum(), rel=0.02)


def test_a_faint_star_that_was_missed_gets_its_light_and_not_a_third_more():
    point = sky()
    point[0, 75, 80] += 12 * SIGMA / float(OPERATOR.psf.max())
    light, data = (point - sky()).sum(), seen(point).preview.pixels - seen(sky()).preview.pixels
    noise = np.random.default_rng(2).normal(0, SIGMA, (12, 1, *SIZE))
    given = []
    for one in noise.astype(np.float32):
        observation = seen(sky())
        observation.preview.pixels[:] = 1 + data + one
        given.append((consistent(sky(), observation) - sky()).sum() / light)
    assert np.mean(given) == pytest.approx(1, abs=0.2)
