"""A denoiser that has learned nothing: its network adds nothing to the Wiener estimate, which is one too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from made_model import make_card
from made_spectrum import made_spectrum

from pipeline.config import Denoiser
from pipeline.model_file import write_model
from pipeline.networks.build import build_network
from pipeline.networks.preparation import Preparation
from pipeline.stretch import Stretch

SMALL = Denoiser(width=4, encoder_blocks=[1], decoder_blocks=[1])


def make_denoiser(path: Path, bands: tuple[str, ...] = ("r", "g", "b"), unit: float = 1.0, **changes: Any) -> Path:
    """Write one for scenes of like bands and a variance of 0.01, in a unit that is ``unit`` times smaller."""
    stretch = Stretch("linear", (0.0,) * len(bands), (unit,) * len(bands))
    spectrum = made_spectrum(2.0, correlation=0.8, bands=len(bands))
    preparation = Preparation(stretch, (0.01 * unit**2,) * len(bands), spectrum, ())
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(SMALL.model_dump(), len(bands), 0)
    tensors = {name: 0 * value if name.startswith("last") else value for name, value in network.state_dict().items()}
    what = {"network": "denoiser", "output": "denoised", "settings": SMALL.model_dump(mode="json"), "fold": 0}
    write_model(path, tensors, make_card(bands, preparation=preparation.to_dict(), **{**what, **changes}))
    return path
