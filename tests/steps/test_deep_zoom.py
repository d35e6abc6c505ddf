"""The page in which a field is looked about, and its pictures."""

import json
import re
from xml.etree import ElementTree

import h5py
import numpy as np
import PIL.Image
import pytest
from made_field import made_field
from made_synthetic_field import write_field
from made_viewed import SIGMA, block_means, made_words

from pipeline.display import Scaling
from pipeline.fields.brightness import field_scaling
from pipeline.fields.field_file import FieldFileError, read_field
from pipeline.fields.write_field import write_field as paint_field
from pipeline.steps.deep_zoom import DeepZoomError, deep_zoom
from pipeline.store import StoreError
from pipeline.tiling import Window

SHAPE, LAST = (3, 700, 1100), 11


@pytest.fixture(scope="module")
def pixels():
    random = np.random.default_rng(0)
    sky = random.normal(0, SIGMA, SHAPE)
    sky[:, random.integers(0, 700, 900), random.integers(0, 1100, 900)] += random.lognormal(1, 1, 900)
    return sky.astype(np.float32)


@pytest.fixture(scope="module")
def field(pixels, tmp_path_factory):
    return write_field(tmp_path_factory.mktemp("field") / "field.h5", pixels, **made_words("gri"))


@pytest.fixture(scope="module")
def page(field):
    deep_zoom(field, field.with_suffix(".html"))
    return field.with_suffix(".html")


@pytest.fixture(scope="module")
def scaling(field):
    with read_field(field) as reader:
        return field_scaling(reader.about, reader.image)


def level(page, number):
    """A level, put together from its pictures."""
    files = list((page.parent / "field_files" / str(number)).iterdir())
    pictures = {tuple(map(int, file.stem.split("_"))): np.asarray(PIL.Image.open(file)) for file in files}
    columns, rows = (max(places) + 1 for places in zip(*pictures))
    assert len(pictures) == rows * columns
    return np.vstack([np.hstack([pictures[column, row] for column in range(columns)]) for row in range(rows)])


def test_the_last_level_is_the_field_without_a_seam(page, pixels, scaling):
    assert np.array_equal(level(page, LAST), scaling.picture(pixels))


@pytest.mark.parametrize("halvings", [1, 3, 6, 11])
def test_coarser_levels_are_pictures_of_the_means_of_blocks(page, pixels, scaling, halvings):
    expected = scaling.picture(block_means(pixels, halvings))
    found = level(page, LAST - halvings)
    assert found.shape == expected.shape
    # A mean that lies between two shades may be rounded to either.
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_scaling_is_that_of_the_projects_pictures_about_the_fields_own_sky(pixels, scaling):
    low, high = np.percentile(pixels, (0.05, 99.95))
    assert isinstance(scaling, Scaling)
    assert (scaling.sky, scaling.sky_sigma, scaling.bands) == ([0.0] * 3, [SIGMA] * 3, ("g", "r", "i"))
    assert scaling.data_range == pytest.approx(high - low, rel=0.2)


def test_the_index_says_what_lies_beside_it(page):
    index = ElementTree.parse(page.with_suffix(".dzi")).getroot()
    size = index.find("{*}Size")
    assert (index.get("Format"), index.get("Overlap"), index.get("TileSize")) == ("png", "0", "512")
    assert (size.get("Width"), size.get("Height")) == ("1100", "700")
    assert sorted(int(path.name) for path in (page.parent / "field_files").iterdir()) == list(range(LAST + 1))
    for number in range(LAST + 1):
        assert level(page, number).shape == (-(-700 // 2 ** (LAST - number)), -(-1100 // 2 ** (LAST - number)), 3)


def test_every_picture_says_that_it_is_synthetic(page):
    for file in (page.parent / "field_files").rglob("*.png"):
        assert PIL.Image.open(file).text["Description"].startswith("Synthetic: painted by Clearfield")


def test_bytes_do_not_depend_on_the_tiles_of_the_field(tmp_path, pixels, page):
    other = write_field(tmp_path / "field.h5", pixels, **made_words("gri", tile=96))
    deep_zoom(other, tmp_path / "field.html")
    for file in (page.parent / "field_files").rglob("*.png"):
        assert (tmp_path / file.relative_to(page.parent)).read_bytes() == file.read_bytes()
    assert (tmp_path / "field.html").read_text() == page.read_text()


def test_the_page_opens_from_the_disk_and_asks_for_nothing_but_its_pictures(page):
    text = page.read_text()
    for way in ("fetch", "XMLHttpRequest", "import", "http", "WebSocket", "src=", "href=", "url(", "eval", "Worker"):
        assert way not in text, way
    assert re.findall(r"\.src = (.*);", text) == ["`${folder}${name}.png`"]
    assert "This field is synthetic: nothing in it was ever observed." in text
    assert "SYNTHET = T" in text
    assert "sgan 0123456789ab of the study made" in text
    place = json.loads(re.search(r'id="field">(.*?)</script>', text)[1])
    assert (place["width"], place["height"], place["tile"], place["last"]) == (1100, 700, 512, LAST)
    assert (place["name"], place["scale"]) == ("field", 0.2)


def test_the_page_counts_in_the_coordinates_of_the_endless_field(tmp_path):
    area, words = Window(2**59, -(2**59) + 32, 40, 70), made_words("rg", tile=32)
    paint_field(made_field(), words, area, tmp_path / "field.h5")
    deep_zoom(tmp_path / "field.h5", tmp_path / "field.html")
    place = json.loads(re.search(r'id="field">(.*?)</script>', (tmp_path / "field.html").read_text())[1])
    assert (place["y0"], place["x0"]) == ("576460752303423488", "-576460752303423456")


def test_names_cannot_break_the_page(tmp_path):
    words = made_words("g", study="</script><script>alert(1)</script>", generator="a<b>")
    deep_zoom(write_field(tmp_path / "f.h5", np.zeros((1, 8, 8), np.float32), **words), tmp_path / "a '<b>.html")
    text = (tmp_path / "a '<b>.html").read_text()
    assert "alert(1)</script>" not in text
    assert "<b>" not in text
    assert (tmp_path / "a '<b>_files" / "3" / "0_0.png").is_file()


def test_a_damaged_tile_makes_no_page(tmp_path, pixels):
    damaged = write_field(tmp_path / "field.h5", pixels, **made_words("gri"))
    with h5py.File(damaged, "r+") as file:
        file["pixels"][2, 650, 1090] += 1
    with pytest.raises(FieldFileError, match="rows 512 to 699, columns 1024 to 1099 is not as it was written"):
        deep_zoom(damaged, tmp_path / "field.html")
    assert [path.name for path in tmp_path.iterdir()] == ["field.h5"]


def test_what_is_there_is_written_over_on_request_alone(tmp_path):
    words = made_words("g")
    field = write_field(tmp_path / "field.h5", np.zeros((1, 40, 30), np.float32), **words)
    with pytest.raises(DeepZoomError, match=r"must end in \.html"):
        deep_zoom(field, tmp_path / "field.png")
    deep_zoom(field, tmp_path / "field.html")
    with pytest.raises(StoreError, match=r"field\.html: is there already; write over it with --overwrite"):
        deep_zoom(field, tmp_path / "field.html")
    smaller = write_field(tmp_path / "smaller.h5", np.zeros((1, 4, 4), np.float32), **words)
    deep_zoom(smaller, tmp_path / "field.html", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "field_files").iterdir()) == ["0", "1", "2"]
    (tmp_path / "mine_files").mkdir()
    with pytest.raises(StoreError, match="mine_files: is not what this command writes"):
        deep_zoom(field, tmp_path / "mine.html", overwrite=True)
