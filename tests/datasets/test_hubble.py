import socket
from typing import get_args

import numpy as np
import pytest

from pipeline.config import Images
from pipeline.datasets import DATASETS, DatasetError, open_dataset


def test_every_dataset_of_the_configuration_can_be_opened():
    assert set(DATASETS) == set(get_args(Images.model_fields["dataset"].annotation))


def test_hubble_is_one_colour_image_in_display_units_and_needs_no_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(socket, "socket", refuse)
    (image,) = open_dataset(Images())
    assert (image.id, image.group, image.unit) == ("hubble", "hubble", "display")
    assert image.bands == ("red", "green", "blue")
    assert image.shape == (3, 872, 1000)
    assert image.pixels.dtype == np.float32
    assert image.pixels.max() == 1
    assert not image.mask.any()


def test_hubble_has_no_other_bands():
    with pytest.raises(DatasetError, match="red, green, blue"):
        open_dataset(Images(bands=["g", "r", "i"]))
