import logging

import numpy as np
import pandas as pd
import pytest
import torch
from astropy.io import fits
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_training import made_study, sky, write_sky

from pipeline.config import ConfigError
from pipeline.fields.model import field_of
from pipeline.image import Image
from pipeline.model_file import read_model
from pipeline.steps import field_material
from pipeline.steps import train_field as step
from pipeline.steps.split import split
from pipeline.tiling import Window
from pipeline.training import field_task

SMALL = {"steps": 2, "batch": 2, "crops": [32], "base_channels": 4, "width": 4, "latents": 3}
FIELDS = {"sgan": {"generator": "sgan", **SMALL}, "xdf_gan": {"generator": "xdf_gan", **SMALL}}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    monkeypatch.setattr(step, "fabric_for", lambda _settings: fabric)
    monkeypatch.setattr(field_task, "WATCHED", 2)


def trained(folder, skies, generator="sgan", **sections):
    folder.mkdir(exist_ok=True)
    study = made_study(fields=FIELDS, **sections)
    images, splits, out = folder / "images.h5", folder / "splits.csv", folder / generator
    write_sky(images, *skies)
    split(images, study, splits)
    step.train_field(images, splits, study, generator, out, folder / "work")
    return out


def skies(count=8, bands=2):
    return [sky(64, 70, bands, seed=k) for k in range(count)]


@pytest.mark.parametrize("generator", FIELDS)
def test_a_study_trains_a_generator_whose_file_stands_alone(tmp_path, generator):
    out = trained(tmp_path, skies(), generator)
    model = read_model(out / "generator.safetensors")
    assert (model.card["generator"], model.card["bands"], model.card["unit"]) == (generator, ["r", "g"], "display")
    assert (model.card["fold"], model.card["study"]) == (0, "made")
    pixels = field_of(model, 7, 64, torch.device("cpu")).window(Window(2**40, 5, 20, 30))
    assert pixels.shape == (2, 20, 30)
    history = pd.read_csv(out / "history.csv")
    assert history.step.tolist() == [2]
    assert {"discriminator_total", "generator_total", "histogram", "variety", "parameters"} <= set(history)


def test_nothing_of_the_held_out_fold_is_seen(tmp_path):
    # The items of fold 0, tested there and nowhere in its training, may hold anything at all.
    one = trained(tmp_path / "one", skies())
    study = made_study(fields=FIELDS)
    held_out = pd.read_csv(tmp_path / "one" / "splits.csv").query("fold == 0 and role == 'test'").image.tolist()
    others = [image + 100 * (f"field{k}" in held_out) for k, image in enumerate(skies())]
    folder = tmp_path / "other"
    folder.mkdir()
    write_sky(folder / "images.h5", *others)
    step.train_field(
        folder / "images.h5", tmp_path / "one" / "splits.csv", study, "sgan", folder / "sgan", folder / "w"
    )
    tensors = [read_model(out / "generator.safetensors").tensors for out in (one, folder / "sgan")]
    assert held_out
    assert all(torch.equal(value, tensors[1][name]) for name, value in tensors[0].items())


def test_any_number_of_bands_will_do(tmp_path):
    card = read_model(trained(tmp_path, skies(6, bands=5)) / "generator.safetensors").card
    assert len(card["stretch"]["offset"]) == len(card["sky_sigma"]) == 5


@pytest.mark.parametrize("step_between", [0, 1])
def test_a_sky_of_several_textures_is_warned_of_and_one_texture_is_not(tmp_path, caplog, step_between):
    # On the left of each image the same texture, brighter.
    brighter = np.float32(step_between) * (np.arange(140) < 64)
    tissues = [np.float32(sky(140, 140, 1, seed=k) + brighter) for k in range(6)]
    with caplog.at_level(logging.WARNING, "clearfield"):
        trained(tmp_path, tissues)
    said = [message for message in caplog.messages if "train on images of one class" in message]
    assert len(said) == step_between


def test_a_generator_that_no_study_names_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no generator is called 'dcgan'; the study has sgan, xdf_gan"):
        step.train_field(tmp_path / "a", tmp_path / "b", made_study(fields=FIELDS), "dcgan", tmp_path, tmp_path)


HEADERS = {
    "numbered": ({"BAND1": "g", "BAND2": "r", "MAGZERO1": 25.0, "MAGZERO2": 26.0}, [26.0, 25.0]),
    "one for all planes": ({"BAND1": "g", "BAND2": "r", "MAGZERO": 25.0}, [25.0, 25.0]),
    "of the first file alone": ({"MAGZERO": 25.0}, None),
    "of one band alone": ({"BAND1": "r", "MAGZERO1": 25.0}, None),
}


@pytest.mark.parametrize(("cards", "expected"), HEADERS.values(), ids=HEADERS)
def test_zero_points_are_those_of_the_bands_or_none(cards, expected):
    pixels, header = np.zeros((2, 4, 4), np.float32), fits.Header(cards).tostring(sep="\n", padding=False)
    image = Image("m31", pixels, np.zeros(pixels.shape, bool), "nJy", ("r", "g"), header=header)
    assert field_material.zero_points(image) == expected
