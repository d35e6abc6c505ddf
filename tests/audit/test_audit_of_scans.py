"""What the audit asks of slices: their data, false lesions and true ones, and noise that is told wrongly."""

import numpy as np
import pytest
import torch
from made_slices import CT, MRI, scanned_study, slice_of

from pipeline.audit.consistency import consistency
from pipeline.audit.lesions import Body, lesions
from pipeline.audit.specimen import Specimen
from pipeline.audit.wrong_instrument import Mistake
from pipeline.config import Lesion
from pipeline.evaluation.blank_fields import redrawn
from pipeline.evaluation.lesions import Disk, places, with_lesions
from pipeline.physics.noise import addressed_random
from pipeline.restorers import classical
from pipeline.restorers.restorer import Restorer
from pipeline.steps.degrade import observe
from pipeline.tiling import Window

SCANS = {"ct": (CT, "dose0.5_views48"), "mri": (MRI, "acceleration2_sigma10")}
BODY = Body(Lesion(diameter_mm=10, contrasts=[300], inside=(700, 1300)), ("audit",))


def specimen(kind, seed=0):
    degrade, condition = SCANS[kind]
    truth = slice_of(seed)
    return Specimen(observe(truth, scanned_study(degrade), condition, None), Window(0, 0, 48, 48), truth)


class Shows(Restorer):
    """A slice with a lesion at every place that the audit looks at, whatever is scanned."""

    def __init__(self, truth):
        disk = Disk.of(BODY.lesion, 4.0)
        where = places(truth, disk, BODY.lesion.inside, BODY.lesion.most, addressed_random("audit", "lesions", 0))
        self._made = with_lesions(truth, disk, 300, where)

    def restore(self, _observation):
        return self._made


def by_measure(findings):
    return {found.measure: found for found in findings}


@pytest.mark.parametrize("kind", SCANS)
def test_the_truth_explains_its_data_and_a_slice_with_an_invention_does_not(kind):
    some = [specimen(kind, seed) for seed in range(3)]
    truths = [one.truth for one in some]
    organ = np.zeros((48, 48), np.float32)
    organ[18:28, 18:28] = 800
    invented = [truth.with_pixels(truth.pixels + organ) for truth in truths]
    right, wrong = (by_measure(consistency(some, images, 0.01)) for images in (truths, invented))
    assert not right["contradicted_cells"].speaks_against
    assert wrong["contradicted_cells"].speaks_against
    assert right["chi2"].found == right["chi2"].null
    assert wrong["chi2"].found.value > 1.5 * right["chi2"].found.value


@pytest.mark.parametrize("kind", SCANS)
def test_the_scan_itself_gives_lesions_back_and_invents_none(kind):
    found = by_measure(lesions(classical("degraded", {}), [specimen(kind, 1), specimen(kind, 2)], BODY))
    assert not found["false_lesions"].speaks_against
    assert found["lesions_shown"].n == found["false_lesions"].n > 0
    assert abs(found["contrast_bias"].found.value) < 0.4


def test_who_shows_lesions_that_were_taken_away_invents():
    some = specimen("mri")
    found = by_measure(lesions(Shows(some.truth), [some], BODY))
    assert found["false_lesions"].found.value == 1
    assert found["lesions_shown"].found.value == 0


def test_without_a_word_on_lesions_nothing_is_asked():
    assert lesions(classical("degraded", {}), [specimen("ct")], Body(None, ("audit",))) == []


@pytest.mark.parametrize("kind", SCANS)
def test_noise_that_is_told_too_high_is_so_in_the_data_and_in_the_preview(kind):
    seen = specimen(kind).seen
    told = Mistake(noise=2.0).told(seen)
    np.testing.assert_array_equal(told.data, seen.data)
    # Sigma is read off counts, which are not told quite a quarter where they are few.
    assert float((told.measured.sigma / seen.measured.sigma).median()) == pytest.approx(2, rel=0.01)
    np.testing.assert_allclose(told.preview.sigma, 2 * seen.preview.sigma, rtol=1e-5)


@pytest.mark.parametrize("kind", SCANS)
def test_another_scan_of_a_slice_has_other_noise_and_its_own_preview(kind):
    one = specimen(kind)
    again = redrawn(one.seen, one.truth, "again")
    assert again.data.shape == one.seen.data.shape
    assert np.std(again.data - one.seen.data) > 0
    expected = one.seen.operator.preview(torch.from_numpy(again.data)[None])[0].numpy()
    np.testing.assert_allclose(again.preview.pixels, expected, rtol=1e-5, atol=1e-3)
