"""ingest and split: images that show the same sky never stand on both sides."""

import logging

import numpy as np
import pytest
from astropy.io import fits

from pipeline.config import study_from
from pipeline.splits import read_splits
from pipeline.steps.ingest import ingest
from pipeline.steps.shared_sky import SharedSkyError
from pipeline.steps.split import split
from pipeline.store import read_images

FIELD = np.random.default_rng(0).normal(0, 1, (64, 2000)).astype(np.float32)


def cut(folder, **columns):
    """Cut images of 64 x 64 px from a field, from these columns on, with a WCS that says so; None is one without."""
    for name, column in columns.items():
        first = column if column is not None else 1000
        cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 50.0, "CRPIX1": 500.0 - first}
        cards |= {"CRPIX2": 32.0, "CDELT1": -1e-4, "CDELT2": 1e-4}
        fits.writeto(
            folder / f"{name}.fits", FIELD[:, first : first + 64], fits.Header(cards if column is not None else {})
        )
    return folder


def study(folder, folds=2, **images):
    given = {"dataset": "folder", "path": str(folder / "{id}.fits")} | images
    return study_from({"images": given, "split": {"folds": folds, "calibrate": 0}})


def groups(tmp_path, settings):
    ingest(settings, tmp_path / "images.h5")
    with read_images(tmp_path / "images.h5") as images:
        return {image.id: image.group for image in images}


def test_cutouts_that_overlap_are_one_group_and_say_so(tmp_path, caplog):
    folder = cut(tmp_path, a=0, b=300, c=10, d=600, e=70, f=364)
    with caplog.at_level(logging.INFO):
        # c lies over a and e, which do not meet; b and f touch and share nothing.
        assert groups(tmp_path, study(folder)) == {"a": "a", "b": "b", "c": "a", "d": "d", "e": "a", "f": "f"}
    assert "3 images overlap on the sky and are joined to 1 groups" in caplog.text
    split(tmp_path / "images.h5", study(folder), tmp_path / "splits.csv")
    items = read_splits(tmp_path / "splits.csv")
    for fold in (0, 1):
        assert len({item.role for item in items if item.fold == fold and item.image in "ace"}) == 1


def test_images_without_a_place_on_the_sky_or_with_a_broken_one_stay_their_own_groups(tmp_path, caplog):
    folder = cut(tmp_path, a=0, b=300, c=None)
    fits.setval(folder / "b.fits", "CTYPE1", value="RA---XYZ")
    with caplog.at_level(logging.INFO):
        assert groups(tmp_path, study(folder)) == {"a": "a", "b": "b", "c": "c"}
    assert "overlap" not in caplog.text


def test_a_padded_image_overlaps_by_what_it_shows(tmp_path):
    folder = cut(tmp_path, a=0, b=70)
    padded = study(folder, smallest=80, small_images="pad")
    assert groups(tmp_path, padded) == {"a": "a", "b": "b"}


def test_overlapping_images_of_two_named_groups_are_refused_naming_both_files(tmp_path):
    folder, table = cut(tmp_path, a=0, b=10, c=20, d=600), tmp_path / "groups.csv"
    table.write_text("id,group\na,X\nb,X\nc,Y\nd,Z\n")
    with pytest.raises(SharedSkyError) as error:
        groups(tmp_path, study(folder, groups=str(table)))
    said = str(error.value)
    assert said.startswith(f"{folder / 'c.fits'}: overlaps {folder}/")
    assert "another group (Y and X)" in said
    assert "\n" not in said
    assert not (tmp_path / "images.h5").exists()


def test_named_groups_are_kept_where_nothing_of_two_overlaps(tmp_path):
    folder, table = cut(tmp_path, a=0, b=10, c=600), tmp_path / "groups.csv"
    table.write_text("id,group\na,X\nb,X\nc,X\n")
    assert groups(tmp_path, study(folder, groups=str(table))) == {"a": "X", "b": "X", "c": "X"}
