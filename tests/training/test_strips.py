import numpy as np
import torch

from pipeline.display import Scaling
from pipeline.stretch import Stretch
from pipeline.training.strips import STRIP_ROWS, STRIP_WIDTH, strip

SCALING = Scaling("display", ("a",), [0.0], [0.01], 1.0)


def test_wide_crops_are_cut_to_their_middle_and_many_to_the_first_few():
    crops = torch.zeros(8, 1, 200, 160)
    crops[:, :, 52 : 52 + STRIP_WIDTH, 32 : 32 + STRIP_WIDTH] = 1
    picture = strip([crops], Stretch("linear", (0.0,), (1.0,)), SCALING)
    assert picture.shape == (STRIP_ROWS * STRIP_WIDTH + 2 * (STRIP_ROWS - 1), STRIP_WIDTH, 3)
    assert picture.min() == 255


def test_values_are_shown_in_the_unit_of_the_image_whatever_the_stretch():
    physical = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)
    stretch = Stretch("asinh", (0.1,), (0.05,))
    picture = strip([stretch.apply(physical)], stretch, SCALING)
    expected = SCALING.picture(physical[0].numpy())
    assert abs(picture.astype(int) - expected).max() <= 1
    assert np.ptp(picture) > 200
