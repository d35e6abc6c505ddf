"""Marked fields, and what `is-synthetic` tells of them, as a user meets both."""

import logging

import numpy as np
import pytest
from astropy.io import fits
from made_field import make_generator
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config import study_from
from pipeline.fields.field_file import FieldFileError, read_field
from pipeline.fields.mark_key import MarkKeyError
from pipeline.model_file import ModelFileError
from pipeline.report.provenance import provenance
from pipeline.steps.field_fits import field_fits
from pipeline.steps.field_window import field_window
from pipeline.steps.generate import generate
from pipeline.steps.inspect import inspect
from pipeline.steps.is_synthetic import NoFieldFileError, is_synthetic
from pipeline.steps.verify_field import verify_field
from pipeline.store import StoreError
from pipeline.tiling import Window

SECRET = "a-key-that-nobody-may-read-0123456789"
FAR = 2**40


def study(key, **field):
    mark = {"key": str(key), "strength": 0.5} if key else None
    return study_from({"study": "made", "field": {"size": [160, 192], "tile": 64, "seed": 3, "mark": mark, **field}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("marked")


@pytest.fixture(scope="module")
def key(folder):
    (folder / "keys").mkdir()
    (folder / "keys" / "mark.key").write_text(f"{SECRET}\n")
    return folder / "keys" / "mark.key"


@pytest.fixture(scope="module")
def wrong(folder, key):
    (folder / "keys" / "wrong.key").write_text("another-key-than-that")
    return folder / "keys" / "wrong.key"


@pytest.fixture(scope="module")
def generator(folder):
    # What an untrained generator paints scatters by about 0.01.
    return make_generator(folder / "generator.safetensors", sky_sigma=[0.003, 0.003])


@pytest.fixture(scope="module")
def painted(folder, generator, key):
    generate(generator, study(key), folder / "out" / "field.h5")
    return folder / "out" / "field.h5"


def told(path, key=None):
    return "\n".join(is_synthetic(path, key and str(key)))


def test_a_marked_field_is_found_by_its_header_and_by_its_mark(painted, key):
    words = told(painted, key)
    assert "says that it is synthetic: painted by the generator sgan" in words
    assert "seed 3, with a keyed mark of 0.5 of the sky's noise" in words
    assert "mark     found: " in words
    assert "begins at row 0, column 0 of the pattern" in words
    assert "the best of 4,194,304 places" in words
    assert "wrongly in one of a million images at most" in words
    assert words.endswith("synthetic, by its header and its mark")


def test_with_a_wrong_key_there_is_no_mark(painted, wrong):
    words = told(painted, wrong)
    assert "mark     not found: " in words
    assert words.endswith("synthetic, by its header")


def test_a_cutout_without_its_header_is_found_by_the_mark_alone(folder, painted, key):
    field_fits(painted, folder / "field.fits")
    cut = fits.getdata(folder / "field.fits")[:, 21:150, 33:]
    fits.writeto(folder / "cut.fits", 3 * cut + 10)
    assert "mark     was not looked for" in told(folder / "cut.fits")
    assert "does not prove that it is real" in told(folder / "cut.fits")
    words = told(folder / "cut.fits", key)
    assert "does not say that it is synthetic" in words
    assert "begins at row 21, column 33" in words
    assert words.endswith("synthetic, by its mark")


@pytest.mark.parametrize("name", ["far.fits", "far.fits.fz"])
def test_a_window_alone_is_marked_as_the_whole_is_and_says_so(folder, generator, painted, key, name):
    field_window(generator, 3, Window(30, 10, 100, 50), folder / f"near_{name}", 64, str(key), 0.5)
    with read_field(painted) as reader:
        expected = reader.pixels(Window(30, 10, 100, 50))
    with fits.open(folder / f"near_{name}") as hdus:
        assert np.array_equal(hdus[-1].data, expected)
        assert hdus[-1].header["KEYMARK"] == 0.5
    words = told(folder / f"near_{name}")
    assert "SYNTHET = T, painted by the generator" in words
    assert "seed 3, with a keyed mark" in words


def test_the_key_is_in_no_byte_that_is_written(folder, generator, painted, key, caplog):
    caplog.set_level(logging.DEBUG)
    generate(generator, study(key, jobs=2), folder / "out" / "rows.h5", 1)
    field_fits(painted, folder / "out" / "field.fits")
    written = b"".join(path.read_bytes() for path in (folder / "out").iterdir())
    written += (caplog.text + told(painted, key) + str(provenance(study(key))) + "\n".join(inspect(painted))).encode()
    assert len(written) > 3e5
    assert SECRET.encode() not in written
    assert SECRET[:12].encode() not in written


def test_a_key_in_a_variable_marks_the_same(folder, generator, painted, key, monkeypatch):
    monkeypatch.setenv("MARK_KEY", SECRET)
    generate(generator, study("env:MARK_KEY"), folder / "variable.h5")
    with read_field(folder / "variable.h5") as other, read_field(painted) as field:
        assert other.about == field.about
        assert np.array_equal(other.digests, field.digests)


def test_a_field_without_a_mark_is_painted_as_ever_and_has_none(folder, generator, painted, key):
    generate(generator, study(None), folder / "plain.h5")
    with read_field(folder / "plain.h5") as plain, read_field(painted) as marked:
        assert "mark" not in plain.about
        difference = marked.pixels(Window(0, 0, 160, 192)) - plain.pixels(Window(0, 0, 160, 192))
    assert difference.std() == pytest.approx(0.0015, rel=0.03)
    words = told(folder / "plain.h5", key)
    assert "not found" in words
    assert words.endswith("synthetic, by its header")


def test_a_marked_field_is_verified_with_its_key(generator, painted, key, wrong):
    verify_field(painted)
    verify_field(painted, generator, 2, str(key))
    with pytest.raises(FieldFileError, match="give --key"):
        verify_field(painted, generator)
    with pytest.raises(FieldFileError, match="by another key than that of"):
        verify_field(painted, generator, 2, str(wrong))
    assert "0.5 of the sky's noise" in "\n".join(inspect(painted))


def test_a_key_among_the_results_is_refused(folder, generator, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "results").mkdir()
    (folder / "results" / "mark.key").write_text(SECRET)
    with pytest.raises(MarkKeyError, match="within results, work, logs or the program"):
        generate(generator, study("results/mark.key"), folder / "no.h5")


def test_a_sky_without_noise_takes_no_mark(folder, key):
    blank = make_generator(folder / "blank.safetensors", sky_sigma=[0.0, 0.01])
    with pytest.raises(ModelFileError, match=r"blank\.safetensors: its sky has no noise"):
        generate(blank, study(key), folder / "no.h5")


def test_other_files_are_refused_in_words(folder, generator):
    with pytest.raises(NoFieldFileError, match=r"FITS or field\.h5 is needed"):
        is_synthetic(generator)
    with pytest.raises(StoreError, match="no such file"):
        is_synthetic(folder / "none.h5")


def test_the_command_says_it_too(painted, key):
    run = CliRunner().invoke(app, ["is-synthetic", str(painted), "--key", str(key)])
    assert run.exit_code == 0
    assert "synthetic, by its header and its mark" in run.stdout
