import numpy as np
import pytest

from pipeline.display import Scaling


def scaling(bands, unit="electron/s", sigma=0.02):
    return Scaling(unit, bands, [0.05] * len(bands), [sigma] * len(bands), 1.0)


@pytest.mark.parametrize(
    ("bands", "shown"),
    [
        (("F814W",), (0,)),
        (("g", "r"), (0,)),
        (("g", "r", "i"), (2, 1, 0)),
        (("red", "green", "blue"), (0, 1, 2)),
        (("u", "g", "r", "i", "z"), (4, 2, 0)),
    ],
)
def test_the_reddest_band_is_shown_red(bands, shown):
    assert scaling(bands).shown == shown


def test_a_display_image_keeps_its_own_steps_and_others_lift_the_faint():
    ramp = np.linspace(0.05, 1.05, 11, dtype=np.float32)[None, None]
    linear = scaling(("a",), "display").picture(ramp)[0, :, 0].astype(int)
    lifted = scaling(("a",)).picture(ramp)[0, :, 0].astype(int)
    assert np.ptp(np.diff(linear[:-1])) <= 1
    assert np.all(np.diff(lifted) > 0)
    assert lifted[1] - lifted[0] > 4 * (lifted[-1] - lifted[-2])


def test_a_truth_without_noise_can_be_shown():
    assert scaling(("a",), sigma=0.0).picture(np.full((1, 2, 2), 1.05, np.float32)).min() == 255
