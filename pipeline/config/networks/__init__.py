"""The section `networks`: each network by a name of the user's choice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pipeline.config.networks.nafnet import Nafnet
from pipeline.config.networks.pix2pix import Pix2pix
from pipeline.config.networks.unrolled import Unrolled

ARCHITECTURES = {"nafnet": Nafnet, "pix2pix": Pix2pix, "unrolled": Unrolled}
NetworkSettings = Annotated[Nafnet | Unrolled | Pix2pix, Field(discriminator="architecture")]


def default_networks() -> dict[str, NetworkSettings]:
    """The network of a study that names none."""
    return {"nafnet": Nafnet()}
