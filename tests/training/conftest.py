"""What several tests of training ask for: a sky to train on, and crops without flaws."""

import pytest
from made_training import degrader, sky, write_sky

from pipeline.tiling import Window
from pipeline.training import flaws
from pipeline.training.regions import Region


@pytest.fixture
def flawless(monkeypatch):
    """Crops without borders and dead pixels."""
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)


@pytest.fixture
def source(tmp_path):
    """A degrader with the whole of one small sky for its region."""
    path = write_sky(tmp_path / "images.h5", sky(120, 130))
    return degrader(path, [Region("field0", Window(0, 0, 120, 130))])
