import pytest

from pipeline.config import study_from
from pipeline.datasets import open_dataset
from pipeline.image_files import image_files
from pipeline.workflow import files_of_images


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's home, which is the working directory too."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


@pytest.mark.parametrize("pattern", ["~/d/{id}.fits", "d[1]/{id}.fits", "./d//{id}.fits", "d/{id}-{band}.fits"])
def test_snakemake_watches_the_very_files_that_ingest_reads(home, pattern):
    save(home / "d", "a.fits", "b.fits", "a-g.fits", "b-g.fits", "b-notes.fits", "b.txt")
    save(home / "d[1]", "a.fits", "b.fits")
    bands = ["g"] if "{band}" in pattern else None
    study = study_from({"images": {"dataset": "folder", "path": pattern, "bands": bands}})
    read = list(open_dataset(study.images).sources.values())
    assert len(read) >= 2
    assert files_of_images(study) == read


def test_snakemake_watches_the_table_of_groups_too(home):
    save(home, "a.fits", "groups.csv")
    images = {"dataset": "folder", "path": "{id}.fits", "groups": "~/groups.csv"}
    assert files_of_images(study_from({"images": images})) == ["a.fits", str(home / "groups.csv")]


def test_names_of_images_and_bands_are_read_off_files(home):
    save(home / "m51", "m51-g.fits", "m101-g.fits")
    assert image_files("{id}/{id}-{band}.fits") == [("m51/m51-g.fits", "m51", "g")]
    assert image_files("{id}/{id}-{band}.fits", ["r"]) == []
