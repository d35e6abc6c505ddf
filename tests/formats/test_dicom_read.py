import logging
import tracemalloc
import warnings

import numpy as np
import pydicom
import pytest
from made_dicom import NORMAL, SHAPE, TILTED, save_dicom, save_multiframe, save_series
from pydicom.data import get_testdata_file

from pipeline.formats import FormatError
from pipeline.formats.dicom import (
    BitsError,
    NotGreyError,
    open_dicom,
    read_dicom,
)


@pytest.fixture(autouse=True)
def nothing_is_said(caplog):
    """pydicom quotes what it finds odd, so that no word of it may get through."""
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert caplog.text == ""


def example(name):
    return get_testdata_file(name, download=False)


def test_slices_are_sorted_as_they_lie_and_rescaled(tmp_path):
    values = save_series(tmp_path / "a")
    volume = read_dicom(tmp_path / "a", "p0001")
    np.testing.assert_array_equal(volume.pixels[0], values - 1024.0)
    assert (volume.unit, volume.group, volume.bands, volume.placed) == ("HU", "p0001", ("intensity",), True)
    assert volume.spacing == pytest.approx((2, 0.75, 0.5))


def test_voxels_lie_where_the_standard_says_turned_to_the_right_and_the_front(tmp_path):
    save_series(tmp_path / "a")
    affine = read_dicom(tmp_path / "a", "a").affine
    row, column = np.array(TILTED[:3]), np.array(TILTED[3:])
    lps = np.array([-10, 20, 30]) + 3 * 2.0 * NORMAL + 4 * 0.75 * column + 1 * 0.5 * row
    np.testing.assert_allclose(affine @ [3, 4, 1, 1], [-lps[0], -lps[1], lps[2], 1], atol=1e-6)


def test_a_series_is_read_one_slice_at_a_time(tmp_path):
    values = save_series(tmp_path / "a")
    volume = open_dicom(tmp_path / "a", "a")
    for path in (tmp_path / "a").iterdir():
        if int(path.stem[-2:]) != 7:
            path.unlink()
    np.testing.assert_array_equal(volume.slice(1).pixels[0], values[1] - 1024.0)
    with pytest.raises(FormatError, match="slice 3 of 4"):
        volume.slice(2)


def test_what_is_no_image_in_a_folder_is_passed_over(tmp_path):
    values = save_series(tmp_path / "a")
    (tmp_path / "a" / "LICENSE").write_text("free")
    (tmp_path / "a" / "more").mkdir()
    report = pydicom.dcmread(tmp_path / "a" / "Doe00.dcm")
    for name in ("PixelData", "Rows", "Columns"):
        delattr(report, name)
    report.SeriesInstanceUID = "1.2.3.9"
    report.save_as(tmp_path / "a" / "report.dcm")
    assert open_dicom(tmp_path / "a", "a").shape == (1, *values.shape)


def test_frames_of_one_file_are_sorted_too_each_with_its_own_slope(tmp_path):
    values = save_multiframe(tmp_path / "a.dcm", slopes=[1, 2, 0.5])
    volume = read_dicom(tmp_path / "a.dcm", "a")
    np.testing.assert_array_equal(volume.pixels[0], values * np.array([1, 2, 0.5])[:, None, None])
    assert volume.spacing == pytest.approx((3, 0.75, 0.5))
    assert volume.unit == "signal"


def test_activity_has_a_slope_for_each_slice(tmp_path):
    slopes = [0.5, 1.25, 3.0, 0.125]
    values = save_series(
        tmp_path / "a", each=lambda n: {"RescaleSlope": slopes[n]}, Modality="PT", Units="BQML", RescaleIntercept=0
    )
    volume = read_dicom(tmp_path / "a", "a")
    assert volume.unit == "Bq/mL"
    np.testing.assert_array_equal(volume.pixels[0], values * np.array(slopes)[:, None, None])


@pytest.mark.parametrize(
    ("elements", "unit"),
    [
        ({"RescaleType": "HU"}, "HU"),
        ({"RescaleType": "US"}, "unknown"),
        ({"RescaleSlope": None}, "unknown"),
        ({"Modality": "MR"}, "signal"),
        ({"Modality": "CR"}, "signal"),
        ({"Modality": "PT", "Units": "CNTS"}, "counts"),
        ({"Modality": "US"}, "display"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "display"),
    ],
)
def test_the_unit_is_that_of_the_modality(tmp_path, elements, unit):
    assert open_dicom(save_dicom(tmp_path / "a.dcm", **elements), "a").unit == unit


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
def test_integers_of_any_bits_and_sign_are_read_and_bits_beside_them_dropped(tmp_path, bits, signed):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    values = np.linspace(low, high, 30).astype(np.int32).reshape(SHAPE)
    overlay = (np.arange(30).reshape(SHAPE) % 2) << bits if bits < 16 else 0
    raw = ((values & (2**bits - 1)) | overlay).astype(np.uint16).view(np.int16 if signed else np.uint16)
    if bits == 8:
        raw = (values & 255).astype(np.uint8).view(np.int8 if signed else np.uint8)
    path = save_dicom(tmp_path / "a.dcm", raw, BitsStored=bits)
    np.testing.assert_array_equal(read_dicom(path, "a").pixels[0, 0], values - 1024.0)


@pytest.mark.parametrize(("kind", "bits", "brightest"), [(np.uint16, 12, 4095), (np.int16, 16, -1), (np.uint8, 8, 255)])
def test_where_0_is_white_values_are_turned_around_within_their_bits(tmp_path, kind, bits, brightest):
    stored = np.arange(30, dtype=kind).reshape(SHAPE)
    path = save_dicom(
        tmp_path / "a.dcm", stored, PhotometricInterpretation="MONOCHROME1", BitsStored=bits, RescaleIntercept=0
    )
    np.testing.assert_array_equal(read_dicom(path, "a").pixels[0, 0], brightest - stored.astype(np.float32))


@pytest.mark.parametrize(("value", "limit", "masked"), [(-2000, None, 1), (63536, None, 1), (-2000, -1500, 3)])
def test_padding_is_masked_and_holds_its_surroundings(tmp_path, value, limit, masked):
    stored = np.full(SHAPE, 40, np.int16)
    stored[0, 0], stored[2, 2], stored[3, 3], stored[4, 4] = -2000, -1800, -1500, -1499
    path = save_dicom(tmp_path / "a.dcm", stored)
    found = pydicom.dcmread(path)
    found.add_new("PixelPaddingValue", "SS" if value < 0 else "US", value)
    if limit is not None:
        found.add_new("PixelPaddingRangeLimit", "SS", limit)
    found.save_as(path)
    volume = read_dicom(path, "a")
    assert volume.mask.sum() == masked
    assert volume.mask[0, 0, 0, 0]
    assert volume.pixels[0, 0, 0, 0] == 40 - 1024


def test_an_image_without_a_place_has_the_spacing_that_it_states(tmp_path):
    path = save_dicom(
        tmp_path / "a.dcm", ImagePositionPatient=None, PixelSpacing=None, ImagerPixelSpacing=[0.2, 0.1], Modality="CR"
    )
    volume = read_dicom(path, "a")
    assert not volume.placed
    assert volume.spacing == pytest.approx((2, 0.2, 0.1))


@pytest.mark.parametrize(
    ("elements", "error", "says"),
    [
        ({"PhotometricInterpretation": "PALETTE COLOR"}, NotGreyError, "is PALETTE COLOR; MONOCHROME1 or 2"),
        ({"ModalityLUTSequence": [pydicom.Dataset()]}, NotGreyError, "modality lookup table"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, NotGreyError, "a mosaic of slices"),
        ({"BitsStored": 17}, BitsError, "17 bits in 16"),
        ({"RescaleSlope": 0}, FormatError, "slope 0 and intercept -1024 give no values"),
        ({"RescaleIntercept": 1e9}, FormatError, "float32 does not tell apart"),
        ({"PixelSpacing": [0, 0.5]}, FormatError, "PixelSpacing is 0 x 0.5 mm"),
        ({"PixelSpacing": [1, 1, 1]}, FormatError, "PixelSpacing is not 2 finite numbers"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, FormatError, "not two directions at a right angle"),
    ],
)
def test_what_cannot_be_read_as_grey_values_in_a_place_is_refused_in_words(tmp_path, elements, error, says):
    path = save_dicom(tmp_path / "Doe.dcm", **elements)
    with pytest.raises(error, match=f"^p0001: .*{says}") as refused:
        read_dicom(path, "p0001")
    assert "Doe" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("693_J2KR.dcm", "693_UNCR.dcm"),
        ("emri_small_RLE.dcm", "emri_small.dcm"),
        ("emri_small_jpeg_2k_lossless.dcm", "emri_small.dcm"),
        ("emri_small_jpeg_ls_lossless.dcm", "emri_small.dcm"),
    ],
)
def test_compressed_pixels_are_those_that_were_compressed(name, same_as):
    for plugin in ("gdcm", "openjpeg"):
        pytest.importorskip(plugin)
    one, other = read_dicom(example(name), "a"), read_dicom(example(same_as), "a")
    np.testing.assert_array_equal(one.pixels, other.pixels)
    np.testing.assert_array_equal(one.mask, other.mask)


def test_lossless_jpeg_is_decoded():
    pytest.importorskip("gdcm")
    volume = read_dicom(example("JPEG-LL.dcm"), "a")
    assert (volume.pixels.min(), volume.pixels.max()) == (0, 278)


def test_a_deflated_file_is_read():
    assert read_dicom(example("image_dfl.dcm"), "a").shape == (1, 1, 512, 512)


def test_a_real_ct_has_padding_and_hounsfield_units():
    volume = read_dicom(example("693_UNCR.dcm"), "a")
    assert volume.unit == "HU"
    assert volume.mask.sum() == 55772
    assert volume.pixels.min() == -1024


def test_the_abdomen_is_one_volume_in_hounsfield_units(data):
    volume = open_dicom(data / "ct_abdomen", "p0001")
    assert volume.shape == (1, 72, 512, 512)
    assert volume.spacing == pytest.approx((1, 0.78125, 0.78125))
    assert volume.slice(0).pixels.min() >= -1000
    # Feet first: the patient's head is where z is largest.
    assert volume.affine[2, 0] == pytest.approx(1)


def test_a_long_series_takes_the_memory_of_a_slice(data):
    volume = open_dicom(data / "mri_t1_mprage", "p0001")
    assert volume.shape == (1, 384, 384, 274)
    assert volume.spacing == pytest.approx((0.6667, 0.6667, 0.7), abs=1e-4)
    tracemalloc.start()
    for number in range(0, 384, 32):
        assert volume.slice(number).pixels.max() <= 278
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e7
