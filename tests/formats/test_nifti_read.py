import gzip
import tracemalloc

import nibabel as nib
import numpy as np
import pytest
from made_nifti import OBLIQUE, patched, save_nifti

from pipeline.errors import ClearfieldError
from pipeline.formats import FormatError
from pipeline.formats.nifti import (
    NiftiSizeError,
    NotThreeDError,
    UnpackedSizeError,
    VoxelTypeError,
    identifying_fields,
    open_nifti,
    read_nifti,
)
from pipeline.formats.nifti import file as nifti_file
from pipeline.volume import VolumeError


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_values_and_places_are_those_that_nibabel_gives(tmp_path, kind, name):
    save_nifti(tmp_path / name, kind=kind, slope=0.25, intercept=-7)
    volume, image = read_nifti(tmp_path / name, "p0001"), nib.load(tmp_path / name)
    assert volume.shape == (1, 3, 4, 5)
    np.testing.assert_array_equal(volume.pixels[0], image.get_fdata().T)
    for voxel in ((0, 0, 0), (2, 3, 4), (1, 0, 2)):
        np.testing.assert_allclose(volume.affine @ [*voxel, 1], image.affine @ [*voxel[::-1], 1], atol=1e-6)
    assert volume.spacing == pytest.approx(image.header.get_zooms()[::-1])
    assert volume.placed
    assert (volume.group, volume.unit) == ("p0001", "unknown")


def test_a_big_endian_file_is_read(tmp_path):
    image = nib.Nifti1Image(np.arange(24, dtype=">i2").reshape(2, 3, 4), OBLIQUE, nib.Nifti1Header(endianness=">"))
    nib.save(image, tmp_path / "a.nii")
    assert (tmp_path / "a.nii").read_bytes()[:4] == b"\0\0\1\x5c"
    np.testing.assert_array_equal(read_nifti(tmp_path / "a.nii", "a").pixels[0], image.get_fdata().T)


def test_slices_are_read_one_by_one(tmp_path):
    values = save_nifti(tmp_path / "a.nii")
    np.testing.assert_array_equal(open_nifti(tmp_path / "a.nii", "a").slice(1).pixels[0], values[:, :, 1].T)


def test_a_large_plain_file_takes_the_memory_of_a_slice(tmp_path):
    save_nifti(tmp_path / "a.nii", np.zeros((128, 128, 256), np.int16))
    tracemalloc.start()
    for image in open_nifti(tmp_path / "a.nii", "a").slices():
        assert image.shape == (1, 128, 128)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e6


def test_a_fourth_axis_is_refused_unless_it_holds_channels(tmp_path):
    values = save_nifti(tmp_path / "a.nii", np.arange(120, dtype=np.int16).reshape(5, 4, 3, 2))
    with pytest.raises(NotThreeDError, match=r"a: 4-D \(5 x 4 x 3 x 2\) where 3-D is needed"):
        open_nifti(tmp_path / "a.nii", "a")
    volume = read_nifti(tmp_path / "a.nii", "a", channels=True)
    assert volume.bands == ("channel0", "channel1")
    np.testing.assert_array_equal(volume.pixels, values.transpose(3, 2, 1, 0))
    save_nifti(tmp_path / "b.nii", values[:, :, :, None, :])
    with pytest.raises(NotThreeDError, match="5-D"):
        open_nifti(tmp_path / "b.nii", "b", channels=True)


def test_axes_of_length_one_are_no_axes(tmp_path):
    values = save_nifti(tmp_path / "a.nii", np.arange(60, dtype=np.int16).reshape(5, 4, 3, 1))
    np.testing.assert_array_equal(read_nifti(tmp_path / "a.nii", "a").pixels[0], values[..., 0].T)
    save_nifti(tmp_path / "b.nii", values[:, :, 0, 0])
    assert open_nifti(tmp_path / "b.nii", "b").shape == (1, 1, 4, 5)


def test_what_is_no_number_is_masked(tmp_path):
    values = np.ones((5, 4, 3), np.float32)
    values[1, 2, 0] = np.nan
    save_nifti(tmp_path / "a.nii", values)
    volume = read_nifti(tmp_path / "a.nii", "a")
    assert np.argwhere(volume.mask).tolist() == [[0, 0, 2, 1]]
    assert (volume.pixels == 1).all()


def test_metres_become_millimetres(tmp_path):
    save_nifti(tmp_path / "a.nii", affine=OBLIQUE)
    patched(tmp_path / "a.nii", xyzt_units=1)
    assert read_nifti(tmp_path / "a.nii", "a").spacing == pytest.approx(
        tuple(1000 * np.linalg.norm(OBLIQUE[:3, :3], axis=0)[::-1])
    )


def test_a_file_without_a_place_says_so(tmp_path):
    save_nifti(tmp_path / "a.nii")
    patched(tmp_path / "a.nii", sform_code=0, qform_code=0)
    volume = read_nifti(tmp_path / "a.nii", "a")
    assert not volume.placed
    assert volume.spacing == pytest.approx(tuple(np.linalg.norm(OBLIQUE[:3, :3], axis=0)[::-1]))


@pytest.mark.parametrize("singular", [np.diag([1, 1, 0, 1.0]), np.ones((4, 4)), np.diag([1, np.nan, 1, 1])])
def test_a_singular_affine_is_refused(tmp_path, singular):
    save_nifti(tmp_path / "a.nii")
    patched(tmp_path / "a.nii", srow_x=singular[0], srow_y=singular[1], srow_z=singular[2], sform_code=1)
    with pytest.raises(VolumeError, match="a: its affine is"):
        open_nifti(tmp_path / "a.nii", "a")


def test_a_header_that_lies_about_the_size_is_refused(tmp_path):
    save_nifti(tmp_path / "a.nii")
    patched(tmp_path / "a.nii", dim=[3, 5, 4, 300, 1, 1, 1, 1])
    with pytest.raises(NiftiSizeError, match="it holds 472 bytes, and its header states 12352"):
        open_nifti(tmp_path / "a.nii", "a")
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress((tmp_path / "a.nii").read_bytes()))
    with pytest.raises(NiftiSizeError, match="it unpacks to 472 bytes, and its header states 12352"):
        open_nifti(tmp_path / "a.nii.gz", "a")


def test_a_header_that_states_less_than_the_file_holds_is_refused(tmp_path):
    save_nifti(tmp_path / "a.nii", np.zeros((50, 50, 10), np.int16))
    patched(tmp_path / "a.nii", dim=[3, 50, 50, 9, 1, 1, 1, 1])
    with pytest.raises(NiftiSizeError, match="it holds 50352 bytes, and its header states 45352"):
        open_nifti(tmp_path / "a.nii", "a")


@pytest.mark.parametrize("dim", [[3, 5, -4, 3, 1, 1, 1, 1], [3, 0, 4, 3, 1, 1, 1, 1], [0, 5, 4, 3, 1, 1, 1, 1]])
def test_axes_that_cannot_be_are_refused(tmp_path, dim):
    save_nifti(tmp_path / "a.nii")
    patched(tmp_path / "a.nii", dim=dim)
    with pytest.raises(FormatError, match=r"^a: its header"):
        open_nifti(tmp_path / "a.nii", "a")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    save_nifti(tmp_path / "a.nii")
    plain = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(plain + bytes(50 * 2**20)))
    tracemalloc.start()
    with pytest.raises(UnpackedSizeError, match="goes on after the 472 bytes that its header states"):
        open_nifti(tmp_path / "a.nii.gz", "a")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8e6


def test_a_compressed_file_above_the_limit_is_refused_by_its_header(tmp_path, monkeypatch):
    save_nifti(tmp_path / "a.nii.gz", np.zeros((50, 50, 50), np.int16))
    monkeypatch.setattr(nifti_file, "LIMIT", 2**17)
    with pytest.raises(UnpackedSizeError, match=r"may unpack to 0\.00012207 GiB"):
        open_nifti(tmp_path / "a.nii.gz", "a")


def test_integers_that_float32_does_not_tell_apart_are_refused(tmp_path):
    save_nifti(tmp_path / "a.nii", np.full((2, 2, 2), 2**24 + 1, np.int32))
    with pytest.raises(FormatError, match="steps of 1, which float32 does not tell apart"):
        open_nifti(tmp_path / "a.nii", "a")


def test_colours_and_complex_voxels_are_refused(tmp_path):
    save_nifti(tmp_path / "a.nii", np.ones((2, 2, 2), np.complex64))
    save_nifti(tmp_path / "b.nii", np.zeros((2, 2, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")]))
    for name in "ab":
        with pytest.raises(VoxelTypeError, match=f"{name}: voxels of type"):
            open_nifti(tmp_path / f"{name}.nii", name)


@pytest.mark.parametrize("name", ["Doe^Jane.nii", "Doe^Jane.nii.gz"])
@pytest.mark.parametrize(
    "content", [b"", b"\x5c\1", b"\x5c\1\0\0" + bytes(100), b"SIMPLE" * 100, b"\x1f\x8b" + bytes(9)]
)
def test_what_is_no_nifti_is_refused_in_a_line_without_its_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=r"^p0001: ") as refused:
        open_nifti(tmp_path / name, "p0001")
    assert "Doe" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_said_without_its_name(tmp_path):
    with pytest.raises(FormatError, match=r"^p0001: no such file$"):
        open_nifti(tmp_path / "Doe.nii", "p0001")


def test_any_byte_of_a_header_may_be_wrong(tmp_path):
    save_nifti(tmp_path / "a.nii")
    whole = (tmp_path / "a.nii").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for place in random.integers(0, 352, 3):
            data[place] = random.choice([0, 1, 127, 128, 255])
        (tmp_path / "b.nii").write_bytes(data)
        try:
            volume = read_nifti(tmp_path / "b.nii", "b", channels=True)
        except ClearfieldError as refused:
            assert "\n" not in str(refused)  # noqa: PT017
        else:
            assert np.isfinite(volume.pixels).all()


def test_fields_that_may_name_the_patient_are_listed_by_name_alone(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), OBLIQUE)
    image.header["descrip"], image.header["db_name"] = b"Doe^Jane", b"Doe"
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Doe was here"))
    nib.save(image, tmp_path / "a.nii")
    assert identifying_fields(tmp_path / "a.nii", "a") == ["descrip", "db_name", "comment"]
    save_nifti(tmp_path / "b.nii")
    assert identifying_fields(tmp_path / "b.nii", "b") == []
