"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest

# Tests run side by side, one process for each core; more threads than one each would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


LONGEST = (
    "test_apply_by_windows.py",
    "test_whole_study.py",
    "test_paired_study.py",
    "test_page.py",
    "test_dry_run.py",
    "test_tune.py",
    "test_shared_training.py",
    "test_rerun.py",
    "test_train_leaks_nothing.py",
    "test_held_out_sky.py",
    "test_kill.py",
    "test_train_again.py",
    "test_train.py",
    "test_real_or_restored.py",
)


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that no process begins one of them when the others are done."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def data():
    """Folder of real images, which the project does not ship."""
    named = os.environ.get("CLEARFIELD_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real images are not at {folder}; set CLEARFIELD_DATA to their folder")
    return folder
