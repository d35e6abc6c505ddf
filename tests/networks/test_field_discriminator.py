import pytest
import torch

from pipeline.networks.field_discriminator import FieldDiscriminator


def test_a_logit_judges_fifty_six_by_fifty_six_pixels():
    crops = torch.randn(1, 1, 128, 128, requires_grad=True)
    FieldDiscriminator(1, 4)(crops)[0, 0, 8, 8].backward()
    for line in crops.grad[0, 0].nonzero().T:
        assert line.max() - line.min() + 1 == 56


@pytest.mark.parametrize(("count", "pack", "judged"), [(4, 1, 4), (4, 2, 2), (6, 3, 2), (1, 2, 1)])
def test_crops_are_judged_in_packs(count, pack, judged):
    assert FieldDiscriminator(2, 4, pack)(torch.randn(count, 2, 64, 64)).shape == (judged, 1, 8, 8)


def test_a_pack_sees_that_its_crops_are_alike():
    judge = FieldDiscriminator(1, 4, 2)
    one, other = torch.randn(2, 1, 1, 32, 32)
    assert not torch.equal(judge(torch.cat([one, one])), judge(torch.cat([one, other])))
