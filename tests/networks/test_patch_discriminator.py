import pytest
import torch
from torch import nn

from pipeline.networks.patch_discriminator import PatchDiscriminator


@pytest.mark.parametrize("normalisation", ["none", "spectral", "instance"])
def test_a_logit_judges_seventy_by_seventy_pixels(normalisation):
    judge = PatchDiscriminator(1, 4, normalisation)
    # Instance normalisation looks at the whole image by its nature; the patch is what the convolutions see.
    judge.norms = nn.ModuleList(nn.Identity() for _ in judge.norms)
    candidate = torch.randn(1, 1, 256, 256, requires_grad=True)
    logits = judge.eval()(candidate, torch.randn(1, 1, 256, 256))
    logits[0, 0, 15, 15].backward()
    rows, columns = candidate.grad[0, 0].nonzero().T
    assert rows.max() - rows.min() + 1 == 70
    assert columns.max() - columns.min() + 1 == 70


@pytest.mark.parametrize(("size", "logits"), [(256, 30), (64, 6), (32, 2), (24, 1)])
def test_there_is_a_logit_for_every_eight_pixels(size, logits):
    planes = torch.randn(2, 3, size, size)
    assert PatchDiscriminator(3, 4)(planes, planes).shape == (2, 1, logits, logits)


def test_the_observation_matters():
    judge = PatchDiscriminator(2, 4)
    candidate, observation = torch.randn(1, 2, 32, 32), torch.randn(1, 2, 32, 32)
    assert not torch.equal(judge.eval()(candidate, observation), judge(candidate, 0 * observation))


def test_features_go_from_fine_to_coarse_and_end_in_the_logits():
    judge = PatchDiscriminator(1, 4)
    planes = torch.randn(1, 1, 64, 64)
    features = judge.features(planes, planes)
    assert [f.shape[1] for f in features] == [4, 8, 16, 32]
    assert torch.equal(judge.last(features[-1]), judge(planes, planes))


def test_spectral_normalisation_bounds_every_layer():
    judge = PatchDiscriminator(2, 8, "spectral")
    planes = torch.randn(1, 2, 32, 32)
    for _ in range(100):
        judge(planes, planes)
    for layer in (*judge.layers, judge.last):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)
