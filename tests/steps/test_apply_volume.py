"""A user's own volume through a model of a scanner."""

import nibabel as nib
import numpy as np
import pytest
import torch
from made_dicom import save_series
from made_nifti import save_nifti
from made_slices import CT, MRI, scanned_study, slice_of, write_slices
from made_training import NAFNET

from pipeline.formats.dicom import open_dicom
from pipeline.steps.apply_volume import ApplyVolumeError, apply_volume
from pipeline.steps.split import split
from pipeline.steps.train import train

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
    apply_volume(mri_model, tmp_path / "head.nii", tmp_path / "out.nii", "acceleration=2,sigma=20")
    after = nib.load(tmp_path / "out.nii")
    np.testing.assert_array_equal(after.affine, nib.load(tmp_path / "head.nii").affine)
    assert after.shape == before.shape
    assert np.isfinite(after.get_fdata()).all()
    assert not np.array_equal(after.get_fdata(), before)


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
