import pydicom
import pytest
from made_dicom import changed, save_dicom, save_series
from pydicom.data import get_testdata_file
from pydicom.datadict import tag_for_keyword

from pipeline.formats.dicom import (
    MixedSeriesError,
    NotDicomError,
    PatientMissingError,
    identifying_tags,
    patient_of,
    privacy_warnings,
)
from pipeline.formats.dicom.identifying import IDENTIFYING


def test_every_name_of_the_list_is_one_of_the_standard():
    assert [name for name in IDENTIFYING if tag_for_keyword(name) is None] == []
    assert len(IDENTIFYING) > 120


def test_the_patient_of_a_file_and_of_a_series(tmp_path):
    save_series(tmp_path / "a")
    assert patient_of(tmp_path / "a", "a") == "hospital-17"
    assert patient_of(save_dicom(tmp_path / "b.dcm", PatientID=" 7 "), "b") == "7"


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_a_file_of_nobody_is_refused_where_a_patient_is_asked_for(tmp_path, missing):
    with pytest.raises(PatientMissingError, match=r"^a: PatientID is missing or empty"):
        patient_of(save_dicom(tmp_path / "a.dcm", PatientID=missing), "a")


def test_files_of_several_patients_are_refused(tmp_path):
    save_series(tmp_path / "a", each=lambda number: {"PatientID": f"Doe{number % 2}"})
    with pytest.raises(MixedSeriesError, match="of 2 patients") as refused:
        patient_of(tmp_path / "a", "a")
    assert "Doe" not in str(refused.value)


def test_identifying_elements_are_listed_by_name_and_never_by_value(tmp_path):
    path = save_dicom(
        tmp_path / "a.dcm", PatientBirthDate="19700101", OperatorsName="", ReferringPhysicianName="Dr^Roe"
    )
    request = pydicom.Dataset()
    request.RequestedProcedureID = "R17"
    changed(path, RequestAttributesSequence=[request])
    found = identifying_tags(path, "a")
    assert found == [
        "FrameOfReferenceUID", "PatientBirthDate", "PatientID", "PatientName", "ReferringPhysicianName",
        "RequestAttributesSequence", "RequestedProcedureID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID",
    ]  # fmt: skip


def test_private_elements_are_counted():
    assert (
        identifying_tags(get_testdata_file("MR-SIEMENS-DICOM-WithOverlays.dcm", download=False), "a")[-1]
        == "9 private elements"
    )


@pytest.mark.parametrize(
    ("elements", "warned"),
    [
        ({"BodyPartExamined": "HEAD"}, True),
        ({"BodyPartExamined": "BRAIN", "Modality": "MR"}, True),
        ({"BodyPartExamined": "HEART", "Modality": "MR"}, False),
        ({"StudyDescription": "CT cranium"}, True),
        ({"Modality": "MR"}, True),
        ({"StudyDescription": "CT thorax"}, False),
    ],
)
def test_heads_are_warned_of(tmp_path, elements, warned):
    said = privacy_warnings(save_dicom(tmp_path / "a.dcm", **elements), "a")
    assert any("shows a face" in line for line in said) is warned


def test_a_head_is_found_by_the_anatomy_of_frames():
    assert any(
        "face" in line for line in privacy_warnings(get_testdata_file("eCT_Supplemental.dcm", download=False), "a")
    )


@pytest.mark.parametrize(
    ("elements", "warned"),
    [
        ({"Modality": "CR"}, "modality CR"),
        ({"Modality": "US"}, "modality US"),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, None),
        ({"BurnedInAnnotation": "YES"}, "modality CT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({}, None),
    ],
)
def test_text_in_the_pixels_is_warned_of(tmp_path, elements, warned):
    said = privacy_warnings(save_dicom(tmp_path / "a.dcm", **elements), "a")
    assert [warned in line and "burnt into the pixels" in line for line in said] == ([True] if warned else [])


def test_what_is_no_dicom_file_is_refused(tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"nothing")
    for ask in (patient_of, identifying_tags, privacy_warnings):
        with pytest.raises(NotDicomError):
            ask(tmp_path / "a.dcm", "a")
