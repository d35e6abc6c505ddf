"""The denoiser of a fold, for the methods that need one: never one that has seen what it is to help restore."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.config import DENOISED
from pipeline.errors import ClearfieldError
from pipeline.model_file import read_model


class DenoiserError(ClearfieldError):
    """Denoisers that are not those of the folds."""


def denoiser_of(denoisers: Sequence[Path], fold: int, folds: int) -> tuple[Path, str]:
    """The model file of a fold's denoiser, and the hash of its weights.

    Parameters
    ----------
    denoisers : sequence of path
        ``models/denoiser/<fold>/denoised.safetensors`` in the order of the folds.
    fold, folds : int
        Which fold of how many.

    Raises
    ------
    DenoiserError
        If there is not one for each fold, or a file is no denoiser or was trained for another fold.
    """
    if len(denoisers) != folds:
        raise DenoiserError(
            f"plug_and_play: {len(denoisers)} denoisers for {folds} folds; one for each is needed, and "
            "`train --network denoiser` makes them"
        )
    model = read_model(denoisers[fold])
    if model.card["output"] != DENOISED:
        raise DenoiserError(f"{denoisers[fold]}: makes the output {model.card['output']} and is no denoiser")
    trained = model.card["fold"]
    if trained != fold:
        raise DenoiserError(
            f"{denoisers[fold]}: was trained for fold {trained} and stands in the place of fold {fold}; give the "
            "denoisers in the order of the folds, so that none has seen what it is to help restore"
        )
    return denoisers[fold], model.hash
