import numpy as np
import pytest
from made_image import image

from pipeline.same_pixels import SamePixelsError, SlicesSeen


def test_the_same_pixels_under_two_patients_are_said():
    seen = SlicesSeen()
    seen.see(image("p0001/3", group="p0001"))
    seen.see(image("p0002/3", group="p0002", seed=1))
    with pytest.raises(SamePixelsError, match=r"^p0003/7: holds the same pixels as p0001/3, which"):
        seen.see(image("p0003/7", group="p0003"))


def test_a_copy_within_a_group_may_be():
    seen = SlicesSeen()
    for name in ("p0001/3", "p0001/4"):
        seen.see(image(name, group="p0001"))


def test_slices_of_one_value_are_alike_and_no_copies():
    seen, air = SlicesSeen(), np.full((1, 4, 4), -1000, np.float32)
    for group in ("p0001", "p0002"):
        seen.see(image(f"{group}/0", (1, 4, 4), group=group, pixels=air))
        seen.see(image(f"{group}/1", (1, 4, 4), group=group, mask=np.ones((1, 4, 4), bool)))
