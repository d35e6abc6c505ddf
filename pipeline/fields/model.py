"""From a model file to a field, and what such a field says of itself."""

from __future__ import annotations

from typing import Any

import torch

from pipeline.fields.field import Field
from pipeline.fields.mark import Mark
from pipeline.model_file import Model, ModelFileError
from pipeline.networks.build_generator import build_generator
from pipeline.networks.field_generator import reach_of
from pipeline.stretch import Stretch

FIELD_GENERATOR = "field generator"
"""What the card of such a model says that it is."""
CARRIED = ("bands", "unit", "pixel_scale", "psf_fwhm", "sky", "sky_sigma", "zero_points", "wcs")
"""What a field takes over from the card of its model."""


def field_of(
    model: Model, seed: int, tile: int = 512, device: torch.device | None = None, mark: Mark | None = None
) -> Field:
    """The field of a trained generator and a seed, and of a mark if there is to be one.

    Raises
    ------
    ModelFileError
        If the model restores images, or its weights are of another number of bands than its card.
    FieldError
        If the tile does not suit it.
    """
    card = model.card
    if card.get("kind") != FIELD_GENERATOR:
        raise ModelFileError("a model that restores images; `train_field` writes those that paint fields")
    generator = build_generator(card["settings"], len(card["bands"]))
    try:
        generator.load_state_dict(model.tensors)
    except RuntimeError:
        raise ModelFileError(
            f"its weights do not make a generator of {len(card['bands'])} bands as its card says; train it again"
        ) from None
    return Field(generator, Stretch.from_dict(card["stretch"]), seed, tile, device, mark)


def about_field(model: Model, seed: int, tile: int, mark: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a field says of itself, so that whoever opens it years later sees what it is.

    Parameters
    ----------
    model : Model
    seed, tile : int
    mark : dict, optional
        What it says of its mark; of a field without one, nothing.
    """
    card = model.card
    return {
        "synthetic": True,
        "seed": seed,
        "tile": tile,
        "model": card["hash"],
        "generator": card["generator"],
        "settings": card["settings"],
        "study": card["study"],
        # Farther apart, no two pixels have to do with each other.
        "reach": reach_of(build_generator(card["settings"], len(card["bands"]))),
        **{name: card[name] for name in CARRIED},
        **({"mark": mark} if mark else {}),
    }
