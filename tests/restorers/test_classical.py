"""What every classical restorer of blurs must do; those of scans are tested beside them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_denoiser import make_denoiser

from pipeline.config import CLASSICAL_METHODS, Defects
from pipeline.config.methods import METHODS_OF_SCANS
from pipeline.measures.fidelity import psnr
from pipeline.observation import Observation
from pipeline.physics import Blur
from pipeline.physics.defects import damage
from pipeline.physics.noise import GaussianNoise
from pipeline.restorers import CLASSICAL, classical
from pipeline.restorers.wiener import Wiener

OF_BLURS = [method for method in CLASSICAL_METHODS if method == "degraded" or method not in METHODS_OF_SCANS]
EDGE = (slice(None), slice(8, -8), slice(8, -8))


def scaled(observation, factor):
    """The same observation in a unit that is ``factor`` times smaller."""
    preview, operator = observation.preview, observation.operator
    noise = GaussianNoise(tuple(level * factor for level in operator.noise.level))
    pixels, sigma = (preview.pixels * factor).astype(np.float32), (preview.sigma * factor).astype(np.float32)
    return Observation(replace(preview, pixels=pixels, sigma=sigma), Blur(operator.psf, noise))


def test_the_registry_names_the_methods_of_the_configuration_in_order():
    assert tuple(CLASSICAL) == CLASSICAL_METHODS


@pytest.mark.parametrize(
    ("method", "gain"),
    [
        *[("wiener", 3.5), ("unsupervised_wiener", 2.0), ("richardson_lucy", 3.5), ("total_variation", 4.5)],
        *[("richardson_lucy_tv", 3.5), ("scaled_gradient_projection", 3.5), ("starlet", 4.0)],
        *[("blind_richardson_lucy", 3.0), ("plug_and_play", 3.0)],
    ],
)
def test_each_restorer_is_well_above_the_degraded_image(method, gain, truth, look, settings):
    observation = look(truth)
    restored = classical(method, settings[method]).restore(observation).pixels
    before, after = (psnr(image[EDGE], truth[EDGE], 1.0) for image in (observation.preview.pixels, restored))
    assert after - before > gain


@pytest.mark.parametrize("method", OF_BLURS)
def test_unit_mask_bands_and_shape_are_the_previews(method, truth, look, settings):
    mask = np.zeros(truth.shape, bool)
    mask[1, 40:50, 60:64] = True
    observation = look(truth, mask=mask, unit="nanomaggy")
    restored = classical(method, settings[method]).restore(observation)
    assert (restored.unit, restored.bands, restored.group) == ("nanomaggy", ("r", "g", "b"), "g")
    assert restored.pixels.dtype == np.float32
    assert restored.shape == observation.preview.shape
    np.testing.assert_array_equal(restored.mask, mask)
    assert np.isfinite(restored.pixels).all()


@pytest.mark.parametrize("method", OF_BLURS)
def test_the_same_observation_gives_the_same_pixels_whatever_came_before(method, truth, look, settings):
    restorer = classical(method, settings[method])
    first = restorer.restore(look(truth)).pixels
    restorer.restore(look(truth[:, ::-1].copy(), fwhm=4.0))
    np.testing.assert_array_equal(restorer.restore(look(truth)).pixels, first)


@pytest.mark.parametrize("factor", [1e-9, 1e6, 1e-22])
@pytest.mark.parametrize("method", OF_BLURS)
def test_the_unit_of_flux_does_not_matter(method, factor, truth, scenes, look, settings, tmp_path):
    observation, chosen = look(truth), dict(settings[method])
    restored = classical(method, chosen).restore(observation).pixels
    if method == "wiener":
        in_unit = [scene.with_pixels((scene.pixels * factor).astype(np.float32)) for scene in scenes]
        chosen |= Wiener.learned(in_unit)
    if method == "plug_and_play":
        chosen["denoiser"] = str(make_denoiser(tmp_path / "denoised.safetensors", unit=factor))
    other = classical(method, chosen).restore(scaled(observation, factor)).pixels.astype(np.float64) / factor
    assert np.abs(other - restored).max() < 2e-4


@pytest.mark.parametrize("method", [m for m in OF_BLURS if m != "degraded"])
def test_what_a_masked_pixel_holds_does_not_matter(method, truth, look, settings):
    mask = np.zeros(truth.shape, bool)
    mask[:, 60:64, 80:83] = True
    observation, restorer = look(truth, mask=mask), classical(method, settings[method])
    damaged = observation.preview.with_pixels(np.where(mask, np.float32(1e6), observation.preview.pixels))
    expected = restorer.restore(observation).pixels
    np.testing.assert_allclose(restorer.restore(replace(observation, preview=damaged)).pixels, expected, atol=1e-5)


@pytest.mark.parametrize("method", OF_BLURS)
def test_a_band_without_a_trusted_pixel_is_finite_and_leaves_the_others_sound(method, truth, look, settings):
    mask = np.zeros(truth.shape, bool)
    mask[2] = True
    observation = look(truth, mask=mask)
    restored = classical(method, settings[method]).restore(observation).pixels
    assert np.isfinite(restored).all()
    before, after = (psnr(p[EDGE][:2], truth[EDGE][:2], 1.0) for p in (observation.preview.pixels, restored))
    assert method == "degraded" or after > before + 1


@pytest.mark.parametrize("method", OF_BLURS)
def test_an_empty_image_stays_empty(method, look, settings):
    observation = look(np.zeros((3, 64, 72), np.float32), sigma=0.0)
    assert np.abs(classical(method, settings[method]).restore(observation).pixels).max() < 1e-6


@pytest.mark.parametrize("method", [m for m in OF_BLURS if m != "degraded"])
def test_lost_pixels_are_repaired_and_spoil_little_beside_them(method, truth, look, settings):
    whole, restorer = look(truth), classical(method, settings[method])
    data, sigma = (torch.from_numpy(plane)[None] for plane in (whole.preview.pixels, whole.preview.sigma))
    read, lost = damage(data, sigma, Defects(cosmic_rays=2000, bad_columns=0.02), [("lost",)], "rgb")
    damaged = replace(whole.preview, pixels=read[0].numpy(), mask=lost[0].numpy())
    before = restorer.restore(whole).pixels
    after = restorer.restore(replace(whole, preview=damaged)).pixels
    gone = np.zeros(truth.shape, bool)
    gone[EDGE] = lost[0].numpy()[EDGE]
    intact = np.zeros(truth.shape, bool)
    intact[EDGE] = ~lost[0].numpy()[EDGE]
    assert gone.mean() > 0.02
    assert psnr(after, truth, 1.0, ~intact) > psnr(before, truth, 1.0, ~intact) - 0.3
    assert psnr(after, truth, 1.0, ~gone) > psnr(data[0].numpy(), truth, 1.0, ~gone)
