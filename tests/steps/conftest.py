"""What several steps' tests ask for: a model file, an image that it takes, trainings that take a second."""

import logging

import pytest
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_model import make_fits, make_model

from pipeline.steps import train as train_module
from pipeline.steps import training_material


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


@pytest.fixture
def quick_training(monkeypatch):
    """On the CPU alone, and watched on two small crops."""
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    monkeypatch.setattr(train_module, "fabric_for", lambda _settings: fabric)
    monkeypatch.setattr(training_material, "WATCHED", (2, 32))
