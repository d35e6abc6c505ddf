import pytest
import torch
from torch import nn

from pipeline.training.gradient_penalties import one_centred, zero_centred

IMAGES = torch.randn(3, 2, 8, 8, generator=torch.Generator().manual_seed(0))


class Plane(nn.Module):
    """A judge of known slope: each of (8 / width)^2 logits is ``slope`` times the sum of its patch."""

    def __init__(self, slope, width=8):
        super().__init__()
        self.slope, self.width = nn.Parameter(torch.tensor(slope)), width

    def forward(self, images):
        return self.slope * nn.functional.avg_pool2d(images.sum(1, keepdim=True), self.width) * self.width**2


def test_a_plane_has_the_slope_that_it_was_given():
    # |grad|^2 is slope^2 for each of 2 x 8 x 8 values.
    assert zero_centred(Plane(0.5), IMAGES).item() == pytest.approx(0.25 * 128)


def test_the_penalty_is_one_patch_s_for_any_number_of_patches():
    wide = IMAGES.repeat(1, 1, 4, 4)
    judge = Plane(0.5)
    assert zero_centred(judge, wide).item() == pytest.approx(zero_centred(judge, IMAGES).item())


def test_a_judge_of_packs_has_the_slope_of_all_images_of_a_pack():
    class Packed(Plane):
        def forward(self, images):
            return super().forward(images.unflatten(0, (-1, 3)).flatten(1, 2))

    assert zero_centred(Packed(0.5), IMAGES).item() == pytest.approx(3 * zero_centred(Plane(0.5), IMAGES).item())


def test_a_slope_of_one_costs_nothing_about_one():
    judge = Plane(1 / 128**0.5)
    share = torch.rand(3, 1, 1, 1)
    assert one_centred(judge, IMAGES, -IMAGES, share).item() == pytest.approx(0, abs=1e-8)
    assert one_centred(Plane(3 / 128**0.5), IMAGES, -IMAGES, share).item() == pytest.approx(4, rel=1e-5)


@pytest.mark.parametrize("judge", [Plane(0.5), Plane(0.5, 4)])
def test_the_penalty_flattens_the_judge(judge):
    zero_centred(judge, IMAGES).backward()
    assert judge.slope.grad > 0


def test_the_penalty_looks_where_it_is_told():
    def judge(images):
        return (images**2).sum((1, 2, 3))[:, None, None, None] / 2

    power = IMAGES.square().flatten(1).sum(1)
    assert zero_centred(judge, IMAGES).item() == pytest.approx(power.mean().item(), rel=1e-5)
    half = one_centred(judge, 2 * IMAGES, 0 * IMAGES, torch.full((3, 1, 1, 1), 0.5))
    assert half.item() == pytest.approx((power.sqrt() - 1).square().mean().item(), rel=1e-4)
