"""A survey that is made: stars, galaxies and quasars whose truth is known, as an instrument like SDSS or HST sees it.

What is drawn stands in ``population`` (who there is), ``galaxies`` (what a galaxy looks like) and ``field`` (one image
of them); how bright it is, in ``spectra``; the instruments, in ``presets``; the light, in ``rendering`` and
``exposure``; the files and the truth table, in ``files`` and ``catalogue``.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset
from pipeline.datasets.simulated_survey.files import (
    CATALOGUE,
    EXTENSIONS,
    image_file,
    is_made,
    made_image,
    refuse_other_survey,
    remove_others,
    write_image_file,
    write_tables,
)
from pipeline.datasets.simulated_survey.presets import SurveyError
from pipeline.datasets.simulated_survey.survey import Survey, survey_of
from pipeline.formats import read_image

__all__ = [
    "CATALOGUE",
    "Survey",
    "SurveyError",
    "is_made",
    "remove_others",
    "simulated_survey",
    "survey_of",
    "write_image_file",
    "write_tables",
]


def simulated_survey(settings: Images, seed: int = 0, rendered: Path | None = None) -> Dataset:
    """The images of a survey in counts (``adu``), each a group of its own.

    Parameters
    ----------
    settings : Images
    seed : int
        The study's: every image is a function of it, of the settings and of its number.
    rendered : Path, optional
        Folder into which ``clearfield simulate`` has written this survey; without it each image is drawn when it is
        its turn, which gives the same values.

    Raises
    ------
    SurveyError
        If the folder holds another survey, or none.
    """
    survey, truth = survey_of(settings, seed), settings.survey.truth
    if rendered is None:
        sources = {id: f"image {number} of the simulated survey" for id, number in survey.ids.items()}
        return Dataset(sources, lambda id: made_image(survey, id, truth))
    refuse_other_survey(rendered, survey)
    files = {id: image_file(rendered, id) for id in survey.ids}
    reading = settings.model_copy(update={"science": EXTENSIONS[truth]})
    return Dataset({id: str(path) for id, path in files.items()}, lambda id: read_image([files[id]], reading, id, id))
