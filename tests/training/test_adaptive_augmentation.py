import pytest
import torch
from torch import nn

from pipeline.training.adaptive_augmentation import MOST, AdaptiveJudge, changed, draw_changes


def drawn(count, seed=0):
    return draw_changes(count, torch.Generator().manual_seed(seed))


def smooth(count=1, planes=2, size=33):
    down, right = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")
    wave = torch.sin(4 * down + 2 * right) + 2
    return wave.expand(count, planes, -1, -1).contiguous()


class Sees(nn.Module):
    """A judge that keeps what it is shown."""

    def forward(self, candidate, observation):
        self.shown = candidate, observation
        return candidate.mean((1, 2, 3))

    def judged(self, candidate, observation):
        return self(candidate, observation), [candidate]


def judge(probability):
    made = AdaptiveJudge(Sees(), 0.6, 100)
    made.probability.fill_(probability)
    return made


def test_without_changes_images_stay_as_they_are():
    images = torch.randn(3, 2, 20, 31)
    assert torch.equal(changed(images, 0.0, drawn(3)), images)


def test_planes_of_one_image_are_changed_alike_and_images_each_in_their_way():
    images = changed(smooth(4), 1.0, drawn(4))
    torch.testing.assert_close(images[:, 0], images[:, 1])
    assert not torch.allclose(images[0], images[1])


def test_a_share_of_the_images_is_changed():
    images = changed(smooth(2000, 1, 9), 0.3, drawn(2000))
    same = (images == smooth(2000, 1, 9)).flatten(1).all(1).float().mean()
    assert same.item() == pytest.approx(0.7**2, abs=0.04)


def test_a_cut_takes_a_square_of_half_the_width():
    images = changed(torch.ones(500, 1, 32, 32), 1.0, drawn(500))
    lost = (images == 0).float().mean((1, 2, 3))
    assert lost.max().item() == pytest.approx(0.25, abs=0.02)
    assert lost.min() > 0.05


def test_light_is_moved_and_not_made():
    images = changed(smooth(300), 0.5, drawn(300))
    kept = images[(images != 0).flatten(1).all(1)]
    assert len(kept) > 50
    assert kept.min() >= smooth().min() - 1e-5
    assert kept.max() <= smooth().max() + 1e-5


def test_the_slope_of_the_slope_is_known():
    images = smooth().double().requires_grad_()
    made = changed(images, 1.0, drawn(1))
    (slope,) = torch.autograd.grad(made.pow(3).sum(), images, create_graph=True)
    slope.square().sum().backward()
    assert images.grad.abs().sum() > 0


def test_truth_and_restoration_are_changed_alike_within_a_step():
    made, planes = judge(0.8), smooth(4)
    made.show(drawn(4, seed=5))
    made(planes, planes + 1)
    first = made.judge.shown
    made.judged(planes, planes + 1)
    for one, other in zip(first, made.judge.shown):
        assert torch.equal(one, other)
    made.show(drawn(4, seed=6))
    made(planes, planes + 1)
    assert not torch.equal(first[0], made.judge.shown[0])


def test_a_judge_that_is_asked_and_not_trained_sees_images_as_they_are():
    made, planes = judge(0.8).eval(), smooth()
    made(planes, planes)
    assert torch.equal(made.judge.shown[0], planes)


@pytest.mark.parametrize(("overfitting", "probability"), [(0.9, 0.75), (0.2, 0.25)])
def test_the_probability_follows_what_is_known_by_heart(overfitting, probability):
    made = judge(0.5)
    made.count(25)
    made.adapt(overfitting)
    assert made.probability.item() == pytest.approx(probability)
    made.adapt(overfitting)
    assert made.probability.item() == pytest.approx(probability)


def test_the_probability_keeps_its_bounds():
    for overfitting, bound in ((1.0, MOST), (0.0, 0.0)):
        made = judge(0.5)
        made.count(10**4)
        made.adapt(overfitting)
        assert made.probability.item() == pytest.approx(bound)
