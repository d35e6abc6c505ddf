"""Volumes of patients, slice by slice: who they are is in the key file alone, and folds can be made of them."""

import gzip
import logging
from itertools import pairwise

import numpy as np
import pytest
from made_dicom import save_series
from made_nifti import save_nifti

from pipeline.config import ConfigError, Images, Study, study_from
from pipeline.datasets import DatasetError, open_dataset
from pipeline.formats import FormatError
from pipeline.pseudonyms import PseudonymError
from pipeline.steps.ingest import ingest
from pipeline.store import read_images

UPRIGHT = np.diag([2.0, 2.0, 3.0, 1.0])


def body(depth=6, size=24, seed=0):
    """A bright ball in nothing, in NIfTI's order (x, y, z)."""
    x, y, z = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in (size, size, depth)), indexing="ij")
    random = np.random.default_rng(seed)
    ball = (x**2 + y**2) / (0.4 * size) ** 2 + (z / (0.6 * depth)) ** 2 < 1
    return (ball * random.integers(500, 1000, ball.shape)).astype(np.int16)


def images(path, **volumes):
    return Images(dataset="volumes", path=str(path), unit="signal", smallest=8, volumes=volumes)


def niftis(folder, *names):
    for seed, name in enumerate(names):
        save_nifti(folder / f"{name}.nii.gz", body(seed=seed), UPRIGHT)
    return folder / "{id}.nii.gz"


def test_slices_of_one_patient_are_one_group_under_a_running_pseudonym(tmp_path):
    slices = list(open_dataset(images(niftis(tmp_path, "Doe_Jane", "Roe_Richard"))))
    assert {s.group for s in slices} == {"p0001", "p0002"}
    assert slices[0].id == "p0001v1_0"
    assert slices[0].pixel_mm == pytest.approx(2)
    assert slices[0].header is None


def test_values_are_those_of_the_file(tmp_path):
    pattern = niftis(tmp_path, "a")
    by_id = {s.id: s for s in open_dataset(images(pattern))}
    assert np.array_equal(by_id["p0001v1_3"].pixels[0], body()[:, :, 3].T)


def test_pixels_whose_width_a_file_does_not_say_are_as_wide_as_the_study_does(tmp_path):
    save_series(tmp_path / "Doe", count=1, PixelSpacing=None)
    settings = images(tmp_path / "{id}", body=0.0).model_copy(update={"pixel_mm": 0.5, "smallest": 4})
    assert {s.pixel_mm for s in open_dataset(settings)} == {0.5}
    settings = settings.model_copy(update={"pixel_mm": None})
    assert {s.pixel_mm for s in open_dataset(settings)} == {None}


def test_what_a_file_browser_left_is_no_volume(tmp_path):
    save_series(tmp_path / "Doe")
    (tmp_path / ".DS_Store").write_text("")
    assert {s.group for s in open_dataset(images(tmp_path / "{id}"))} == {"p0001"}


def test_volumes_of_one_patient_by_a_table_share_a_group(tmp_path):
    pattern = niftis(tmp_path, "first", "other", "second")
    table = tmp_path / "groups.csv"
    table.write_text("id,group\nfirst,hospital-17\nsecond,hospital-17\nother,hospital-18\n")
    settings = images(pattern).model_copy(update={"groups": str(table)})
    found = {s.id.partition("_")[0]: s.group for s in open_dataset(settings)}
    assert found == {"p0001v1": "p0001", "p0002v1": "p0002", "p0001v2": "p0001"}


def test_a_table_that_lacks_a_volume_is_refused_without_a_name(tmp_path):
    pattern = niftis(tmp_path, "Doe_Jane", "Roe_Richard")
    table = tmp_path / "groups.csv"
    table.write_text("id,group\nDoe_Jane,one\n")
    settings = images(pattern).model_copy(update={"groups": str(table)})
    with pytest.raises(DatasetError, match="does not hold each of the 2 volumes") as refused:
        open_dataset(settings)
    assert "Roe" not in str(refused.value)


def test_the_key_says_who_is_who_and_keeps_its_names(tmp_path):
    key = tmp_path / "keys" / "study.csv"
    key.parent.mkdir()
    pattern = niftis(tmp_path, "b")
    list(open_dataset(images(pattern, key=str(key))))
    niftis(tmp_path, "a")
    list(open_dataset(images(pattern, key=str(key))))
    assert key.read_text().splitlines() == ["pseudonym,patient", "p0001,b", "p0002,a"]


def test_a_key_among_results_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PseudonymError, match="passed on"):
        open_dataset(images(niftis(tmp_path, "a"), key="results/key.csv"))


def test_a_series_is_a_volume_of_its_patient(tmp_path):
    save_series(tmp_path / "Doe", count=4)
    settings = images(tmp_path / "{id}", body=0).model_copy(update={"unit": None})
    slices = list(open_dataset(settings))
    assert [s.group for s in slices] == ["p0001"] * 4
    assert slices[0].unit == "HU"


def test_a_series_without_a_patient_is_refused_by_number(tmp_path):
    save_series(tmp_path / "Doe", count=2, PatientID="")
    with pytest.raises(FormatError, match=r"volume 1: file 1 of 2: PatientID is missing") as refused:
        open_dataset(images(tmp_path / "{id}", body=0))
    assert "Doe" not in str(refused.value)


def test_runs_of_one_volume_are_groups_with_a_gap_between_them(tmp_path):
    save_nifti(tmp_path / "a.nii", body(depth=40), UPRIGHT)
    slices = list(open_dataset(images(tmp_path / "{id}.nii", bands=3, gap=9, body=0)))
    numbers = {}
    for s in slices:
        numbers.setdefault(s.group, []).append(int(s.id.rpartition("_")[2]))
    assert len(numbers) == 3
    ends = [(min(run), max(run)) for run in numbers.values()]
    assert all(later[0] - earlier[1] > 3 for earlier, later in pairwise(ends))


def test_runs_are_refused_of_several_volumes(tmp_path):
    with pytest.raises(DatasetError, match=r"bands: is for a single volume, and there are 2"):
        open_dataset(images(niftis(tmp_path, "a", "b"), bands=3))


def test_sagittal_runs_of_one_volume_are_refused_since_halves_look_alike():
    with pytest.raises(ConfigError, match="left and right"):
        study_from({"study": "s", "images": {"dataset": "mni152", "volumes": {"along": "sagittal", "bands": 3}}})


def test_runs_of_a_volume_that_mirrors_itself_hold_both_halves_of_their_slices(tmp_path):
    # Axial slices of a volume that is its own mirror image: each run holds both halves of its slices.
    half = body(depth=40)
    save_nifti(tmp_path / "a.nii", np.concatenate([half, half[::-1]]), UPRIGHT)
    slices = list(open_dataset(images(tmp_path / "{id}.nii", along="axial", bands=3, gap=9, body=0)))
    for one in slices:
        mirrored = one.pixels[..., ::-1]
        twins = {s.group for s in slices if np.array_equal(s.pixels, mirrored)}
        assert twins <= {one.group}


def test_empty_slices_are_left_out(tmp_path):
    save_nifti(tmp_path / "a.nii", np.pad(body(), ((0, 0), (0, 0), (3, 3))), UPRIGHT)
    assert len(list(open_dataset(images(tmp_path / "{id}.nii", body=0.1)))) <= 6


def test_nothing_that_fits_is_said_without_a_path(tmp_path):
    with pytest.raises(DatasetError, match=r"images\.path: no file or folder fits"):
        open_dataset(images(tmp_path / "{id}.nii"))


IDENTIFIERS = ["hospital-17", "Doe^Jane", "Jane", "SecretFolder"]


def test_no_byte_of_what_ingest_writes_or_says_tells_who_it_is(tmp_path, caplog):
    folder = tmp_path / "SecretFolder"
    folder.mkdir()
    save_series(folder / "Jane1", count=3, PatientID="hospital-17", PatientName="Doe^Jane")
    settings = images(folder / "{id}", body=0).model_dump() | {"unit": None, "smallest": 8, "small_images": "pad"}
    study: Study = study_from({"study": "s", "images": settings, "split": {"folds": 2}})
    with caplog.at_level(logging.DEBUG):
        ingest(study, tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as reader:
        assert len(reader) > 0
    written = (tmp_path / "images.h5").read_bytes() + caplog.text.encode()
    for identifier in IDENTIFIERS:
        for coded in (identifier.encode(), identifier.encode("utf-16-le"), gzip.compress(identifier.encode())[10:-8]):
            assert coded not in written
