"""Heads that are drawn: tissues of known HU, each head from its number alone."""

import numpy as np
import pytest

from pipeline.config import Images
from pipeline.datasets import DatasetError, open_dataset
from pipeline.datasets.head_phantom import anatomy, magnetic_resonance
from pipeline.datasets.head_phantom.tissues import Tissue
from pipeline.image import LESION, SOUND


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


def test_magnetic_resonance_shows_the_same_anatomy_with_other_contrasts():
    ct, t1 = (list(slices(2, size=128, modality=kind).values()) for kind in ("ct", "t1"))
    assert [image.id for image in ct] == [image.id for image in t1]
    for one, other in zip(ct, t1):
        assert np.array_equal(one.findings, other.findings)
        assert (other.unit, other.bands, other.group) == ("signal", ("t1",), one.group)
        hounsfield, signal, sound = one.pixels[0], other.pixels[0], one.findings[0] == SOUND
        assert np.corrcoef(hounsfield[sound], signal[sound])[0, 1] < 0
        assert signal[hounsfield > 700].mean() < 0.9 * signal[sound].mean()
        assert signal[hounsfield < -990].max() < 5


def test_bright_white_matter_dark_fluid_and_brightest_fat_make_a_t1_weighted_image():
    echo = {kind: magnetic_resonance.spoiled_echo(*known) for kind, known in magnetic_resonance.TISSUES.items()}
    order = (Tissue.AIR, Tissue.BONE, Tissue.FLUID, Tissue.GREY, Tissue.WHITE, Tissue.FAT)
    assert sorted(order, key=echo.get) == list(order)


def test_lesions_lie_where_the_findings_say_and_differ_from_the_brain():
    every = slices(16, heads=8)
    sound = slices(16, heads=8, lesions=0)
    changes = [abs(every[n].pixels - sound[n].pixels) for n in every]
    ill = [every[n].findings == LESION for n in every]
    assert sum(here.sum() for here in ill) > 40
    assert np.mean([c[i].mean() for c, i in zip(changes, ill) if i.any()]) > 5
    assert not any((sound[n].findings == LESION).any() for n in sound)


def test_a_share_of_the_heads_has_lesions_and_the_others_are_else_the_same():
    every, some, none = (slices(16, heads=8, lesions=share) for share in (1, 0.5, 0))
    kept = [np.array_equal(some[n].pixels, every[n].pixels) for n in every]
    gone = [np.array_equal(some[n].pixels, none[n].pixels) for n in every]
    assert all(k or g for k, g in zip(kept, gone))
    assert 0 < sum(not k for k in kept) < 16
