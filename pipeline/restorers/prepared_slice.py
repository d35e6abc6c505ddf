"""A scanned slice as networks see it, whole."""

from __future__ import annotations

import torch

from pipeline.networks.inputs import RestorationInput
from pipeline.networks.preparation import Preparation
from pipeline.observation import Observation


@torch.inference_mode()
def prepared_slice(preparation: Preparation, observation: Observation, device: torch.device) -> RestorationInput:
    """What networks are given of data that are no image.

    Parameters
    ----------
    preparation : Preparation
    observation : Observation
        Of an instrument that is ``whole``.
    device : torch.device

    Returns
    -------
    RestorationInput, shape (1, ..., H, W)
        On the grid of the slice, with the data as its evidence.
    """
    measured, operator = observation.measured, observation.operator
    described, mask = preparation.described(operator)[None], torch.from_numpy(observation.preview.mask)[None]
    data, sigma, mask, level, described = (
        plane.to(device) for plane in (measured.data, measured.sigma, mask, measured.level, described)
    )
    return preparation(data, mask, sigma, level, operator, described)
