import pytest
import torch

from pipeline.training.adversarial_losses import LOSSES
from pipeline.training.balance import (
    CollapseError,
    histogram_distance,
    overfitting,
    refuse_collapse,
    sign_of_overfitting,
    told_apart,
    variety,
)

IMAGES = torch.randn(4, 2, 8, 8, generator=torch.Generator().manual_seed(0))


def test_a_judge_that_knows_its_images_by_heart_calls_all_of_them_real():
    assert sign_of_overfitting(torch.tensor([3.0, 0.1])) == 1
    assert sign_of_overfitting(torch.tensor([3.0, -0.1])) == 0


def test_unseen_truth_lies_between_what_was_learned_and_what_was_restored():
    learned, restored = torch.tensor([2.0]), torch.tensor([-2.0])
    assert overfitting(learned, learned, restored) == 0
    assert overfitting(learned, torch.tensor([1.0]), restored) == 0.25
    assert overfitting(learned, restored, restored) == 1
    # A constant on all logits changes nothing, as befits a relativistic judge.
    assert overfitting(learned + 7, torch.tensor([8.0]), restored + 7) == 0.25


def test_a_judge_that_tells_nothing_apart_knows_nothing_by_heart():
    assert overfitting(torch.tensor([1.0]), torch.tensor([0.0]), torch.tensor([1.0])) == 0


def test_told_apart_counts_patches():
    assert told_apart(torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([0.0, 0.0, 0.0, 2.0])) == 0.75


def test_variety_is_a_ratio_of_variances_between_images():
    assert variety(IMAGES, IMAGES) == pytest.approx(1)
    assert variety(0.5 * IMAGES + 3, IMAGES) == pytest.approx(0.25)
    assert variety(IMAGES[:1].expand(4, -1, -1, -1), IMAGES) == 0


def test_one_image_for_all_is_a_collapse():
    with pytest.raises(CollapseError, match=r"collapsed: restored images differ by 0.005 .* lower the weight"):
        refuse_collapse("adversarial", 10.0, torch.zeros(3), torch.zeros(3), 0.005)


def test_a_hopeless_lead_is_a_collapse_and_a_large_one_is_not():
    lead = torch.tensor([11.0, 12.0])
    with pytest.raises(CollapseError, match="tells every restored patch") as error:
        refuse_collapse("adversarial", 10.0, lead, torch.zeros(2), 1.0)
    assert "\n" not in str(error.value)
    refuse_collapse("adversarial", 10.0, torch.tensor([11.0, 9.0]), torch.zeros(2), 1.0)
    refuse_collapse("adversarial", 10.0, torch.zeros(2), lead, 1.0)
    refuse_collapse("adversarial", LOSSES["wasserstein"].hopeless, 1e6 * lead, torch.zeros(2), 1.0)


def test_a_histogram_moved_by_a_step_is_that_far_away_whatever_lies_where():
    mixed = IMAGES.flip(0, 2, 3)
    assert histogram_distance(IMAGES, mixed) == 0
    assert histogram_distance(IMAGES, mixed + 0.5) == pytest.approx(0.5)
