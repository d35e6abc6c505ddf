import pytest

from pipeline.store.aside import StoreError
from pipeline.store.aside_folder import folder_aside, refuse_existing, refuse_foreign


def test_a_folder_is_there_as_a_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError), folder_aside(tmp_path / "made") as aside:
        (aside / "nowhere" / "one").touch()
    assert not list(tmp_path.iterdir())
    with folder_aside(tmp_path / "made") as aside:
        (aside / "one").touch()
        assert not (tmp_path / "made").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "one"]


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old").touch()
    with pytest.raises(RuntimeError), folder_aside(tmp_path / "made"):
        raise RuntimeError
    assert (tmp_path / "made" / "old").exists()
    with folder_aside(tmp_path / "made") as aside:
        (aside / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "new"]


def test_what_is_there_is_written_over_on_request_alone_and_never_what_is_not_ours(tmp_path):
    folder = tmp_path / "mine"
    refuse_existing(folder, False)
    refuse_foreign(folder, folder / "mark")
    folder.mkdir()
    with pytest.raises(StoreError, match="is there already; write over it with --overwrite"):
        refuse_existing(folder, False)
    refuse_existing(folder, True)
    with pytest.raises(StoreError, match="is not what this command writes, and is left alone"):
        refuse_foreign(folder, folder / "mark")
    (folder / "mark").touch()
    refuse_foreign(folder, folder / "mark")
