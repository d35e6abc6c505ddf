import numpy as np
import pydicom
import pytest
from made_dicom import NORMAL, TILTED, dataset, save_dicom, save_multiframe, save_series

from pipeline.formats.dicom import (
    DuplicateSliceError,
    MissingSliceError,
    MixedSeriesError,
    NoPlaceError,
    NotDicomError,
    UnequalSpacingError,
    open_dicom,
)


def refused(error, says, paths):
    with pytest.raises(error, match=says) as found:
        open_dicom(paths, "p0001")
    words = str(found.value)
    assert words.startswith("p0001: ")
    assert not any(word in words for word in ("Doe", "hospital", "1.2.3", "\n", str(paths)))
    return True


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"SeriesInstanceUID": "1.2.3.8"}, r"2 series lie in one folder \(of 3 and 1 images\)"),
        ({"PatientID": "hospital-18"}, r"of 2 patients \(PatientID\)"),
        ({"PixelSpacing": [0.75, 0.75]}, r"2 pixel spacings \(0.75 x 0.5 mm, 0.75 x 0.75 mm\)"),
        ({"Modality": "MR"}, r"2 units \(HU, signal\)"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, "do not lie in parallel"),
    ],
)
def test_what_does_not_belong_together_is_said(tmp_path, elements, says):
    save_series(tmp_path / "a", each=lambda number: dict(elements) if number == 3 else {})
    assert refused(MixedSeriesError, says, tmp_path / "a")


def test_images_of_two_sizes_are_no_series(tmp_path):
    save_series(tmp_path / "a")
    save_dicom(tmp_path / "a" / "more.dcm", np.zeros((7, 5), np.int16), 8.0)
    assert refused(MixedSeriesError, r"2 sizes \(6 x 5, 7 x 5\)", tmp_path / "a")


def test_a_missing_slice_is_said_with_its_place(tmp_path):
    save_series(tmp_path / "a", 6, each=lambda number: {"height": (0, 2, 4, 8, 10, 12)[number]})
    assert refused(MissingSliceError, "1 of 7 slices are missing, the first after slice 3", tmp_path / "a")


def test_several_gaps_are_counted(tmp_path):
    save_series(tmp_path / "a", 6, each=lambda number: {"height": (0, 2, 4, 8, 10, 16)[number]})
    assert refused(MissingSliceError, "3 of 9 slices are missing", tmp_path / "a")


def test_unequal_distances_are_said(tmp_path):
    save_series(tmp_path / "a", 5, each=lambda number: {"height": (0, 2, 4, 6.5, 8)[number]})
    assert refused(UnequalSpacingError, "1.5 to 2.5 mm apart", tmp_path / "a")


def test_distances_that_drift_are_said_though_neighbours_look_equal(tmp_path):
    save_series(tmp_path / "a", 9, each=lambda number: {"height": 2 * number + 0.002 * number**2})
    assert refused(UnequalSpacingError, "slice 5 of 9 lies 0.032 mm off", tmp_path / "a")


def test_two_slices_at_one_place_are_said(tmp_path):
    save_series(tmp_path / "a", 5, each=lambda number: {"height": (0, 2, 2, 4, 6)[number]})
    assert refused(DuplicateSliceError, "1 of 5 slices lie where another does", tmp_path / "a")


def test_a_series_over_time_is_said_to_be_one(tmp_path):
    save_multiframe(tmp_path / "a.dcm", order=(0, 0, 0, 1, 1, 1))
    assert refused(DuplicateSliceError, "4 of 6 slices lie where another does.*over time", tmp_path / "a.dcm")


def test_positions_that_are_rounded_are_taken(tmp_path):
    save_series(tmp_path / "a", 9, each=lambda number: {"height": round(number * 2 / 3, 2)})
    assert open_dicom(tmp_path / "a", "a").spacing[0] == pytest.approx(2 / 3, abs=1e-3)


def test_a_tilted_gantry_shears_the_volume(tmp_path):
    steps = [np.array([-10.0, 20, 30]) + number * (2 * NORMAL + [0, 0.3, 0]) for number in range(4)]
    save_series(tmp_path / "a", each=lambda number: {"ImagePositionPatient": steps[number].round(6).tolist()})
    affine = open_dicom(tmp_path / "a", "a").affine
    np.testing.assert_allclose((affine @ [3, 0, 0, 1])[:3], steps[3] * [-1, -1, 1], atol=1e-5)


def test_slices_beside_one_another_are_no_volume(tmp_path):
    save_series(tmp_path / "a", each=lambda n: {"ImagePositionPatient": (n * 2 * NORMAL + [n % 2, 0, 0]).tolist()})
    assert refused(UnequalSpacingError, "off the line through the others", tmp_path / "a")


def test_files_without_a_place_are_no_volume(tmp_path):
    save_series(tmp_path / "a", each=lambda number: {"ImagePositionPatient": None} if number == 2 else {})
    assert refused(NoPlaceError, "1 of 4 slices do not say where they lie", tmp_path / "a")


def test_frames_of_a_film_are_slices_in_their_order(tmp_path):
    stored = np.arange(90, dtype=np.uint16).reshape(3, 6, 5)
    made = dataset(stored, ImagePositionPatient=None, NumberOfFrames=3, Modality="US", RescaleIntercept=0)
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    volume = open_dicom(tmp_path / "a.dcm", "a").whole()
    assert not volume.placed
    np.testing.assert_array_equal(volume.pixels[0], stored)


def test_the_files_of_one_series_among_others_can_be_named(tmp_path):
    save_series(tmp_path / "a", each=lambda number: {"SeriesInstanceUID": "1.2.3.8"} if number > 1 else {})
    files = [path for path in (tmp_path / "a").iterdir() if pydicom.dcmread(path).SeriesInstanceUID == "1.2.3.2"]
    assert open_dicom(files, "a").shape == (1, 2, 6, 5)


def test_a_single_slice_is_as_thick_as_it_states(tmp_path):
    volume = open_dicom(save_dicom(tmp_path / "a.dcm", SpacingBetweenSlices=2.5), "a")
    assert volume.spacing == pytest.approx((2.5, 0.75, 0.5))
    np.testing.assert_allclose(volume.affine[:3, 0], 2.5 * np.cross(TILTED[:3], TILTED[3:]) * [-1, -1, 1], atol=1e-9)


def test_a_file_that_may_not_be_read_is_not_told_by_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "Doe_John"
    save_series(folder)

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert refused(NotDicomError, r"it cannot be read \(Permission denied\)", folder)


def test_a_folder_without_images_is_said(tmp_path):
    (tmp_path / "Doe.txt").write_text("")
    assert refused(NotDicomError, "no DICOM image is there", tmp_path)
