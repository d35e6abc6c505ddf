"""A user's own volume through a model of a scanner."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import torch
from made_dicom import save_series
from made_intervals import with_intervals
from made_nifti import save_nifti
from made_slices import CT, MRI, scanned_study, slice_of, write_slices
from made_training import NAFNET

from pipeline.formats.checks import FormatError
from pipeline.formats.dicom import open_dicom
from pipeline.model_file import read_model, write_model
from pipeline.physics.scanner import ScannerError
from pipeline.steps import apply_volume as steps
from pipeline.steps.apply_volume import ApplyVolumeError, apply_volume
from pipeline.steps.split import split
from pipeline.steps.train import train

SCAN = "acceleration=2,sigma=20"
OBLIQUE = np.array([[-2.0, 0, 0.2, 80.1], [0, 2.0, -0.3, -70.3], [0, 0.2, 2.5, -33.7], [0, 0, 0, 1]])


def trained(folder, degrade):
    study = scanned_study(degrade, networks={"net": NAFNET | {"regression": {"steps": 2, "batch": 2, "crop": 16}}})
    images = write_slices(folder / "images.h5", 8)
    split(images, study, folder / "splits.csv")
    train(images, folder / "splits.csv", study, "net", 0, folder / "model", folder / "work")
    return folder / "model" / "faithful.safetensors"


@pytest.fixture(scope="module")
def mri_model(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("mri"), MRI)


@pytest.fixture(scope="module")
def ct_model(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("ct"), CT)


def volume(path):
    pixels = np.stack([slice_of(seed).pixels[0].T for seed in range(3)], -1).astype(np.float32)
    save_nifti(path, pixels, OBLIQUE, dtype=np.float32)
    return pixels


def test_a_nifti_comes_back_on_its_own_grid_with_other_values(tmp_path, mri_model):
    before = volume(tmp_path / "head.nii")
    apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "out.nii", SCAN)
    after = nib.load(tmp_path / "out.nii")
    np.testing.assert_array_equal(after.affine, nib.load(tmp_path / "head.nii").affine)
    assert after.shape == before.shape
    assert np.isfinite(after.get_fdata()).all()
    assert not np.array_equal(after.get_fdata(), before)


def test_slices_across_another_axis_than_those_of_the_training_are_refused(tmp_path, mri_model):
    model = read_model(mri_model)
    reading = model.card["reading"] | {"volumes": {"along": "axial"}}
    write_model(tmp_path / "axial.safetensors", model.tensors, model.card | {"reading": reading})
    volume(tmp_path / "head.nii")
    apply_volume(tmp_path / "axial.safetensors", tmp_path / "head.nii", tmp_path / "out.nii", SCAN)
    save_nifti(tmp_path / "turned.nii", nib.load(tmp_path / "head.nii").get_fdata(), OBLIQUE[:, [0, 2, 1, 3]])
    asked = tmp_path / "axial.safetensors", tmp_path / "turned.nii", tmp_path / "turned_out.nii", SCAN
    with pytest.raises(ApplyVolumeError, match="was trained on axial slices"):
        apply_volume(*asked)
    apply_volume(*asked, force=True)


def test_values_on_another_scale_are_said(tmp_path, mri_model, caplog):
    pixels = volume(tmp_path / "head.nii")
    apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "out.nii", SCAN)
    assert "scale of the training" not in caplog.text
    save_nifti(tmp_path / "other.nii", 16 * pixels, OBLIQUE, dtype=np.float32)
    apply_volume(mri_model, tmp_path / "other.nii", tmp_path / "out2.nii", SCAN)
    assert "bring it to the scale of the training" in caplog.text


def test_pixels_of_unknown_width_are_not_taken_for_a_millimetre(tmp_path, ct_model):
    save_series(tmp_path / "in", count=1, PixelSpacing=None)
    with pytest.raises(ScannerError, match="width of its pixels in mm is not known"):
        apply_volume(ct_model, tmp_path / "in", tmp_path / "out", "dose=0.2,views=48")


def test_a_series_comes_back_as_a_derived_one(tmp_path, ct_model):
    save_series(tmp_path / "in", count=3)
    apply_volume(ct_model, tmp_path / "in", tmp_path / "out", "dose=0.2,views=48")
    before, after = open_dicom(tmp_path / "in", "in"), open_dicom(tmp_path / "out", "out")
    np.testing.assert_allclose(after.affine, before.affine, atol=1e-6)
    assert (after.shape, after.unit) == (before.shape, "HU")


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        ("acceleration=9,sigma=20", "acceleration is 9, and the model was trained for 2 to 3"),
        ("sigma=20", "this model takes --scan acceleration=2,sigma=10"),
        ("acceleration=two,sigma=20", "--scan acceleration=two,sigma=20"),
    ],
)
def test_a_scan_that_the_model_does_not_know_is_refused_in_one_line(tmp_path, mri_model, scan, words):
    volume(tmp_path / "head.nii")
    with pytest.raises(ApplyVolumeError, match=words) as refused:
        apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "out.nii", scan)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out.nii").exists()


def test_a_volume_in_another_unit_is_refused_without_its_name(tmp_path, mri_model):
    save_series(tmp_path / "Doe", count=2, Modality="PT", Units="BQML", RescaleType=None)
    with pytest.raises(ApplyVolumeError, match="the model was trained in HU") as refused:
        apply_volume(mri_model, tmp_path / "Doe", tmp_path / "out", "acceleration=2,sigma=20")
    assert "Doe" not in str(refused.value)


def test_the_network_sees_what_the_scan_would_have_shown(tmp_path, mri_model):
    torch.manual_seed(0)
    volume(tmp_path / "head.nii")
    for name in ("one", "again"):
        apply_volume(mri_model, tmp_path / "head.nii", tmp_path / f"{name}.nii", "acceleration=3,sigma=20")
    assert (tmp_path / "one.nii").read_bytes() == (tmp_path / "again.nii").read_bytes()


def test_every_voxel_of_a_nifti_has_its_interval_in_files_beside_it(tmp_path, mri_model):
    before = volume(tmp_path / "head.nii")
    with_intervals(mri_model, tmp_path / "model.safetensors")
    apply_volume(tmp_path / "model.safetensors", tmp_path / "head.nii", tmp_path / "out.nii.gz", SCAN)
    names = ["out.nii.gz", *(f"out-{plane}.nii.gz" for plane in ("err", "lower95", "upper95"))]
    files = [nib.load(tmp_path / name) for name in names]
    restored, err, lower, upper = (file.get_fdata() for file in files)
    assert restored.shape == err.shape == before.shape
    assert (err > 0).all()
    assert (lower < restored).all()
    assert (restored < upper).all()
    # 68% of what may be lies within 95% of it.
    assert (2 * err < upper - lower).all()
    for file in files[1:]:
        np.testing.assert_array_equal(file.affine, files[0].affine)
        assert file.header["descrip"].tobytes().startswith(b"RESEARCH, NOT FOR DIAGNOSIS")


def test_a_result_is_taken_back_where_its_interval_cannot_be_written(tmp_path, mri_model, monkeypatch):
    volume(tmp_path / "head.nii")
    with_intervals(mri_model, tmp_path / "model.safetensors")
    write, theirs = steps.write_volume, tmp_path / "out-lower95.nii"

    def fails_at_the_third(path, *rest, **named):
        if path == theirs:
            theirs.write_text("another program's")
            raise OSError(28, "No space left on device")
        write(path, *rest, **named)

    monkeypatch.setattr(steps, "write_volume", fails_at_the_third)
    with pytest.raises(OSError, match="No space"):
        apply_volume(tmp_path / "model.safetensors", tmp_path / "head.nii", tmp_path / "out.nii", SCAN)
    assert {path.name for path in tmp_path.glob("out*")} == {theirs.name}


def test_what_was_not_measured_is_no_number_in_the_intervals_either(tmp_path, mri_model):
    pixels = np.stack([slice_of(seed).pixels[0].T for seed in range(2)], -1).astype(np.float32)
    pixels[:5] = np.nan
    save_nifti(tmp_path / "head.nii", pixels, OBLIQUE, dtype=np.float32)
    with_intervals(mri_model, tmp_path / "model.safetensors")
    apply_volume(tmp_path / "model.safetensors", tmp_path / "head.nii", tmp_path / "out.nii", SCAN)
    for name in ("out.nii", "out-err.nii", "out-lower95.nii", "out-upper95.nii"):
        np.testing.assert_array_equal(np.isnan(nib.load(tmp_path / name).get_fdata()), np.isnan(pixels))


def test_the_intervals_of_a_series_are_derived_series_that_say_what_they_are(tmp_path, ct_model):
    save_series(tmp_path / "in", count=3)
    with_intervals(ct_model, tmp_path / "model.safetensors")
    apply_volume(tmp_path / "model.safetensors", tmp_path / "in", tmp_path / "out", "dose=0.2,views=48")
    restored, lower, upper = (
        open_dicom(tmp_path / name, name).whole().pixels for name in ("out", "out-lower95", "out-upper95")
    )
    assert (lower <= restored).all()
    assert (restored <= upper).all()
    described = pydicom.dcmread(tmp_path / "out-err" / "0001.dcm")
    assert described.RescaleSlope < 0.1  # HU, where the source has whole ones
    assert described.SeriesDescription.startswith("RESEARCH, NOT FOR DIAGNOSIS: ERR, half the width")
    assert described.SeriesInstanceUID != pydicom.dcmread(tmp_path / "out" / "0001.dcm").SeriesInstanceUID


@pytest.mark.parametrize(
    ("given", "out", "words"),
    [
        ("in", "out", "ERR of the output: is there already, and is never written over"),
        ("head.nii", "head.nii", "the output: is there already"),
        ("head.nii", "folder", r"give the name of a file that ends in .nii or .nii.gz"),
        ("in", ".", "give the name of a folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_restored(
    tmp_path, monkeypatch, ct_model, given, out, words
):
    save_series(tmp_path / "in", count=2)
    save_nifti(tmp_path / "head.nii", slice_of(0).pixels.transpose(2, 1, 0), OBLIQUE, dtype=np.float32)
    with_intervals(ct_model, tmp_path / "model.safetensors")
    (tmp_path / "out-err").mkdir()
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(FormatError, match=words):
        apply_volume(Path("model.safetensors"), Path(given), Path(out), "dose=0.2,views=48")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_slice_that_its_data_contradict_is_corrected_and_the_user_told(tmp_path, mri_model, caplog):
    volume(tmp_path / "head.nii")
    with caplog.at_level("WARNING", logger="clearfield"):
        apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "as-made.nii", SCAN, data_consistency=False)
        assert not caplog.messages
        apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "corrected.nii", SCAN)
    assert "slices were corrected, since their data contradicted them" in caplog.text
    as_made, corrected = (nib.load(tmp_path / f"{name}.nii").get_fdata() for name in ("as-made", "corrected"))
    truth = nib.load(tmp_path / "head.nii").get_fdata()
    assert np.abs(corrected - truth).mean() < np.abs(as_made - truth).mean()
