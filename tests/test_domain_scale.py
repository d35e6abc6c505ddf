import numpy as np
import pytest
import torch

from pipeline.domain_scale import DomainScale
from pipeline.stretch import StretchError

BODY = np.array([8.0, 27, 27, 27, 38, 38, 45])
CT = DomainScale.of([BODY], [(-1000, 1300)])


def test_all_values_lie_between_minus_one_and_one_and_come_back():
    values = torch.linspace(-1000, 1300, 101).reshape(1, 1, 1, -1)
    scaled = CT.apply(values)
    assert scaled.abs().max() == pytest.approx(1)
    torch.testing.assert_close(CT.invert(scaled), values, rtol=1e-4, atol=1e-2)


def test_tissues_that_differ_by_a_hundredth_of_the_range_stand_apart():
    white, grey = CT.apply(torch.tensor([27.0, 38.0]).reshape(1, 1, 1, 2)).flatten()
    assert grey - white > 10 * 2 * (38 - 27) / 2300


def test_a_scale_is_known_again_by_its_plain_numbers():
    assert DomainScale.from_dict(CT.to_dict()) == CT


def test_bodies_of_one_value_are_refused_in_words():
    with pytest.raises(StretchError, match="band 0: two fifths of all bodies have the value 3; there is no tissue"):
        DomainScale.of([np.full(9, 3.0)], [(0, 9)])
