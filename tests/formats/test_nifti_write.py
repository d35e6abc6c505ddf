import gzip
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_nifti import OBLIQUE, save_nifti, stored

from pipeline.formats import FormatError
from pipeline.formats.nifti import open_nifti, read_nifti, write_nifti
from pipeline.formats.stored_scale import StoredScale
from pipeline.volume import Volume

KINDS = [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.float32, np.float64]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize(("slope", "intercept"), [(None, 0), (1, -1024), (0.0037, 12.5), (-3.774114, 6.1e-5)])
def test_what_was_not_changed_comes_back_exactly(tmp_path, dtype, slope, intercept):
    before = save_nifti(tmp_path / "a.nii", dtype=dtype, slope=slope, intercept=intercept)
    write_nifti(tmp_path / "b.nii.gz", read_nifti(tmp_path / "a.nii", "a"))
    after = stored(tmp_path / "b.nii.gz")
    assert after.dtype == before.dtype
    if before.dtype.kind == "f" and slope is not None:
        np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-5 + 1e-6 * abs(intercept / slope))
    else:
        np.testing.assert_array_equal(after, before)


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e3, 1e3), st.lists(st.integers(-(2**15), 2**16 - 1), min_size=1, max_size=20))
def test_stored_integers_survive_any_line_that_is_not_refused(slope, steps, integers):
    scale = StoredScale(slope, steps * slope)
    scale.refuse_inexact("a", -(2**15), 2**16 - 1)
    np.testing.assert_array_equal(scale.stored(scale.values(np.array(integers))), integers)


def test_the_affine_is_the_same_to_the_bit(tmp_path):
    rotated = nib.Nifti1Image(np.zeros((3, 3, 3), np.int16), OBLIQUE)
    rotated.set_qform(OBLIQUE, 1)
    rotated.set_sform(None, 0)
    nib.save(rotated, tmp_path / "a.nii")
    save_nifti(tmp_path / "b.nii", kind=nib.Nifti2Image)
    for name in "ab":
        write_nifti(tmp_path / "out.nii", read_nifti(tmp_path / f"{name}.nii", name))
        np.testing.assert_array_equal(nib.load(tmp_path / "out.nii").affine, nib.load(tmp_path / f"{name}.nii").affine)


def test_a_header_keeps_what_it_said_and_says_that_it_is_research(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), OBLIQUE)
    image.header["intent_name"], image.header["pixdim"][4] = b"T1", 2.5
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"kept"))
    nib.save(image, tmp_path / "a.nii")
    write_nifti(tmp_path / "b.nii", read_nifti(tmp_path / "a.nii", "a"))
    again = nib.load(tmp_path / "b.nii").header
    assert again["descrip"].item() == b"RESEARCH, NOT FOR DIAGNOSIS"
    assert again["intent_name"].item() == b"T1"
    assert again["pixdim"][4] == 2.5
    assert again.extensions[0].get_content() == b"kept"


@pytest.mark.parametrize("value", [300.4, -0.6])
def test_nothing_is_clipped_values_out_of_range_are_kept_as_float32(tmp_path, value):
    save_nifti(tmp_path / "a.nii", dtype=np.uint8)
    volume = read_nifti(tmp_path / "a.nii", "a")
    volume.pixels[0, 1, 2, 3] = value
    write_nifti(tmp_path / "b.nii", volume)
    assert stored(tmp_path / "b.nii").dtype == np.float32
    np.testing.assert_array_equal(read_nifti(tmp_path / "b.nii", "b").pixels, volume.pixels)
    np.testing.assert_array_equal(nib.load(tmp_path / "b.nii").affine, nib.load(tmp_path / "a.nii").affine)


def test_restored_values_are_rounded_to_the_nearest_that_can_be_stored(tmp_path):
    save_nifti(tmp_path / "a.nii", slope=0.5)
    volume = read_nifti(tmp_path / "a.nii", "a")
    write_nifti(tmp_path / "b.nii", volume.with_pixels(volume.pixels + np.float32(0.2)))
    np.testing.assert_array_equal(read_nifti(tmp_path / "b.nii", "b").pixels, volume.pixels)


def test_voxels_that_held_no_number_hold_it_again(tmp_path):
    values = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)
    values[0, 0, 0], values[1, 1, 1] = np.nan, -np.inf
    save_nifti(tmp_path / "a.nii", values)
    write_nifti(tmp_path / "b.nii", open_nifti(tmp_path / "a.nii", "a"))
    np.testing.assert_array_equal(stored(tmp_path / "b.nii"), values)


def test_four_axes_come_back_in_their_order(tmp_path):
    values = save_nifti(tmp_path / "a.nii", np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2))
    write_nifti(tmp_path / "b.nii", open_nifti(tmp_path / "a.nii", "a", channels=True))
    np.testing.assert_array_equal(stored(tmp_path / "b.nii"), values)


@pytest.mark.parametrize("bands", [1, 2])
def test_a_volume_of_no_file_is_placed_by_its_affine(tmp_path, bands):
    pixels = np.random.default_rng(0).normal(size=(bands, 3, 4, 5)).astype(np.float32)
    affine = OBLIQUE[:, [2, 1, 0, 3]]
    volume = Volume("a", pixels, np.zeros(pixels.shape, bool), "HU", ("a", "b")[:bands], affine)
    write_nifti(tmp_path / "a.nii", volume)
    again = read_nifti(tmp_path / "a.nii", "a", channels=bands == 2)
    np.testing.assert_array_equal(again.pixels, pixels)
    np.testing.assert_allclose(again.affine, affine, atol=1e-5)
    write_nifti(tmp_path / "b.nii", replace(volume, placed=False))
    unplaced = read_nifti(tmp_path / "b.nii", "b", channels=bands == 2)
    assert not unplaced.placed
    assert unplaced.spacing == pytest.approx(volume.spacing)


def test_a_compressed_file_holds_neither_name_nor_time(tmp_path):
    save_nifti(tmp_path / "a.nii")
    write_nifti(tmp_path / "b.nii.gz", read_nifti(tmp_path / "a.nii", "a"))
    packed = (tmp_path / "b.nii.gz").read_bytes()
    assert packed[3:8] == bytes(5)
    assert len(gzip.decompress(packed)) == (tmp_path / "a.nii").stat().st_size


def test_what_cannot_be_written_is_refused(tmp_path):
    save_nifti(tmp_path / "a.nii")
    volume = read_nifti(tmp_path / "a.nii", "a")
    with pytest.raises(FormatError, match="must end in"):
        write_nifti(tmp_path / "b.img", volume)
    with pytest.raises(FormatError, match="is not that of its file"):
        write_nifti(tmp_path / "b.nii", replace(volume, pixels=volume.pixels[:, :2], mask=volume.mask[:, :2]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nii"]


@pytest.mark.parametrize("kind", [np.int16, np.float32])
@pytest.mark.parametrize(("own_scale", "more"), [(True, 0.0), (False, 0.0), (False, 1e6)])
def test_a_big_endian_file_stays_one_that_others_read(tmp_path, kind, own_scale, more):
    values = np.arange(60, dtype=np.dtype(kind).newbyteorder(">")).reshape(5, 4, 3)
    nib.Nifti1Image(values, OBLIQUE, nib.Nifti1Header(endianness=">")).to_filename(tmp_path / "a.nii")
    volume = read_nifti(tmp_path / "a.nii", "a")
    write_nifti(tmp_path / "b.nii", replace(volume, pixels=volume.pixels + np.float32(more)), own_scale)
    again = nib.load(tmp_path / "b.nii")
    assert again.header.endianness == ">"
    np.testing.assert_allclose(again.get_fdata(), values + more, rtol=1e-6)
