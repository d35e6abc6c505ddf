import numpy as np
import pytest

from pipeline.evaluation.translated_lesions import erased, invented, lesions_of, usual_contrast
from pipeline.image import LESION, SOUND


def brain(size=40):
    findings = np.zeros((size, size), np.uint8)
    findings[4:-4, 4:-4] = SOUND
    return findings


@pytest.fixture
def one():
    """A slice with a lesion of 4 x 4 px that is 20 brighter than the brain about it."""
    findings, truth = brain(), np.where(brain() == SOUND, 100.0, 0.0)
    findings[12:16, 12:16] = LESION
    truth[12:16, 12:16] = 120
    return findings, truth


def test_the_contrast_of_a_lesion_is_that_over_the_sound_tissue_about_it(one):
    findings, truth = one
    (seen,) = lesions_of(findings, truth, 100 + (truth - 100) / 4)
    assert seen == (16, (20, 5))


def test_lesions_too_small_to_judge_are_left_out(one):
    findings, truth = one
    findings[30, 30:32] = LESION
    assert len(lesions_of(findings, truth)) == 1


@pytest.mark.parametrize(("translated", "gone"), [(20, False), (11, False), (9, True), (0, True), (-20, True)])
def test_a_lesion_is_erased_that_keeps_less_than_half_of_its_contrast(translated, gone):
    assert erased(20, translated) is gone
    assert erased(-20, -translated) is gone


def test_the_truth_itself_holds_nothing_invented(one):
    assert invented(*one, one[1], 20) == 0


def test_spots_that_differ_as_a_lesion_would_are_invented_wherever_there_is_none(one):
    findings, truth = one
    made = truth.copy()
    made[25:29, 25:29] += 15
    made[25:29, 12:16] -= 15
    assert invented(findings, truth, made, 20) == 2


def test_faint_small_and_neighbouring_differences_are_not_called_invented(one):
    findings, truth = one
    made = truth.copy()
    made[25:29, 25:29] += 9
    made[25, 10:20] += 50
    made[11:17, 11:17] = 60
    assert invented(findings, truth, made, 20) == 0


def test_without_lesions_no_contrast_is_usual():
    assert np.isnan(usual_contrast([]))
    assert usual_contrast([-30, 10, 20]) == 20
