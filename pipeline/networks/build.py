"""From the settings of a network to the module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.networks.nafnet import NAFNet
from pipeline.networks.pix2pix import Pix2pixUNet
from pipeline.networks.spread import SpreadNetwork
from pipeline.networks.unrolled import Unrolled

NAFNET = (
    *("width", "encoder_blocks", "middle_blocks", "decoder_blocks"),
    *("activation", "kernel_size", "dropout", "patch_size"),
)

RestoringNetwork = NAFNet | Unrolled | Pix2pixUNet


def build_network(settings: dict[str, Any], bands: int, descriptors: int, noise_planes: int = 0) -> RestoringNetwork:
    """Build an untrained network.

    Parameters
    ----------
    settings : dict
        The plain form of one entry of ``networks`` in the configuration.
    bands : int
        Planes of the image.
    descriptors : int
        Numbers that describe the instrument.
    noise_planes : int
        Planes of noise by which it draws, unless it is a pix2pix.
    """
    if settings["architecture"] == "pix2pix":
        return Pix2pixUNet(bands, settings["crop"], settings["base_channels"])
    # What a model file of an earlier version does not name has the default that it was trained with.
    chosen = {name: settings[name] for name in NAFNET if name in settings} | {"noise_planes": noise_planes}
    if settings["architecture"] == "unrolled":
        return Unrolled(bands, descriptors, settings["rounds"], **chosen)
    return NAFNet(bands, descriptors, **chosen)


def drawing_network(faithful: dict[str, Tensor], settings: dict[str, Any], bands: int, descriptors: int) -> nn.Module:
    """A network that draws by noise, and starts from the weights of one that gives a single answer.

    Parameters
    ----------
    faithful : dict
        Those weights, by name.
    settings, bands, descriptors
        What it was built with; ``settings`` says how many planes of noise.
    """
    network = build_network(settings, bands, descriptors, settings["posterior"]["noise_planes"])
    weights = dict(faithful)
    # The noise has a say from the start, as much as any other plane, or no draw would ever differ from another.
    for name, value in network.state_dict().items():
        if name.endswith("first.weight"):
            weights[name] = torch.cat([weights[name], value[:, weights[name].shape[1] :].to(weights[name])], 1)
    network.load_state_dict(weights)
    return network


def spread_network(settings: dict[str, Any], bands: int, descriptors: int) -> SpreadNetwork:
    """The untrained network that says how far another one is off.

    Parameters
    ----------
    settings, bands, descriptors
        As those of the other network.
    """
    return SpreadNetwork(bands, descriptors, settings["spread"]["width"], settings["spread"]["blocks"])
