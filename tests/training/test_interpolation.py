import pytest
import torch
from torch import nn

from pipeline.training.interpolation import interpolate_weights


def one_weight(value):
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, value)
    return module


def score(module):
    """Falls by 2 for each unit that the weight goes."""
    return 30.0 - 2.0 * module.weight.item()


def test_a_network_that_lost_too_much_goes_back_to_just_the_allowed_loss():
    module = one_weight(4.0)
    share = interpolate_weights(module, one_weight(0.0).state_dict(), score, allowed_loss=2.0)
    assert share == pytest.approx(0.25, abs=1 / 128)
    assert module.weight.item() == pytest.approx(4.0 * share)
    assert score(module) >= 28.0


def test_a_network_within_the_allowed_loss_stays_as_it_is():
    module = one_weight(0.5)
    assert interpolate_weights(module, one_weight(0.0).state_dict(), score, allowed_loss=2.0) == 1.0
    assert module.weight.item() == 0.5


def test_no_allowed_loss_gives_the_start_back():
    module, start = one_weight(4.0), one_weight(0.0)
    assert interpolate_weights(module, start.state_dict(), score, allowed_loss=0.0) == 0.0
    torch.testing.assert_close(module.weight, start.weight)
