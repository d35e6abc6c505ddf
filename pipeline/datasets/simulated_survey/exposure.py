"""What a detector records of a scene: photons counted, read-out noise added, the sky taken off."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.datasets.simulated_survey.survey import Survey
from pipeline.physics.noise import PoissonNoise, addressed_generator


def exposed(survey: Survey, number: int, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """A noisy exposure of a noise-free image, shape (C, H, W), in counts.

    The noise of a band is a function of the survey's seed, the image's number and the band.
    """
    preset, bands = survey.preset, survey.bands
    sky = tuple(preset.sky(band) for band in bands)
    noise = PoissonNoise((preset.gain,) * len(bands), (preset.read_noise,) * len(bands), sky)
    generators = [addressed_generator(survey.seed, "survey", number, "exposure", band) for band in bands]
    return noise.draw(torch.from_numpy(pixels)[None], generators)[0].numpy()
