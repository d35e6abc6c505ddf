"""Small surveys, and images of a single source of which all is known."""

import numpy as np

from pipeline.datasets.simulated_survey.field import Placed
from pipeline.datasets.simulated_survey.presets import PRESETS
from pipeline.datasets.simulated_survey.sources import Source
from pipeline.datasets.simulated_survey.survey import Survey


def survey(preset="sdss", **changed):
    bands = PRESETS[preset].bands
    return Survey(**{"name": preset, "seed": 0, "images": 3, "size": 64, "bands": bands, "density": 12.0} | changed)


def alone(made, *components, counts=1e5, kind="galaxy"):
    """A source of some components in the middle of an image, of so many counts in each band."""
    middle = (made.size - 1) / 2
    shares = np.array([part.share for part in components])
    light = counts * shares[:, None] * np.ones(len(made.bands))
    return Placed(
        1, Source(kind, "Sbc", -21.0, 0.1, 38.0, components), middle, middle, np.zeros(len(made.bands)), light
    )
