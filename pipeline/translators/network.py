"""A trained network that translates, from its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from pipeline.domain_scale import DomainScale
from pipeline.image import Pixels
from pipeline.model_file import ModelFileError, read_model
from pipeline.networks.resnet_generator import HALVINGS
from pipeline.networks.translators import ThereAndBack, build_translator
from pipeline.translators.translation import Translation

TRANSLATOR = "translator"
"""Kind of such a model, in its card."""


class NetworkTranslator:
    """Translates whole slices by a network.

    Parameters
    ----------
    path : Path
        ``translator.safetensors``.

    Raises
    ------
    ModelFileError
        If the file holds no translator.
    """

    def __init__(self, path: Path) -> None:
        model = read_model(path)
        if model.card.get("kind") != TRANSLATOR:
            raise ModelFileError(f"{path}: is no translator; the step `train_translation` writes one")
        first, second = model.card["domains"]
        self._scales = tuple(DomainScale.from_dict(domain["scale"]) for domain in (first, second))
        self._network = build_translator(model.card["settings"], len(first["bands"]), len(second["bands"]))
        self._network.load_state_dict(model.tensors)
        self._network.eval()

    @torch.no_grad()
    def translate(self, pixels: Pixels) -> Translation:
        """Translate a slice, shape (C, H, W), and, where the network knows the way, back."""
        height, width = pixels.shape[-2:]
        margin = ((0, 0), *((0, -length % 2**HALVINGS) for length in (height, width)))
        given = torch.from_numpy(np.pad(pixels, margin, mode="reflect"))[None]
        first, second = self._scales
        there = self._network.there(first.apply(given))
        back = self._network.back(there) if isinstance(self._network, ThereAndBack) else None

        def physical(scaled: torch.Tensor, scale: DomainScale) -> Pixels:
            return scale.invert(scaled)[0, :, :height, :width].numpy()

        return Translation(physical(there, second), None if back is None else physical(back, first))
