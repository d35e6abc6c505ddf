import json
from dataclasses import replace

import numpy as np
import torch

from pipeline.image import Image
from pipeline.measures.fidelity import psnr
from pipeline.observation import Observation
from pipeline.physics.noise import GaussianNoise
from pipeline.restorers.wiener import Wiener

INNER = (slice(None), slice(36, -36), slice(36, -36))


def test_without_noise_a_mild_blur_is_undone(truth, scenes, look):
    observation = look(truth, fwhm=1.5, sigma=0.0)
    restored = Wiener(Wiener.learned(scenes) | {"strength": 1.0}).restore(observation).pixels
    assert psnr(observation.preview.pixels[INNER], truth[INNER], 1.0) < 40
    assert psnr(restored[INNER], truth[INNER], 1.0) > 60


def test_the_spectrum_survives_json_and_gives_the_same_pixels(truth, scenes, look, settings):
    read = json.loads(json.dumps(settings["wiener"]))
    once, again = (Wiener(s).restore(look(truth)).pixels for s in (settings["wiener"], read))
    np.testing.assert_array_equal(once, again)


def test_bands_that_look_alike_help_one_another(hubble, look):
    grey = np.repeat(hubble[:1, 300:428, 700:860], 3, axis=0)
    scene = np.repeat(hubble[:1, :128, :160], 3, axis=0)
    images = [Image("s", scene[:n], np.zeros(scene[:n].shape, bool), "display", tuple("rgb"[:n])) for n in (1, 3)]
    alone, together = (Wiener(Wiener.learned([image]) | {"strength": 1.0}) for image in images)
    single = psnr(alone.restore(look(grey[:1])).pixels[INNER], grey[:1][INNER], 1.0)
    joint = psnr(together.restore(look(grey)).pixels[INNER], grey[INNER], 1.0)
    assert joint > single + 0.5


def test_noise_that_all_bands_share_is_told_from_colour(truth, scenes, look):
    observation = look(truth)
    shared = replace(observation.operator, noise=GaussianNoise((0.05,) * 3, shared=True))
    clean = shared.forward(torch.from_numpy(truth)[None])
    data = shared.noise.draw(clean, [torch.Generator().manual_seed(0)] * 3)[0].numpy()
    settings = Wiener.learned(scenes) | {"strength": 1.0}
    preview = observation.preview.with_pixels(data)
    told, untold = (
        Wiener(settings).restore(Observation(preview, operator)).pixels for operator in (shared, observation.operator)
    )
    assert psnr(told[INNER], truth[INNER], 1.0) > psnr(untold[INNER], truth[INNER], 1.0) + 0.3


def test_the_mean_of_the_data_is_kept(truth, look, settings):
    observation = look(truth + np.float32(100))
    restored = Wiener(settings["wiener"]).restore(observation).pixels
    np.testing.assert_allclose(restored.mean(), observation.preview.pixels.mean(), atol=2e-3)


def test_a_pixel_far_away_does_not_matter(truth, look, settings):
    observation = look(truth)
    changed = observation.preview.pixels.copy()
    changed[:, :10, :10] += 0.1
    # Less the shift of the mean, which is the only thing that the filter takes from afar.
    changed -= (changed - observation.preview.pixels).mean((-2, -1), keepdims=True)
    other = type(observation)(observation.preview.with_pixels(changed), observation.operator)
    before, after = (Wiener(settings["wiener"]).restore(o).pixels[:, 60:, 60:] for o in (observation, other))
    difference = after - before
    np.testing.assert_allclose(difference, np.broadcast_to(difference[:, :1, :1], difference.shape), atol=2e-5)
