"""Heads that are drawn: tissues of known HU, each head from its number alone."""

import numpy as np
import pytest

from pipeline.config import Images
from pipeline.datasets import DatasetError, open_dataset
from pipeline.datasets.head_phantom import anatomy


def slices(count=2, seed=3, **phantom):
    settings = Images(dataset="head_phantom", phantom={"size": 64, "slices": 2, **phantom})
    return dict(zip(range(count), open_dataset(settings, seed)))


def test_a_head_has_air_around_it_bone_and_a_brain_inside():
    head = slices(1)[0]
    plane = head.pixels[0]
    assert plane[0, 0] == pytest.approx(-1000)
    assert plane.max() > 400
    inside = plane[24:40, 24:40]
    assert np.median(inside) == pytest.approx(30, abs=12)
    assert (head.unit, head.bands, head.pixel_mm) == ("HU", ("ct",), pytest.approx(230 / 64))


def test_slices_of_one_head_are_one_group():
    first, second, third = slices(3).values()
    assert first.group == second.group != third.group


def test_more_heads_change_none_of_the_others():
    few, many = slices(2, heads=2), slices(2, heads=5)
    assert np.array_equal(few[1].pixels, many[1].pixels)


def test_another_seed_gives_other_heads():
    assert not np.array_equal(slices(1, seed=3)[0].pixels, slices(1, seed=4)[0].pixels)


def test_lesions_lie_within_the_skull():
    for number in range(40):
        head = anatomy.head(1, number)
        brain = head.scalp + head.bone
        for lesion in head.lesions:
            x, y = np.array([lesion.outline.x]), np.array([lesion.outline.y])
            assert head.skin.inside(x, y, brain).all()


def test_other_bands_are_refused():
    with pytest.raises(DatasetError, match="one band ct"):
        open_dataset(Images(dataset="head_phantom", bands=["mr"]))
