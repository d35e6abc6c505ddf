import csv
import stat

import pytest

import pipeline
from pipeline.pseudonyms import PseudonymError, Pseudonyms, refuse_key_place


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working directory that is no repository."""
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    return tmp_path


def test_patients_get_running_names_in_the_order_in_which_they_come():
    names = Pseudonyms()
    assert [names.of(patient) for patient in ("Roe", "Doe", "Roe", "Poe")] == ["p0001", "p0002", "p0001", "p0003"]
    assert len(names) == 3
    assert "oe" not in repr(names)


def test_a_key_file_keeps_names_and_is_readable_by_its_owner_alone(home):
    names = Pseudonyms()
    for patient in ("Doe, Jane", 'the "17"', "Müller\n2", "007"):
        names.of(patient)
    names.write(home / "keys" / "study.csv")
    assert stat.S_IMODE((home / "keys" / "study.csv").stat().st_mode) == 0o600
    again = Pseudonyms.read(home / "keys" / "study.csv")
    assert again.of("007") == "p0004"
    assert again.of("new") == "p0005"
    again.write(home / "keys" / "study.csv")
    with (home / "keys" / "study.csv").open(newline="") as file:
        assert list(csv.reader(file))[-1] == ["p0005", "new"]
    assert [path.name for path in (home / "keys").iterdir()] == ["study.csv"]


def test_a_place_that_is_passed_on_is_refused(home):
    (home / "link").symlink_to(home / "study" / "results")
    (home / "study" / "results").mkdir()
    for place in (
        "results/key.csv",
        "results/a/../b/key.csv",
        "logs/key.csv",
        "work/key.csv",
        home / "link" / "key.csv",
    ):
        with pytest.raises(PseudonymError, match="which are passed on"):
            Pseudonyms(["Doe"]).write(place)
    with pytest.raises(PseudonymError, match="which are passed on"):
        refuse_key_place(home / "shared" / "key.csv", [home / "shared"])
    with pytest.raises(PseudonymError, match="which are passed on"):
        refuse_key_place(f"{pipeline.__path__[0]}/key.csv")
    assert list((home / "study" / "results").iterdir()) == []
    refuse_key_place("results.csv")


@pytest.mark.parametrize("mark", [".git", "Snakefile"])
def test_a_repository_is_refused(home, mark):
    (home / "code" / "deep").mkdir(parents=True)
    (home / "code" / mark).write_text("gitdir: elsewhere")
    with pytest.raises(PseudonymError, match="within a repository"):
        Pseudonyms(["Doe"]).write(home / "code" / "deep" / "key.csv")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n",
        "pseudonym,patient\np0002,Doe\n",
        "pseudonym,patient\np0001,Doe\np0002,Doe\n",
        "pseudonym,patient\np0001\n",
    ],
)
def test_what_is_no_key_file_is_refused_without_its_words(home, text):
    (home / "key.csv").write_text(text)
    with pytest.raises(PseudonymError, match=r"^the key file of pseudonyms does not hold") as refused:
        Pseudonyms.read(home / "key.csv")
    assert "Doe" not in str(refused.value)


def test_a_missing_key_file_is_said(home):
    with pytest.raises(PseudonymError, match="is not there"):
        Pseudonyms.read(home / "Doe.csv")
