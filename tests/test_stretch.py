import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stretch import Stretch, StretchError

KINDS = ("asinh", "linear")
finite = st.floats(-1e6, 1e6)
softenings = st.floats(1e-3, 1e3)


def column(values):
    return torch.tensor(values, dtype=torch.float32)[None, None, :, None]


@settings(deadline=None)
@given(kind=st.sampled_from(KINDS), offset=st.floats(-100, 100), softening=softenings, value=finite)
def test_a_stretch_can_be_undone_in_single_precision(kind, offset, softening, value):
    stretch = Stretch(kind, (offset,), (softening,))
    x = column([value])
    again = stretch.invert(stretch.apply(x))
    assert float((again - x).abs()) <= 1e-5 * max(abs(value), abs(offset), softening)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stretch_is_monotone(kind):
    x = torch.cat([-torch.logspace(6, -6, 200), torch.zeros(1), torch.logspace(-6, 6, 200)])
    u = Stretch(kind, (0.0,), (0.05,)).apply(x[None, :, None])
    assert (u.diff(dim=1) > 0).all()


def test_asinh_is_linear_within_the_noise_and_logarithmic_far_above_it():
    stretch = Stretch("asinh", (10.0,), (3.0,))
    within, above = column([10.3, 9.7]), column([3e4, 3e5])
    torch.testing.assert_close(stretch.apply(within), column([0.1, -0.1]), rtol=2e-3, atol=0)
    low, high = stretch.apply(above).flatten().tolist()
    assert high - low == pytest.approx(math.log(10), rel=1e-3)


def test_linear_is_a_shift_and_a_scale():
    torch.testing.assert_close(Stretch("linear", (1.0,), (2.0,)).apply(column([1.0, 5.0])), column([0.0, 2.0]))


def test_every_band_has_its_own_numbers():
    u = Stretch("linear", (1.0, 10.0), (1.0, 2.0)).apply(torch.tensor([2.0, 14.0])[None, :, None, None])
    assert u.flatten().tolist() == [1.0, 2.0]


def test_a_stretch_survives_json():
    stretch = Stretch("asinh", (0.1, 0.2), (0.3, 0.4))
    assert Stretch.from_dict(json.loads(json.dumps(stretch.to_dict()))) == stretch


@pytest.mark.parametrize(
    ("offset", "softening", "says"),
    [
        ((0.0,), (0.0,), "softening 0"),
        ((0.0,), (-1.0,), "above 0"),
        ((0.0,), (math.nan,), "softening nan"),
        ((0.0,), (math.inf,), "softening inf"),
        ((math.nan,), (1.0,), "offset nan"),
        ((0.0, 0.0), (1.0,), "2 offsets and 1 softenings"),
    ],
)
def test_a_stretch_that_cannot_be_undone_is_refused(offset, softening, says):
    with pytest.raises(StretchError, match=says):
        Stretch("asinh", offset, softening)
