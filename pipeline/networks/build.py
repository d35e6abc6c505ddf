"""From the settings of a network to the module."""

from __future__ import annotations

from typing import Any

from pipeline.networks.nafnet import NAFNet
from pipeline.networks.pix2pix import Pix2pixUNet

NAFNET = ("width", "encoder_blocks", "middle_blocks", "decoder_blocks", "activation", "kernel_size", "dropout")


def build_network(settings: dict[str, Any], bands: int, descriptors: int) -> NAFNet | Pix2pixUNet:
    """Build an untrained network.

    Parameters
    ----------
    settings : dict
        The plain form of one entry of ``networks`` in the configuration.
    bands : int
        Planes of the image.
    descriptors : int
        Numbers that describe the instrument.
    """
    if settings["architecture"] == "nafnet":
        # What a model file of an earlier version does not name has the default that it was trained with.
        return NAFNet(bands, descriptors, **{name: settings[name] for name in NAFNET if name in settings})
    return Pix2pixUNet(bands, settings["crop"], settings["base_channels"])
