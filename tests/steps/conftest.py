"""A model file, an image that it takes, and a place for the result."""

import logging

import pytest
from made_model import make_fits, make_model


@pytest.fixture
def model(tmp_path):
    return make_model(tmp_path / "m.safetensors")


@pytest.fixture
def image(tmp_path):
    return make_fits(tmp_path / "a.fits")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out.fits"


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.INFO, "clearfield")
    return caplog
