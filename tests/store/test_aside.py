import errno
import os

import pytest
from made_image import left_over

from pipeline.store import StoreError, written_aside


def test_a_failure_leaves_the_file_that_was_there(tmp_path):
    with written_aside(tmp_path / "x.txt") as aside:
        aside.write_text("old")

    def broken_off():
        with written_aside(tmp_path / "x.txt") as aside:
            aside.write_text("new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert left_over(tmp_path) == ["x.txt"]
    assert (tmp_path / "x.txt").read_text() == "old"


def test_folders_are_made_and_the_name_aside_keeps_its_ending(tmp_path):
    with written_aside(tmp_path / "a" / "b" / "x.fits.gz") as aside:
        assert aside.name.endswith("x.fits.gz")
        assert aside.parent == tmp_path / "a" / "b"
        aside.write_text("done")
    assert left_over(tmp_path / "a" / "b") == ["x.fits.gz"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_said_in_one_line(tmp_path, code):
    with pytest.raises(StoreError) as caught, written_aside(tmp_path / "x.txt"):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(f"{tmp_path / 'x.txt'}: cannot be written ({os.strerror(code)})")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_a_file_is_said_in_one_line(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), written_aside(tmp_path / "a" / "x.txt"):
        pass


def test_what_is_wrong_with_another_file_is_not_blamed_on_this_one(tmp_path):
    with pytest.raises(FileNotFoundError), written_aside(tmp_path / "x.txt"):
        (tmp_path / "missing").read_text()
