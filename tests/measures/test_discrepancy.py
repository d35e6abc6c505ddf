"""Chi-square of the data of scanners beside that of noise alone."""

import numpy as np
import torch

from pipeline.image import Image
from pipeline.measures.discrepancy import discrepancy
from pipeline.observation import Observation
from pipeline.physics.low_dose import LowDoseNoise
from pipeline.physics.noise import addressed_generator
from pipeline.physics.radon import Radon


def scanned(photons, number):
    """A disk of water in a scanner, and what is seen of it."""
    y, x = np.mgrid[:32, :32] - 15.5
    scene = torch.from_numpy((np.hypot(y, x) < 12).astype(np.float32))[None, None]
    scanner = Radon((32, 32), 40, 4.0, LowDoseNoise((photons,), (2.0,), (1.0,)), per_unit=0.0192)
    data = scanner.noise.draw(scanner.forward(scene), [addressed_generator("seen", photons, number)])
    pixels = scanner.preview(data)[0].numpy()
    preview = Image(f"s{number}", pixels, np.zeros(pixels.shape, bool), "HU", ("ct",), sigma=np.ones_like(pixels))
    return scene, Observation(preview, scanner, data[0].numpy())


def test_chi_square_of_the_truth_is_that_of_noise_with_few_photons_as_with_many():
    for photons in (30.0, 1e5):
        excesses = [discrepancy(*scanned(photons, number)).excess for number in range(12)]
        assert abs(np.mean(excesses)) < 1.2
        assert 0.4 < np.std(excesses) < 1.8


def test_chi_square_of_another_scene_is_not():
    scene, seen = scanned(1e5, 0)
    assert discrepancy(0.95 * scene, seen).excess > 20


def test_every_datum_of_a_scanner_counts():
    scene, seen = scanned(1e5, 0)
    assert discrepancy(scene, seen).trusted == seen.data.size
