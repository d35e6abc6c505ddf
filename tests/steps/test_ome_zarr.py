"""A field as OME-Zarr 0.4, read back by zarr."""

import sys

import h5py
import numpy as np
import pytest
import zarr
from made_field import made_field
from made_synthetic_field import write_field
from made_viewed import SIGMA, block_means, made_words

from pipeline.fields.field_file import FieldFileError
from pipeline.fields.write_field import write_field as paint_field
from pipeline.formats.extras import MissingExtraError
from pipeline.steps.ome_zarr import OmeZarrError, ome_zarr
from pipeline.store import StoreError
from pipeline.tiling import Window

BANDS = "gri"


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).normal(0, SIGMA, (3, 700, 1100)).astype(np.float32)


@pytest.fixture(scope="module")
def field(pixels, tmp_path_factory):
    return write_field(tmp_path_factory.mktemp("field") / "field.h5", pixels, **made_words(BANDS))


@pytest.fixture(scope="module")
def group(field):
    ome_zarr(field, field.with_name("field.ome.zarr"))
    return zarr.open_group(field.with_name("field.ome.zarr"), mode="r", zarr_format=2)


def test_level_0_is_the_field_and_the_others_are_means_of_blocks(group, pixels):
    (image,) = group.attrs["multiscales"]
    assert [dataset["path"] for dataset in image["datasets"]] == ["0", "1", "2"]
    assert np.array_equal(group["0"], pixels)
    for halvings in (1, 2):
        level = group[str(halvings)]
        assert (level.dtype, level.chunks) == (np.float32, (1, 512, 512))
        np.testing.assert_allclose(level[:], block_means(pixels, halvings), rtol=0, atol=1e-7)


def test_axes_and_scales_are_as_the_specification_asks(group):
    (image,) = group.attrs["multiscales"]
    assert image["version"] == group.attrs["omero"]["version"] == "0.4"
    assert [(axis["name"], axis["type"]) for axis in image["axes"]] == [
        ("c", "channel"), ("y", "space"), ("x", "space"),
    ]  # fmt: skip
    for halvings, dataset in enumerate(image["datasets"]):
        scale, shift = dataset["coordinateTransformations"]
        assert (scale["type"], scale["scale"]) == ("scale", [1, 2**halvings, 2**halvings])
        assert (shift["type"], shift["translation"]) == ("translation", [0, *[(2**halvings - 1) / 2] * 2])


def test_channels_are_the_bands_and_the_reddest_is_red(group):
    channels = group.attrs["omero"]["channels"]
    assert [(c["label"], c["color"], c["active"]) for c in channels] == [
        ("g", "0000FF", True), ("r", "00FF00", True), ("i", "FF0000", True),
    ]  # fmt: skip
    for channel in channels:
        window = channel["window"]
        assert window["min"] < window["start"] < 0 < window["end"] < window["max"]


def test_it_says_that_it_is_synthetic_and_by_whom_it_was_painted(group):
    said = group.attrs["clearfield"]
    assert (said["synthetic"], said["seed"], said["model"]) == (True, 7, "0123456789abcdef")
    assert said["area"] == [0, 0, 700, 1100]
    assert said["history"][0].startswith("Synthetic: painted by Clearfield")
    assert group.attrs["multiscales"][0]["name"] == "synthetic field sgan, seed 7"


def test_places_are_those_of_the_endless_field(tmp_path):
    words = made_words("rg", tile=32)
    paint_field(made_field(), words, Window(64, -32, 40, 70), tmp_path / "field.h5")
    ome_zarr(tmp_path / "field.h5", tmp_path / "field.ome.zarr")
    (image,) = zarr.open_group(tmp_path / "field.ome.zarr", mode="r").attrs["multiscales"]
    assert image["datasets"][0]["coordinateTransformations"][1]["translation"] == [0, 64, -32]


def test_a_damaged_tile_makes_no_folder(tmp_path, pixels):
    damaged = write_field(tmp_path / "field.h5", pixels, **made_words(BANDS))
    with h5py.File(damaged, "r+") as file:
        file["pixels"][1, 600, 1099] += 1
    with pytest.raises(FieldFileError, match=r"is not as it was written \(band r\)"):
        ome_zarr(damaged, tmp_path / "field.ome.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["field.h5"]


def test_what_is_there_is_written_over_on_request_alone(tmp_path):
    field = write_field(tmp_path / "field.h5", np.zeros((1, 40, 30), np.float32), **made_words("g"))
    out = tmp_path / "f.ome.zarr"
    with pytest.raises(OmeZarrError, match=r"let it end in \.ome\.zarr"):
        ome_zarr(field, tmp_path / "f.zip")
    ome_zarr(field, out)
    with pytest.raises(StoreError, match="is there already; write over it with --overwrite"):
        ome_zarr(field, out)
    (out / "0" / "stray").touch()
    ome_zarr(field, out, overwrite=True)
    assert not (out / "0" / "stray").exists()
    (tmp_path / "mine.zarr").mkdir()
    with pytest.raises(StoreError, match="is not what this command writes"):
        ome_zarr(field, tmp_path / "mine.zarr", overwrite=True)


def test_a_package_that_is_missing_is_named_in_a_sentence(tmp_path, monkeypatch):
    field = write_field(tmp_path / "field.h5", np.zeros((1, 4, 4), np.float32), **made_words("g"))
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(
        MissingExtraError, match=r"OME-Zarr needs the package zarr, .*; run: pip install .*'\.\[view\]'"
    ):
        ome_zarr(field, tmp_path / "field.ome.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["field.h5"]
