"""Where a network of a scanner goes on from."""

import pytest
import torch
from made_slices import CT, MRI, measured

from pipeline.sparsity.first_estimate import FirstEstimate

BOTH = pytest.mark.parametrize("degrade", [CT, MRI], ids=["ct", "mri"])
FIRST = FirstEstimate(5, 0.3)


def error(scene, truth):
    return float((scene - truth).square().mean().sqrt())


@BOTH
def test_it_is_far_nearer_to_the_truth_than_a_filter(degrade):
    operator, scene, data, sigma = measured(degrade)
    filtered = operator.regularised_inverse(data, torch.tensor([1e-3]))
    found = FIRST(operator, data, sigma)
    assert error(found, scene) < 0.6 * min(error(filtered, scene), error(operator.preview(data), scene))


@BOTH
def test_a_slice_of_a_batch_is_what_it_is_alone(degrade):
    operator, _, data, sigma = measured(degrade)
    other = measured(degrade, seed=1)
    both = FIRST(operator.joined([other[0]]), torch.cat([data, 3 * data]), torch.cat([sigma, 3 * sigma]))
    alone = FIRST(operator, data, sigma)
    torch.testing.assert_close(both[:1], alone, atol=0.5, rtol=0)


@BOTH
def test_data_without_noise_have_one_too(degrade):
    operator, scene, _, sigma = measured(degrade)
    found = FIRST(operator, operator.forward(scene), torch.zeros_like(sigma))
    assert found.isfinite().all()
    assert FIRST(operator, torch.zeros_like(sigma), torch.zeros_like(sigma)).isfinite().all()
