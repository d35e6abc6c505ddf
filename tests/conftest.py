"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest

# Tests run side by side, one process for each core; more threads than one each would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def data():
    """Folder of real images, which the project does not ship."""
    named = os.environ.get("CLEARFIELD_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real images are not at {folder}; set CLEARFIELD_DATA to their folder")
    return folder
