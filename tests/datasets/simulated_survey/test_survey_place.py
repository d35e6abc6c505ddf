import numpy as np
import pytest
from made_survey import survey

from pipeline.datasets.simulated_survey.place import COLUMNS, wcs_of
from pipeline.datasets.simulated_survey.presets import SurveyError
from pipeline.formats.fits import footprint_of
from pipeline.measures.footprints import overlapping


def test_no_two_images_share_sky():
    made = survey(size=424)
    numbers = [*range(4), *range(COLUMNS - 2, COLUMNS + 3), *range(39 * COLUMNS, 39 * COLUMNS + 3), 40 * COLUMNS]
    headers = [wcs_of(made, number).to_header().tostring(sep="\n", endcard=False) for number in numbers]
    assert overlapping(np.array([footprint_of(header, 424, 424) for header in headers])) == []


def test_a_survey_larger_than_the_sky_is_refused_with_what_is_allowed():
    with pytest.raises(SurveyError, match="images are allowed"):
        wcs_of(survey(size=4096), 49_999)
