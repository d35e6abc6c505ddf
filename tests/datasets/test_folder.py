import numpy as np
import pytest
from astropy.io import fits

from pipeline.config import Images
from pipeline.datasets import DatasetError, open_dataset
from pipeline.formats import FormatError

VALUES = np.arange(80, dtype=np.float32).reshape(8, 10)


def save(path, values=VALUES):
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.PrimaryHDU(values).writeto(path)
    return path


def wanted(tmp_path, pattern="{id}/{id}-{band}.fits", bands=("g", "r"), **more):
    return Images(dataset="folder", path=str(tmp_path / pattern), bands=bands and list(bands), **more)


@pytest.fixture
def galaxies(tmp_path):
    """Three galaxies in two bands, with other files about."""
    for n, id in enumerate(["m51", "m101", "ngc-1300"]):
        for band in "gr":
            save(tmp_path / id / f"{id}-{band}.fits", VALUES + 10 * n + (band == "r"))
    (tmp_path / "readme.txt").write_text("about these galaxies")
    (tmp_path / "m51" / "m51-notes.fits").touch()
    (tmp_path / "m51" / "m101-g.fits").touch()
    return tmp_path


def refusal(settings, *words):
    with pytest.raises(DatasetError) as error:
        open_dataset(settings)
    message = str(error.value)
    assert "\n" not in message
    for word in words:
        assert str(word) in message


def test_images_come_in_the_order_of_their_names_each_a_group_of_its_own(galaxies):
    images = list(open_dataset(wanted(galaxies)))
    assert [(image.id, image.group) for image in images] == [(id, id) for id in ("m101", "m51", "ngc-1300")]
    assert all(image.bands == ("g", "r") for image in images)
    np.testing.assert_array_equal(images[2].pixels, [VALUES + 20, VALUES + 21])


def test_the_order_of_the_bands_is_that_of_the_configuration(galaxies):
    image = next(iter(open_dataset(wanted(galaxies, bands=("r", "g")))))
    np.testing.assert_array_equal(image.pixels[1], VALUES + 10)


def test_a_pattern_without_band_means_one_file_per_image(tmp_path):
    for name in "ba":
        save(tmp_path / f"{name}.fits")
    dataset = open_dataset(wanted(tmp_path, "{id}.fits", bands=None))
    assert list(dataset.sources) == ["a", "b"]
    assert dataset.sources["a"] == str(tmp_path / "a.fits")
    assert len(dataset) == 2


def test_signs_of_globs_and_expressions_in_a_pattern_mean_themselves(tmp_path):
    save(tmp_path / "a[1]+(x).fits")
    save(tmp_path / "a1x.fits")
    assert list(open_dataset(wanted(tmp_path, "{id}[1]+(x).fits", bands=None)).sources) == ["a"]


def test_an_image_is_read_only_when_it_is_its_turn(tmp_path):
    save(tmp_path / "a.fits")
    (tmp_path / "b.fits").write_text("no FITS")
    images = iter(open_dataset(wanted(tmp_path, "{id}.fits", bands=None)))
    assert next(images).id == "a"
    with pytest.raises(FormatError, match=r"b\.fits"):
        next(images)


def test_a_missing_band_is_named_by_its_file(galaxies):
    (galaxies / "m51" / "m51-r.fits").unlink()
    refusal(wanted(galaxies), galaxies / "m51" / "m51-r.fits", "no such file")


def test_a_wrong_band_name_is_answered_with_those_there(galaxies):
    refusal(wanted(galaxies, bands=("u",)), "bands u", "g, notes, r", "images.bands")


def test_a_folder_without_images_is_refused(tmp_path):
    refusal(wanted(tmp_path / "no"), "no folder", tmp_path / "no")
    (tmp_path / "empty").mkdir()
    refusal(wanted(tmp_path / "empty"), tmp_path / "empty", "is empty")
    (tmp_path / "empty" / "a.txt").touch()
    refusal(wanted(tmp_path / "empty"), "a.txt", "images.path")


def test_groups_come_from_a_table(galaxies):
    (galaxies / "groups.csv").write_text("group,id,remark\nA,m51,x\nA,m101,y\n007,ngc-1300,z\n")
    images = open_dataset(wanted(galaxies, groups=str(galaxies / "groups.csv")))
    assert {image.id: image.group for image in images} == {"m51": "A", "m101": "A", "ngc-1300": "007"}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("id,group\nm51,A\nm101,A\n", "'ngc-1300'"),
        ("id,group\nm51,A\nm101,A\nngc-1300,B\nm31,B\n", "'m31'"),
        ("id,group\nm51,A\nm101,A\nngc-1300,B\nm51,B\n", "'m51' stands there twice"),
        ("id,group\nm51,A\nm101,\nngc-1300,B\n", "'m101' is empty"),
        ("id,cluster\nm51,A\n", "no column 'group'"),
        ("", "not a CSV"),
        ("id,group\nm51,A,B,C\nm101\n\0", "groups.csv"),
        (None, "no such file"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_by_name(galaxies, table, says):
    if table is not None:
        (galaxies / "groups.csv").write_text(table)
    refusal(wanted(galaxies, groups=str(galaxies / "groups.csv")), galaxies / "groups.csv", says)


def test_real_bands_in_one_folder_make_one_image(data):
    settings = wanted(data, "cfhtls_gri/{id}_{band}.fits", ("g", "r", "i"))
    assert [image.shape for image in open_dataset(settings)] == [(3, 440, 440)]
