"""What tests of training ask for."""

import pytest

from pipeline.training import flaws


@pytest.fixture
def flawless(monkeypatch):
    """Crops without borders and dead pixels."""
    monkeypatch.setattr(flaws, "BORDER_SHARE", 0)
    monkeypatch.setattr(flaws, "BAD_PIXEL_SHARE", 0)
