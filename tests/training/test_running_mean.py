from copy import deepcopy

import pytest
import torch
from torch import nn

from pipeline.training.running_mean import follow


@pytest.mark.parametrize("decay", [0.0, 0.9, 0.999])
def test_weights_count_by_their_age_alone(decay):
    module = nn.Sequential(nn.Linear(7, 5), nn.BatchNorm1d(5))
    mean, past = deepcopy(module), []
    for step in range(5):
        module(torch.randn(6, 7))
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(torch.randn(parameter.shape))
        follow(mean, module, decay, step)
        past.append([parameter.detach().clone() for parameter in module.parameters()])
        weight = torch.tensor([decay**age for age in reversed(range(step + 1))])
        for k, value in enumerate(mean.parameters()):
            every = torch.stack([then[k] for then in past])
            expected = torch.tensordot(weight / weight.sum(), every, 1)
            torch.testing.assert_close(value.detach(), expected)
        for kept, new in zip(mean.buffers(), module.buffers(), strict=True):
            assert torch.equal(kept, new)
