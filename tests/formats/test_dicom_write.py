from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_dicom import SHAPE, changed, dataset, save_dicom, save_multiframe, save_series, stored_in
from pydicom.data import get_testdata_file

from pipeline.formats import FormatError
from pipeline.formats.dicom import NoSourceError, identifying_tags, open_dicom, read_dicom, write_dicom
from pipeline.formats.nifti import write_nifti
from pipeline.volume import SlicedVolume, Volume


@pytest.fixture
def simpleitk():
    return pytest.importorskip("SimpleITK")


def in_order(folder):
    """Files of a folder in the order in which their slices lie."""
    return [frame.path for frame in open_dicom(folder, "a").source.frames]


def read_by_simpleitk(simpleitk, files):
    names = [str(path) for path in files]
    image = simpleitk.ReadImage(names if len(names) > 1 else names[0])
    return image, simpleitk.GetArrayFromImage(image)


def test_what_was_not_changed_is_stored_as_the_same_integers(tmp_path):
    values = save_series(tmp_path / "a")
    files = write_dicom(tmp_path / "b", read_dicom(tmp_path / "a", "a"), "nothing")
    assert [path.name for path in files] == ["0001.dcm", "0002.dcm", "0003.dcm", "0004.dcm"]
    np.testing.assert_array_equal(stored_in(files), values)


@settings(max_examples=25, deadline=None)
@given(
    signed=st.booleans(), bits=st.integers(8, 16), inverted=st.booleans(), padded=st.booleans(),
    seed=st.integers(0, 99), slope=st.sampled_from(["1", "0.1", "3.774114", "-2", "0.0625"]),
    intercept=st.sampled_from(["0", "-1024", "0.000061"]),
)  # fmt: skip
def test_integers_of_any_kind_come_back(tmp_path_factory, signed, bits, inverted, padded, seed, slope, intercept):
    folder = tmp_path_factory.mktemp("any")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    kind = f"{'i' if signed else 'u'}{1 if bits == 8 else 2}"
    values = np.random.default_rng(seed).integers(low, high, SHAPE).astype(kind)
    path = save_dicom(
        folder / "a.dcm", values, BitsStored=bits, RescaleSlope=slope, RescaleIntercept=intercept,
        PhotometricInterpretation="MONOCHROME1" if inverted else "MONOCHROME2",
    )  # fmt: skip
    if padded:
        changed(path, PixelPaddingValue=int(values[0, 0]))
    volume = read_dicom(path, "a")
    files = write_dicom(folder / "b", volume, "nothing")
    np.testing.assert_array_equal(stored_in(files)[0], values)
    np.testing.assert_array_equal(read_dicom(files[0], "a").pixels, volume.pixels)


def test_a_derived_series_says_what_it_is(tmp_path):
    save_series(tmp_path / "a", RescaleType="HU")
    now = datetime(2026, 11, 29, 15, 30)
    files = write_dicom(
        tmp_path / "b", read_dicom(tmp_path / "a", "a"), "nafnet_faithful 0123abcd größer " + "x" * 99, now
    )
    derived, sources = (
        [pydicom.dcmread(path) for path in files],
        [pydicom.dcmread(path) for path in in_order(tmp_path / "a")],
    )
    for one, source in zip(derived, sources):
        for same in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "Modality", "RescaleType"):
            assert one[same] == source[same]
        for same in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
            assert one[same] == source[same]
        assert one.ImageType == ["DERIVED", "SECONDARY", "AXIAL"]
        assert one.SeriesDescription.startswith("RESEARCH, NOT FOR DIAGNOSIS: nafnet_faithful 0123abcd gr??er")
        assert one.DerivationDescription.startswith("RESEARCH, NOT FOR DIAGNOSIS. Clearfield ")
        assert one.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
        assert one.SourceImageSequence[0].ReferencedSOPClassUID == source.SOPClassUID
        assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
        assert (one.SeriesDate, one.SeriesTime) == ("20261129", "153000")
    ids = {one.SOPInstanceUID for one in derived} | {one.SOPInstanceUID for one in sources}
    assert len(ids) == 8
    assert len({one.SeriesInstanceUID for one in derived}) == 1
    assert derived[0].SeriesInstanceUID != sources[0].SeriesInstanceUID
    assert [one.InstanceNumber for one in derived] == [1, 2, 3, 4]


def test_private_elements_and_overlays_stay_behind(tmp_path):
    path = save_dicom(tmp_path / "a.dcm")
    found = pydicom.dcmread(path)
    found.private_block(0x0029, "SCANNER", create=True).add_new(1, "LO", "Doe was here")
    found.add_new(0x60003000, "OW", bytes(8))
    found.IconImageSequence = [pydicom.Dataset()]
    found.save_as(path)
    assert identifying_tags(path, "a")[-2:] == ["1 overlays", "2 private elements"]
    files = write_dicom(tmp_path / "b", read_dicom(path, "a"), "nothing")
    assert "private" not in " ".join(identifying_tags(files[0], "a"))
    assert not {0x60003000, "IconImageSequence"} & set(pydicom.dcmread(files[0]).keys())


@pytest.mark.parametrize(
    ("value", "bits", "signed", "slope"),
    [
        (4095 - 1024, 12, False, 1),  # within 12 bits
        (4096 - 1024, 16, False, 1),
        (-1025, 16, True, 1),
        (70000, 16, True, None),
    ],
)
def test_values_without_room_get_bits_a_sign_or_a_slope_and_none_is_clipped(tmp_path, value, bits, signed, slope):
    stored = np.arange(30, dtype=np.uint16).reshape(SHAPE)
    volume = read_dicom(save_dicom(tmp_path / "a.dcm", stored, BitsStored=12), "a")
    volume.pixels[0, 0, 5, 4] = value
    files = write_dicom(tmp_path / "b", volume, "one voxel")
    derived = pydicom.dcmread(files[0])
    assert (derived.BitsStored, derived.HighBit, bool(derived.PixelRepresentation)) == (bits, bits - 1, signed)
    if slope is not None:
        assert derived.RescaleSlope == slope
        np.testing.assert_array_equal(read_dicom(files[0], "a").pixels, volume.pixels)
    assert read_dicom(files[0], "a").unit == "HU"
    step = float(derived.RescaleSlope)
    assert step < 71024 / 65000
    np.testing.assert_allclose(read_dicom(files[0], "a").pixels, volume.pixels, atol=0.51 * step)


def test_a_new_slope_of_activity_keeps_the_intercept_at_0(tmp_path):
    save_series(tmp_path / "a", Modality="PT", Units="BQML", RescaleIntercept=0, RescaleSlope=0.125)
    volume = read_dicom(tmp_path / "a", "a")
    volume = volume.with_pixels(volume.pixels * 1000)
    files = write_dicom(tmp_path / "b", volume, "brighter")
    assert {pydicom.dcmread(path).RescaleIntercept for path in files} == {0}
    largest = np.abs(volume.pixels).max()
    np.testing.assert_allclose(read_dicom(tmp_path / "b", "b").pixels, volume.pixels, atol=0.51 * largest / 32766)


def test_all_slices_of_a_series_get_the_same_type(tmp_path):
    save_series(tmp_path / "a", each=lambda n: {"BitsStored": 12})
    volume = read_dicom(tmp_path / "a", "a")
    volume.pixels[0, 2, 0, 0] = 3000
    files = write_dicom(tmp_path / "b", volume, "one voxel")
    assert {pydicom.dcmread(path).BitsStored for path in files} == {16}
    np.testing.assert_array_equal(read_dicom(tmp_path / "b", "b").pixels, volume.pixels)


def test_a_value_that_would_be_taken_for_padding_is_stored_otherwise(tmp_path):
    stored = np.arange(30, dtype=np.uint16).reshape(SHAPE)
    path = changed(save_dicom(tmp_path / "a.dcm", stored), PixelPaddingValue=0)
    volume = read_dicom(path, "a")
    volume.pixels[0, 0, 3, 3] = -1024
    files = write_dicom(tmp_path / "b", volume, "air")
    again, derived = read_dicom(files[0], "a"), pydicom.dcmread(files[0])
    np.testing.assert_array_equal(again.mask, volume.mask)
    np.testing.assert_array_equal(again.pixels[~again.mask], volume.pixels[~volume.mask])
    assert derived.PixelPaddingValue == -32768
    assert derived["PixelPaddingValue"].VR == "SS"


def test_frames_of_one_file_stay_one_file(tmp_path):
    save_multiframe(tmp_path / "a.dcm", slopes=[1, 2, 0.5])
    volume = read_dicom(tmp_path / "a.dcm", "a")
    (file,) = write_dicom(tmp_path / "b", volume, "nothing")
    np.testing.assert_array_equal(pydicom.dcmread(file).pixel_array, pydicom.dcmread(tmp_path / "a.dcm").pixel_array)
    again = read_dicom(file, "b")
    np.testing.assert_array_equal(again.pixels, volume.pixels)
    np.testing.assert_array_equal(again.affine, volume.affine)
    shared = pydicom.dcmread(file).SharedFunctionalGroupsSequence[0]
    assert shared.MRImageFrameTypeSequence[0].FrameType == ["DERIVED", "SECONDARY", "T1", "NONE"]


def test_a_new_slope_reaches_every_frame(tmp_path):
    save_multiframe(tmp_path / "a.dcm", slopes=[1, 2, 0.5])
    volume = read_dicom(tmp_path / "a.dcm", "a")
    volume = volume.with_pixels(volume.pixels * 1000)
    (file,) = write_dicom(tmp_path / "b", volume, "brighter")
    np.testing.assert_allclose(read_dicom(file, "b").pixels, volume.pixels, atol=0.51 * volume.pixels.max() / 32766)


@pytest.mark.parametrize(
    "name",
    ["693_UNCR.dcm", "693_J2KI.dcm", "MR_small_bigendian.dcm", "eCT_Supplemental.dcm",
     "emri_small_big_endian.dcm", "image_dfl.dcm", "bad_sequence.dcm", "JPEG-LL.dcm"],
)  # fmt: skip
def test_examples_come_back_and_another_reader_sees_the_same_values(tmp_path, simpleitk, name):
    path = get_testdata_file(name, download=False)
    volume = read_dicom(path, "a")
    (file,) = write_dicom(tmp_path / "b", volume, "nothing")
    np.testing.assert_array_equal(pydicom.dcmread(file).pixel_array, pydicom.dcmread(path).pixel_array)
    values = simpleitk.GetArrayFromImage(simpleitk.ReadImage(str(file)))
    if name.startswith("eCT"):
        values = values[::-1]  # its frames are stored from the feet up, and lie from the head down
    trusted = ~volume.mask[0]
    np.testing.assert_allclose(values[trusted], volume.pixels[0][trusted], rtol=1e-6)


def test_another_reader_turns_and_scales_values_alike(tmp_path, simpleitk):
    kind = {"PhotometricInterpretation": "MONOCHROME1", "BitsStored": 12, "RescaleSlope": "3.774114"}
    volume = read_dicom(save_dicom(tmp_path / "a.dcm", **kind), "a")
    files = write_dicom(tmp_path / "b", volume, "nothing")
    _, values = read_by_simpleitk(simpleitk, files)
    np.testing.assert_allclose(values, volume.pixels[0], rtol=1e-6)


def test_another_reader_finds_the_series_where_it_was(tmp_path, simpleitk):
    save_series(tmp_path / "a", 5)
    volume = read_dicom(tmp_path / "a", "a")
    volume = volume.with_pixels(volume.pixels - 300)
    files = write_dicom(tmp_path / "b", volume, "darker")
    found = simpleitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "b"))
    assert list(found) == [str(path) for path in files]
    image, values = read_by_simpleitk(simpleitk, files)
    source, _ = read_by_simpleitk(simpleitk, in_order(tmp_path / "a"))
    np.testing.assert_array_equal(values, volume.pixels[0])
    for place in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(image, place)(), getattr(source, place)(), atol=1e-6)
    # ITK counts column, row, slice and to the left and back.
    for voxel in ((0, 0, 0), (4, 5, 1)):
        point = np.array(image.TransformIndexToPhysicalPoint(voxel[::-1]))
        np.testing.assert_allclose((volume.affine @ [*voxel, 1])[:3], point * [-1, -1, 1], atol=1e-5)


def test_a_nifti_file_of_a_series_lies_where_the_series_does_and_names_nobody(tmp_path, simpleitk):
    save_series(tmp_path / "a", 5)
    write_nifti(tmp_path / "a.nii", read_dicom(tmp_path / "a", "p0001"))
    image, values = read_by_simpleitk(simpleitk, [tmp_path / "a.nii"])
    source, same = read_by_simpleitk(simpleitk, in_order(tmp_path / "a"))
    np.testing.assert_array_equal(values, same)
    for voxel in ((0, 0, 0), (4, 5, 4), (2, 0, 1)):
        place = image.TransformIndexToPhysicalPoint(voxel)
        np.testing.assert_allclose(place, source.TransformIndexToPhysicalPoint(voxel), atol=1e-4)
    written = (tmp_path / "a.nii").read_bytes()
    assert not any(word in written for word in (b"Doe", b"hospital", b"1.2.3", b"p0001"))


def test_a_real_series_comes_back_slice_by_slice(tmp_path, data, simpleitk):
    files = sorted((data / "ct_abdomen").glob("*.dcm"))[:72]
    volume = open_dicom(files, "p0001")
    part = open_dicom([frame.path for frame in volume.source.frames[10:14]], "p0001")
    written = write_dicom(tmp_path / "b", part, "nothing")
    np.testing.assert_array_equal(stored_in(written), stored_in([frame.path for frame in part.source.frames]))
    np.testing.assert_allclose(open_dicom(tmp_path / "b", "b").affine, part.affine, atol=1e-6)
    _, values = read_by_simpleitk(simpleitk, written)
    np.testing.assert_array_equal(values, part.whole().pixels[0])


def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path):
    save_series(tmp_path / "a")
    volume = read_dicom(tmp_path / "a", "p0001")
    alone = Volume("p0001", volume.pixels, volume.mask, "HU", ("a",), volume.affine)
    with pytest.raises(NoSourceError, match=r"^p0001: it did not come from DICOM files"):
        write_dicom(tmp_path / "b", alone, "x")
    with pytest.raises(NoSourceError, match="is not that of its files"):
        write_dicom(tmp_path / "b", replace(volume, pixels=volume.pixels[:, :2], mask=volume.mask[:, :2]), "x")
    with pytest.raises(FormatError, match="is there already"):
        write_dicom(tmp_path / "a", volume, "x")
    sliced = SlicedVolume.of(volume)
    in_order(tmp_path / "a")[2].unlink()
    with pytest.raises(FormatError, match=r"^p0001: no such file"):
        write_dicom(tmp_path / "b", sliced, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_values_that_are_no_numbers_are_refused(tmp_path):
    volume = read_dicom(save_dicom(tmp_path / "a.dcm"), "a")
    volume.pixels[0, 0, 0, 0] = np.nan
    with pytest.raises(FormatError, match=r"^a: values that are no numbers"):
        write_dicom(tmp_path / "b", volume, "x")


def test_a_source_that_lacks_an_identity_cannot_be_referred_to(tmp_path):
    path = changed(save_dicom(tmp_path / "a.dcm"), SOPInstanceUID=None)
    with pytest.raises(FormatError, match=r"^a: its header is damaged"):
        write_dicom(tmp_path / "b", read_dicom(path, "a"), "x")
    assert not (tmp_path / "b").exists()


def test_names_in_other_scripts_stay_as_they_are(tmp_path):
    made = dataset(SpecificCharacterSet="ISO_IR 192", PatientName="Müller^Jörg=山田")
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    files = write_dicom(tmp_path / "b", read_dicom(tmp_path / "a.dcm", "a"), "nothing")
    assert pydicom.dcmread(files[0]).PatientName == "Müller^Jörg=山田"
