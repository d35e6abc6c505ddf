"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data():
    """Folder of real images, which the project does not ship."""
    named = os.environ.get("CLEARFIELD_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real images are not at {folder}; set CLEARFIELD_DATA to their folder")
    return folder
