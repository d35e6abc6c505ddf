import numpy as np
import pytest
import torch
from made_training import NOISE, SKY_SIGMA, made_study, sky, write_sky

from pipeline.image import Image
from pipeline.measures.sky import SkyError
from pipeline.observation import read_observations
from pipeline.physics import galaxygan
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.psf import draw_psf, measured_fwhm
from pipeline.steps.degrade import degrade, observe

CONDITION = "fwhm3px_sigma0.05"


def scene(pixels=None, mask=None, id="a", **fields):
    pixels = sky(70, 80) if pixels is None else pixels
    mask = np.zeros(pixels.shape, bool) if mask is None else mask
    return Image(id, pixels, mask, "nanomaggy", ("r", "g"), **fields)


def blurred(pixels, fwhm):
    psf = draw_psf("gaussian", fwhm).expand(2, -1, -1).contiguous()
    return Blur(psf, GaussianNoise((0.0, 0.0))).forward(torch.from_numpy(pixels)[None])[0].numpy()


def paper(ratio=2.0, fwhm="1.4as", **degrade_settings):
    return made_study(
        degrade={
            "protocol": "galaxygan",
            "psf": {"fwhm": [fwhm]},
            "noise": {"ratio": [ratio]},
            **degrade_settings,
        },
        images={"pixel_scale": galaxygan.PIXEL_SCALE},
    )


def test_data_are_the_blurred_truth_with_noise_of_its_address():
    observed = observe(scene(), made_study(), CONDITION, None).preview
    clean = blurred(sky(70, 80), 3.0)
    for band, name in enumerate(("r", "g")):
        noise = torch.randn(70, 80, generator=addressed_generator(0, "a", CONDITION, name)).numpy()
        np.testing.assert_allclose(observed.pixels[band], clean[band] + NOISE * noise, atol=1e-5)
    assert observed.sigma.shape == observed.pixels.shape
    assert np.unique(observed.sigma) == pytest.approx([NOISE])


def test_order_and_company_change_no_pixel(tmp_path):
    skies = [sky(70, 80, seed=k) for k in range(3)]
    degrade(write_sky(tmp_path / "all.h5", *skies), made_study(), CONDITION, tmp_path / "all_seen.h5")
    few = made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [NOISE]}})
    degrade(write_sky(tmp_path / "one.h5", *skies[:1]), few, CONDITION, tmp_path / "one_seen.h5")
    with read_observations(tmp_path / "all_seen.h5") as every, read_observations(tmp_path / "one_seen.h5") as one:
        assert every.ids == ["field0", "field1", "field2"]
        assert every.attributes == {"condition": CONDITION}
        np.testing.assert_array_equal(every.image("field0").pixels, one.image("field0").pixels)
        again = observe(every.image("field1").with_pixels(skies[1]), made_study(), CONDITION, None)
        np.testing.assert_array_equal(every.image("field1").pixels, again.preview.pixels)


def test_noise_differs_between_images_bands_conditions_and_seeds():
    flat = np.full((2, 64, 64), 0.3, np.float32)
    study, other = made_study(), made_study(seed=1)
    seen = [
        observe(scene(flat), study, CONDITION, None),
        observe(scene(flat, id="b"), study, CONDITION, None),
        observe(scene(flat), study, "fwhm2px_sigma0.05", None),
        observe(scene(flat), other, CONDITION, None),
    ]
    noise = np.concatenate([o.preview.pixels.reshape(2, -1) - 0.3 for o in seen])
    assert noise.std(1) == pytest.approx(NOISE, rel=0.05)
    assert np.abs(np.corrcoef(noise) - np.eye(8)).max() < 0.1


def test_masked_pixels_stay_masked_and_their_placeholders_reach_nothing():
    mask = np.zeros((2, 70, 80), bool)
    mask[:, 30:36, 40:50] = True
    mask[0, 5, 5] = True
    seen = [
        observe(scene(np.where(mask, value, sky(70, 80)).astype(np.float32), mask), made_study(), CONDITION, None)
        for value in (0.0, 1e9)
    ]
    np.testing.assert_array_equal(seen[0].preview.pixels, seen[1].preview.pixels)
    np.testing.assert_array_equal(seen[0].preview.mask, mask)
    assert seen[0].preview.pixels.max() < 100


def test_all_that_is_known_of_the_image_is_kept():
    background = np.ones((2, 70, 80), np.float32)
    own = scene(background=background, pixel_scale=0.5, header="SIMPLE", group="g")
    seen = observe(own, made_study(), CONDITION, None).preview
    assert (seen.id, seen.unit, seen.group, seen.pixel_scale, seen.header) == ("a", "nanomaggy", "g", 0.5, "SIMPLE")
    assert seen.background is background


@pytest.mark.parametrize(("own", "set_for_all"), [(0.5, None), (0.5, 0.25), (None, 0.5)])
def test_a_width_in_arcsec_becomes_pixels_by_the_images_own_scale(own, set_for_all):
    study = made_study(
        degrade={"psf": {"fwhm": ["1.5as"]}, "noise": {"sigma": [NOISE]}}, images={"pixel_scale": set_for_all}
    )
    operator = observe(scene(pixel_scale=own), study, "fwhm1.5as_sigma0.05", None).operator
    assert measured_fwhm(operator.psf[0]) == pytest.approx(3, rel=0.01)


def test_a_ratio_is_to_the_sky_of_the_image():
    study = made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"ratio": [2.0]}})
    seen = observe(scene(sky(150, 150)), study, "fwhm3px_ratio2", None)
    kept = draw_psf("gaussian", 3.0).double().square().sum().item()
    assert seen.preview.sigma.mean() == pytest.approx(SKY_SIGMA * (4 - kept) ** 0.5, rel=0.05)


def test_the_sky_is_looked_for_only_where_the_noise_is_relative_to_it():
    mask = np.zeros((2, 70, 80), bool)
    mask[1] = True
    assert observe(scene(mask=mask), made_study(), CONDITION, None).preview.mask[1].all()
    study = made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"ratio": [2.0]}})
    with pytest.raises(SkyError, match=r"^a, rows 0 to 69, columns 0 to 79: no trusted pixel"):
        observe(scene(mask=mask), study, "fwhm3px_ratio2", None)


def test_the_protocol_of_galaxygan_adds_one_noise_at_its_own_level():
    truth = sky(120, 120) - 0.1
    seen = observe(scene(truth), paper(), "fwhm1.4as_ratio2", None)
    clean = blurred(truth, 1.4 / galaxygan.PIXEL_SCALE)
    level = galaxygan.added_sigma(galaxygan.sky_sigma(truth), galaxygan.sky_sigma(clean), 2.0)
    assert seen.preview.sigma.mean() == pytest.approx(level, rel=1e-3)
    noise = seen.preview.pixels - clean
    inside = (seen.preview.pixels > galaxygan.LOWEST).all(0) & (seen.preview.pixels < galaxygan.HIGHEST).all(0)
    np.testing.assert_allclose(noise[0][inside], noise[1][inside], atol=1e-6)
    assert noise[0][inside].std() == pytest.approx(level, rel=0.05)


def test_the_protocol_of_galaxygan_clips_what_is_seen_and_not_the_truth():
    truth = 40 * (sky(120, 120) - 0.1)
    seen = observe(scene(truth), paper(ratio=10), "fwhm1.4as_ratio10", None).preview.pixels
    assert truth.max() > galaxygan.HIGHEST
    assert (seen.min(), seen.max()) == pytest.approx((galaxygan.LOWEST, galaxygan.HIGHEST))


def test_a_placeholder_is_no_sky_of_galaxygan():
    mask = np.zeros((2, 120, 120), bool)
    mask[:, 50:60, 50:60] = True
    truths = [np.where(mask, value, sky(120, 120) - 0.1).astype(np.float32) for value in (0.0, 3.0)]
    levels = [observe(scene(truth, mask), paper(), "fwhm1.4as_ratio2", None) for truth in truths]
    np.testing.assert_array_equal(levels[0].preview.sigma, levels[1].preview.sigma)
    np.testing.assert_array_equal(levels[0].preview.pixels, levels[1].preview.pixels)


DEFECTS = {"cosmic_rays": 3000, "bad_columns": 0.03, "gap": 6, "saturation": 4.0}


def flawed_study(**defects):
    return made_study(degrade={"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [NOISE]}, "defects": defects})


def test_what_the_detector_loses_is_masked_and_all_else_is_as_without_defects():
    mask = np.zeros((2, 70, 80), bool)
    mask[0, 5:9, 5] = True
    sound, flawed = (observe(scene(mask=mask), flawed_study(**d), CONDITION, None) for d in ({}, DEFECTS))
    kept = ~flawed.preview.mask
    np.testing.assert_array_equal(flawed.preview.pixels[kept], sound.preview.pixels[kept])
    np.testing.assert_array_equal(flawed.preview.sigma, sound.preview.sigma)
    assert flawed.preview.mask[mask].all()
    assert 0.1 < flawed.preview.mask.mean() < 0.3
    assert flawed.preview.pixels.max() <= 4.0
    assert np.isfinite(flawed.preview.pixels).all()
    scenes, data = (torch.from_numpy(sky(70, 80, seed=k))[None] for k in (1, 2))
    torch.testing.assert_close(flawed.operator.forward(scenes), sound.operator.forward(scenes), atol=0, rtol=0)
    torch.testing.assert_close(flawed.operator.adjoint(data), sound.operator.adjoint(data), atol=0, rtol=0)


def test_company_changes_no_defect(tmp_path):
    skies = [sky(70, 80, seed=k) for k in range(2)]
    for name, some in (("all", skies), ("one", skies[:1])):
        images = write_sky(tmp_path / f"{name}.h5", *some)
        degrade(images, flawed_study(**DEFECTS), CONDITION, tmp_path / f"{name}_seen.h5")
    with read_observations(tmp_path / "all_seen.h5") as every, read_observations(tmp_path / "one_seen.h5") as one:
        np.testing.assert_array_equal(every.image("field0").mask, one.image("field0").mask)
        np.testing.assert_array_equal(every.image("field0").pixels, one.image("field0").pixels)
        assert (every.image("field0").mask != every.image("field1").mask).any()


def test_no_defects_and_defects_of_zero_are_the_same():
    none = observe(scene(), made_study(), CONDITION, None).preview
    zero = observe(scene(), flawed_study(cosmic_rays=0, bad_columns=0, gap=0), CONDITION, None).preview
    np.testing.assert_array_equal(none.pixels, zero.pixels)
    np.testing.assert_array_equal(none.mask, zero.mask)
