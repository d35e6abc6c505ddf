"""A field as HiPS: where its sources lie on the sky, and what it says of itself."""

import json
import sys

import h5py
import numpy as np
import pytest
from astropy.coordinates import ICRS
from astropy.io import fits
from astropy.wcs import WCS
from astropy_healpix import HEALPix
from made_synthetic_field import write_field
from made_viewed import SIGMA, made_wcs, made_words
from scipy.ndimage import gaussian_filter

from pipeline.fields.field_file import FieldFileError, FieldReader
from pipeline.formats.extras import MissingExtraError
from pipeline.formats.hips import MARGIN, TILE, finest_order
from pipeline.steps.hips import HipsError, hips
from pipeline.store import StoreError

SIDE, ORDER = 900, 11
SOURCES = ((100, 120), (450, 450), (640, 77), (801, 830))
"""Row and column."""


@pytest.fixture(scope="module")
def pixels():
    light = np.zeros((SIDE, SIDE))
    light[tuple(zip(*SOURCES))] = 1000
    sky = gaussian_filter(light, 2.0) + np.random.default_rng(0).normal(0, SIGMA, light.shape)
    return sky[None].astype(np.float32)


@pytest.fixture(scope="module")
def field(pixels, tmp_path_factory):
    return write_field(tmp_path_factory.mktemp("hips") / "field.h5", pixels, **made_words("g", wcs=made_wcs()))


@pytest.fixture(scope="module")
def read():
    return []


@pytest.fixture(scope="module")
def made(field, read):
    inner = FieldReader.pixels

    def counted(self, window, bands=slice(None)):
        read.append(window)
        return inner(self, window, bands)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FieldReader, "pixels", counted)
        hips(field, field.with_name("hips"))
    return field.with_name("hips")


def tile_at(place, folder, order=ORDER):
    number = int(HEALPix(2**order, "nested", frame=ICRS()).skycoord_to_healpix(place))
    return folder / f"Norder{order}" / f"Dir{number // 10000 * 10000}" / f"Npix{number}.fits"


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_is_where_it_is_on_the_sky_and_as_bright(made, pixels, source):
    place = WCS(fits.Header.fromstring(made_wcs(), sep="\n")).pixel_to_world(*source[::-1])
    with fits.open(tile_at(place, made / "g")) as hdus:
        values, x_y = hdus[0].data, WCS(hdus[0].header).world_to_pixel(place)
    column, row = np.round(x_y).astype(int)
    near = np.nan_to_num(values[max(row - 8, 0) : row + 9, max(column - 8, 0) : column + 9])
    peak = np.unravel_index(near.argmax(), near.shape)
    offset = peak[0] + max(row - 8, 0) - x_y[1], peak[1] + max(column - 8, 0) - x_y[0]
    assert np.hypot(*offset) < 1
    assert near.max() == pytest.approx(pixels[0][source], rel=0.1)


def test_coarser_tiles_are_there_down_to_the_whole_sky(made):
    place = WCS(fits.Header.fromstring(made_wcs(), sep="\n")).pixel_to_world(450, 450)
    assert all(tile_at(place, made / "g", order).is_file() for order in range(ORDER + 1))


def test_it_says_that_it_is_synthetic_and_loads_nothing(made):
    said = dict(line.split(" = ", 1) for line in (made / "g" / "properties").read_text().splitlines() if " = " in line)
    said = {name.strip(): value for name, value in said.items()}
    assert said["obs_title"] == "Synthetic field sgan, seed 7, band g"
    assert "SYNTHET = T" in said["obs_description"]
    assert (said["hips_order"], said["hips_frame"], said["hips_tile_format"]) == ("11", "equatorial", "fits")
    assert json.loads((made / "field.json").read_text())["model"] == "0123456789abcdef"
    for tile in (made / "g").rglob("*.fits"):
        header = fits.getheader(tile)
        assert (header["SYNTHET"], header["SEED"], header["BUNIT"], header["BAND"]) == (True, 7, "nJy", "g")
    assert not list(made.rglob("*.html"))


@pytest.mark.usefixtures("made")
def test_no_more_is_read_than_lies_under_a_tile(read):
    # A tile lies on its corner, and its pixels are up to 1.05 times as wide as the field's.
    largest = 1.05 * np.sqrt(2) * TILE + 2 * MARGIN + 2
    assert max(max(window.height, window.width) for window in read) < largest


def test_the_finest_tiles_keep_what_the_field_shows():
    def order(scale):
        return finest_order(WCS(fits.Header.fromstring(made_wcs(scale), sep="\n")))

    assert order(0.2) == 11
    assert order(0.1) == 12
    assert order(0.15) == 12
    assert order(3600) == 0


def test_a_field_without_a_place_on_the_sky_is_refused_in_a_sentence(tmp_path):
    flat = np.zeros((1, 4, 4), np.float32)
    nowhere = write_field(tmp_path / "nowhere.h5", flat, **made_words("g"))
    with pytest.raises(HipsError, match="has no place on the sky, since its generator learned from several images"):
        hips(nowhere, tmp_path / "hips")
    wide = write_field(tmp_path / "wide.h5", flat, **made_words("g", wcs=made_wcs(30 * 3600)))
    with pytest.raises(HipsError, match="reaches more than 60 degrees"):
        hips(wide, tmp_path / "hips")
    assert not (tmp_path / "hips").exists()


def test_a_damaged_tile_makes_no_folder(tmp_path):
    words = made_words("g", wcs=made_wcs())
    damaged = write_field(tmp_path / "field.h5", np.zeros((1, 40, 40), np.float32), **words)
    with h5py.File(damaged, "r+") as file:
        file["pixels"][0, 7, 9] = 1
    with pytest.raises(FieldFileError, match="is not as it was written"):
        hips(damaged, tmp_path / "hips")
    assert [path.name for path in tmp_path.iterdir()] == ["field.h5"]


def test_what_is_there_is_written_over_on_request_alone(tmp_path):
    field = write_field(tmp_path / "f.h5", np.zeros((1, 8, 8), np.float32), **made_words("g", wcs=made_wcs()))
    (tmp_path / "mine").mkdir()
    with pytest.raises(StoreError, match="is there already; write over it with --overwrite"):
        hips(field, tmp_path / "mine")
    with pytest.raises(StoreError, match="is not what this command writes"):
        hips(field, tmp_path / "mine", overwrite=True)
    (tmp_path / "mine" / "field.json").touch()
    hips(field, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "g" / "properties").is_file()


def test_a_package_that_is_missing_is_named_in_a_sentence(tmp_path, monkeypatch):
    field = write_field(tmp_path / "f.h5", np.zeros((1, 8, 8), np.float32), **made_words("g", wcs=made_wcs()))
    monkeypatch.setitem(sys.modules, "reproject", None)
    with pytest.raises(MissingExtraError, match=r"HiPS needs the package reproject, .*'\.\[view\]'"):
        hips(field, tmp_path / "hips")
    assert [path.name for path in tmp_path.iterdir()] == ["f.h5"]
