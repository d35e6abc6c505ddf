"""What several tests of the page ask for."""

import pytest

from pipeline.steps import report as report_module


@pytest.fixture
def blank_figures(monkeypatch):
    """Figures are made and not drawn, which takes most of a page's time: for tests of what the page says."""

    def save(_drawn, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="1pt" height="1pt"/>')

    monkeypatch.setattr(report_module, "save", save)
