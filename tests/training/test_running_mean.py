from copy import deepcopy

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.training.running_mean import follow


def test_the_mean_is_that_of_torch_to_the_last_bit():
    module = nn.Sequential(nn.Linear(7, 5), nn.BatchNorm1d(5))
    mean, known = deepcopy(module), AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    for step in range(5):
        module(torch.randn(6, 7))
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(torch.randn(parameter.shape))
        follow(mean, module, 0.9 if step else 0.0)
        known.update_parameters(module)
        for name, value in known.module.state_dict().items():
            assert torch.equal(mean.state_dict()[name], value), name
