import io
import struct
import tracemalloc
import zlib

import numpy as np
import pydicom
import pytest
from made_dicom import dataset, save_dicom, save_series
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders import JPEGLosslessSV1Decoder
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from pipeline.errors import ClearfieldError
from pipeline.formats import FormatError
from pipeline.formats.dicom import DicomSizeError, NotDicomError, TransferSyntaxError, open_dicom, read_dicom
from pipeline.formats.dicom import file as dicom_file
from pipeline.formats.dicom.codestream import stated_size


def compressed(path, syntax, frame, **changes):
    """Save a file that holds a compressed frame, whatever it is."""
    made = dataset(**changes)
    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate([frame])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.save_as(path, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return path


def test_pixels_that_are_cut_short_are_said_before_they_are_read(tmp_path):
    path = save_dicom(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(DicomSizeError, match="a: it holds 53 bytes of pixels, and its header states 1 x 6 x 5 px, 60"):
        open_dicom(path, "a")


@pytest.mark.parametrize(
    "changes", [{"Rows": 60}, {"Columns": 500}, {"NumberOfFrames": 3}, {"Rows": 65535, "Columns": 65535}]
)
def test_a_header_that_states_more_than_the_file_holds_is_refused(tmp_path, changes):
    with pytest.raises(DicomSizeError, match=r"a: its? h"):
        open_dicom(save_dicom(tmp_path / "a.dcm", **changes), "a")


@pytest.mark.parametrize("changes", [{"Rows": 5}, {"Columns": 4}, {"BitsAllocated": 8, "BitsStored": 8}])
def test_a_header_that_states_less_than_the_file_holds_is_refused(tmp_path, changes):
    with pytest.raises(DicomSizeError, match="a: it holds 60 bytes of pixels, and its header states"):
        open_dicom(save_dicom(tmp_path / "a.dcm", **changes), "a")


def test_a_little_padding_after_the_pixels_is_taken():
    path = get_testdata_file("MR_small_padded.dcm", download=False)
    assert read_dicom(path, "a").pixels.max() == 2145


def test_the_truncated_example_is_refused():
    path = get_testdata_file("MR_truncated.dcm", download=False)
    with pytest.raises(DicomSizeError, match=r"it holds 8130 bytes of pixels.*8192 bytes"):
        open_dicom(path, "a")


def test_a_compressed_file_cannot_state_frames_without_end(tmp_path):
    path = compressed(tmp_path / "a.dcm", JPEG2000Lossless, b"\xff\x4f", NumberOfFrames=2**31 - 1)
    with pytest.raises(DicomSizeError, match="states 2147483647 x 6 x 5 px"):
        open_dicom(path, "a")


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, JPEGBaseline8Bit])
def test_a_compressed_frame_of_another_size_is_refused_before_it_is_decoded(tmp_path, syntax):
    if syntax == JPEG2000Lossless:
        frame = b"\xff\x4f\xff\x51\0\x29\0\0" + struct.pack(">8I", 60000, 60000, 0, 0, 60000, 60000, 0, 0) + bytes(100)
    else:
        frame = b"\xff\xd8\xff\xe0\0\4\0\0\xff\xf7\0\x0b\x10" + struct.pack(">HH", 60000, 60000) + bytes(100)
    path = compressed(tmp_path / "a.dcm", syntax, frame)
    tracemalloc.start()
    with pytest.raises(DicomSizeError, match="its pixels are 60000 x 60000 px, and its header states 6 x 5 px"):
        read_dicom(path, "a")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e7


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("MR_small_jp2klossless.dcm", (64, 64)),
        ("MR_small_jpeg_ls_lossless.dcm", (64, 64)),
        ("JPEG-LL.dcm", (1024, 256)),
        ("RG1_J2KR.dcm", (1955, 1841)),
        ("SC_rgb_jpeg_gdcm.dcm", (100, 100)),
        ("MR_small_RLE.dcm", None),
    ],
)
def test_a_codestream_states_its_size(name, size):
    found = pydicom.dcmread(get_testdata_file(name, download=False))
    assert stated_size(pydicom.encaps.get_frame(found.PixelData, 0, number_of_frames=1)) == size


def test_any_bytes_state_a_size_or_none():
    random = np.random.default_rng(0)
    for start in (b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\0", b"\xff\x4f\xff\x51", b"\0\0\0\x0c"):
        for _ in range(50):
            stated_size(start + random.integers(0, 256, 30, np.uint8).tobytes())


def test_a_deflated_file_that_is_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    made = dataset()
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert open_dicom(tmp_path / "a.dcm", "a").shape == (1, 1, 6, 5)
    whole = (tmp_path / "a.dcm").read_bytes()
    begin = 144 + pydicom.dcmread(tmp_path / "a.dcm").file_meta.FileMetaInformationGroupLength
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(zlib.decompress(whole[begin:], -15) + bytes(2**26)) + packer.flush()
    (tmp_path / "a.dcm").write_bytes(whole[:begin] + packed)
    monkeypatch.setattr(dicom_file, "LARGEST_DEFLATED", 2**23)
    tracemalloc.start()
    with pytest.raises(DicomSizeError, match=r"unpacks to more than 0\.0078125 GiB"):
        open_dicom(tmp_path / "a.dcm", "a")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e7


def test_a_transfer_syntax_that_is_not_read_is_named(tmp_path):
    path = compressed(tmp_path / "a.dcm", MPEG2MPML, b"1234")
    with pytest.raises(TransferSyntaxError, match=r"^a: transfer syntax MPEG2 .*\(1.2.840.10008.1.2.4.100\) cannot be"):
        open_dicom(path, "a")
    path = compressed(tmp_path / "b.dcm", "1.2.3.4.5", b"1234")
    with pytest.raises(TransferSyntaxError, match=r"^b: transfer syntax 1.2.3.4.5 cannot be read"):
        open_dicom(path, "b")


def test_a_plugin_that_is_missing_is_said_with_what_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(JPEGLosslessSV1Decoder, "_available", {})
    path = compressed(tmp_path / "a.dcm", JPEGLosslessSV1, b"1234")
    with pytest.raises(
        TransferSyntaxError, match=r"JPEG Lossless.* needs a plugin: pip install 'clearfield\[medical\]'"
    ):
        open_dicom(path, "a")


def test_damage_within_compressed_pixels_names_their_kind(tmp_path):
    path = compressed(tmp_path / "Doe.dcm", JPEGLosslessSV1, b"\xff\xd8Doe" + bytes(50))
    with pytest.raises(TransferSyntaxError, match=r"^a: its pixels \(JPEG Lossless.*cannot be decoded") as refused:
        read_dicom(path, "a")
    assert "Doe" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"Doe", bytes(128) + b"DICM", bytes(128) + b"DICM" + b"Doe^Jane" * 50])
def test_what_is_no_dicom_file_is_refused_in_a_line_without_its_name(tmp_path, content):
    (tmp_path / "Doe.dcm").write_bytes(content)
    with pytest.raises(NotDicomError, match=r"^p0001: ") as refused:
        open_dicom(tmp_path / "Doe.dcm", "p0001")
    assert "Doe" not in str(refused.value)
    with pytest.raises(NotDicomError, match=r"^p0001: no such file$"):
        open_dicom(tmp_path / "Jane.dcm", "p0001")


@pytest.mark.parametrize("name", ["rtplan.dcm", "test-SR.dcm", "waveform_ecg.dcm"])
def test_a_file_without_an_image_is_said_to_be_one(name):
    with pytest.raises(NotDicomError, match="no image is in it"):
        open_dicom(get_testdata_file(name, download=False), "a")


def test_a_number_that_is_none_is_said_without_its_text(tmp_path, recwarn):
    path = save_dicom(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(b"-1024", b"Doe^J"))
    with pytest.raises(FormatError, match=r"^a: RescaleIntercept is not 1 finite number; correct it$"):
        open_dicom(path, "a")
    assert not recwarn.list


def test_any_byte_of_a_header_may_be_wrong(tmp_path):
    path = save_dicom(tmp_path / "a.dcm")
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for place in random.integers(132, len(data), 3):
            data[place] = random.choice([0, 1, 48, 92, 127, 128, 255])
        path.write_bytes(data)
        try:
            volume = read_dicom(path, "a")
        except ClearfieldError as refused:
            assert "\n" not in str(refused)  # noqa: PT017
        else:
            assert np.isfinite(volume.pixels).all()


def test_one_bad_file_of_a_series_is_said_by_its_number(tmp_path):
    save_series(tmp_path / "a")
    worst = sorted((tmp_path / "a").iterdir())[2]
    worst.write_bytes(worst.read_bytes()[:-10])
    with pytest.raises(DicomSizeError, match=r"^a: file 3 of 4: it holds 50 bytes"):
        open_dicom(tmp_path / "a", "a")


def test_pixels_may_be_read_from_a_file_of_implicit_types(tmp_path):
    made = dataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    (tmp_path / "a.dcm").write_bytes(buffer.getvalue())
    np.testing.assert_array_equal(read_dicom(tmp_path / "a.dcm", "a").pixels.ravel(), np.arange(30) - 1024)
    (tmp_path / "a.dcm").write_bytes(buffer.getvalue()[:-4])
    with pytest.raises(DicomSizeError, match="holds 56 bytes of pixels"):
        open_dicom(tmp_path / "a.dcm", "a")
