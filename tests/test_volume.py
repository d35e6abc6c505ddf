from dataclasses import replace

import numpy as np
import pytest

from pipeline.volume import SlicedVolume, Volume, VolumeError, runs_along

AFFINE = np.array([[0, 0, -0.7, 90], [0, 0.6, 0, -60], [2.0, 0, 0, -30], [0, 0, 0, 1]])


def volume(shape=(2, 11, 4, 5), seed=0):
    random = np.random.default_rng(seed)
    pixels = random.normal(size=shape).astype(np.float32)
    return Volume("p0001", pixels, random.random(shape) < 0.1, "HU", ("a", "b")[: shape[0]], AFFINE, "p1")


def test_spacing_is_read_off_the_affine_slices_first():
    assert volume().spacing == SlicedVolume.of(volume()).spacing == pytest.approx((2.0, 0.6, 0.7))


def test_slices_are_images_whose_names_sort_as_they_lie():
    images = list(volume().slices())
    assert [image.id for image in images] == sorted(f"p0001/{number:02d}" for number in range(11))
    assert {(image.group, image.unit, image.bands) for image in images} == {("p1", "HU", ("a", "b"))}
    np.testing.assert_array_equal(images[3].pixels, volume().pixels[:, 3])


def test_a_volume_comes_back_from_its_slices_in_any_order():
    doubled = [image.with_pixels(2 * image.pixels) for image in volume().slices()][::-1]
    again = volume().with_slices(doubled)
    np.testing.assert_array_equal(again.pixels, 2 * volume().pixels)
    np.testing.assert_array_equal(again.mask, volume().mask)
    assert (again.affine == AFFINE).all()


def test_slices_read_one_by_one_are_the_volume():
    again = SlicedVolume.of(volume()).whole()
    np.testing.assert_array_equal(again.pixels, volume().pixels)
    np.testing.assert_array_equal(again.mask, volume().mask)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda images: images[1:], "1 of 11 slices are missing, p0001/00 first"),
        (lambda images: [*images, images[4]], "p0001/04: no slice of p0001, or one that came before"),
        (lambda images: [replace(image, unit="signal") for image in images], "in signal"),
    ],
)
def test_slices_that_make_no_volume_are_refused(change, says):
    with pytest.raises(VolumeError, match=says):
        volume().with_slices(change(list(volume().slices())))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pixels": np.zeros((4, 5), np.float32)}, r"values of shape \(4, 5\)"),
        ({"mask": np.zeros((2, 11, 4, 6), bool)}, "mask has the shape"),
        ({"bands": ("a",)}, "1 bands are named, and there are 2"),
        ({"affine": np.diag([1.0, 0, 1, 1])}, "singular"),
        ({"affine": np.diag([1.0, np.nan, 1, 1])}, "no 4 x 4 matrix"),
        ({"affine": AFFINE[:3]}, "no 4 x 4 matrix"),
    ],
)
def test_what_makes_no_volume_is_refused_in_words(changes, says):
    with pytest.raises(VolumeError, match=says):
        replace(volume(), **changes)


def test_a_long_thin_voxel_is_not_singular():
    assert replace(volume(), affine=np.diag([1e-5, 1e3, 1, 1])).spacing == (1e-5, 1e3, 1)


def test_a_volume_in_print_shows_nothing_of_its_source():
    assert "Doe" not in repr(replace(volume(), source="/data/Doe^Jane")) + repr(
        SlicedVolume.of(replace(volume(), source="Doe"))
    )


@pytest.mark.parametrize(("direction", "axis"), [("axial", 2), ("coronal", 1), ("sagittal", 0)])
def test_slices_of_a_direction_lie_across_it_and_voxels_keep_their_places(direction, axis):
    before = volume()
    after = before.along(direction)
    assert np.argmax(np.abs(after.affine[:3, 0])) == axis
    assert np.array_equal(np.sort(after.pixels, None), np.sort(before.pixels, None))
    for place in [(0, 0, 0), (1, 2, 3)]:
        there = after.affine @ (*place, 1)
        old = np.rint(np.linalg.solve(before.affine, there))[:3].astype(int)
        assert after.pixels[(0, *place)] == before.pixels[(0, *old)]


def test_rows_run_from_head_to_foot_and_columns_from_right_to_left():
    coronal = volume().along("coronal")
    assert coronal.affine[2, 1] < 0
    assert coronal.affine[0, 2] < 0


@pytest.mark.parametrize("direction", ["axial", "coronal", "sagittal"])
def test_slices_of_a_direction_run_along_it_and_along_no_other(direction):
    turned = volume().along(direction)
    runs = {other for other in ("axial", "coronal", "sagittal") if runs_along(turned.affine, other)}
    assert runs == {direction}
    assert not runs_along(turned.affine[:, [0, 2, 1, 3]], direction)


def test_a_volume_without_a_place_has_no_directions():
    with pytest.raises(VolumeError, match="axial slices cannot be told"):
        replace(volume(), placed=False).along("axial")
