"""From the settings of a generator of fields to the module."""

from __future__ import annotations

from typing import Any

from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan


def build_generator(settings: dict[str, Any], bands: int) -> Sgan | XdfGan:
    """Build an untrained generator.

    Parameters
    ----------
    settings : dict
        The plain form of one entry of ``fields`` in the configuration.
    bands : int
        Planes of the image.
    """
    if settings["generator"] == "xdf_gan":
        return XdfGan(bands, settings["width"], settings["latents"])
    names = ("width", "latents", "whole", "periodic", "depth")
    return Sgan(bands, **{name: settings[name] for name in names})
