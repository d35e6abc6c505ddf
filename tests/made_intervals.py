"""A model with intervals, though its networks have learned nothing, for tests of what is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_model import BANDS, SETTINGS, make_card, make_model

from pipeline.evaluation.calibration import Calibration
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.measures.conformal import PROBABILITIES
from pipeline.model_file import read_model, write_model
from pipeline.networks.build import spread_network

NOTE = {"groups": 40, "scores": 4000, "effective": 100.0, "borrowed": False, "corrected": True}


def make_spread(bands: int = 3, seed: int = 3) -> dict[str, torch.Tensor]:
    """Weights that give every pixel another spread."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return spread_network(SETTINGS.model_dump(), bands, 2).state_dict()


def make_calibration(tails: float = 2.0) -> Calibration:
    """Errors that reach from 1 spread below to ``tails`` above, further in better seen bins."""
    rows = [(PROBABILITIES - 0.5) * np.where(PROBABILITIES > 0.5, 2 * tails, 2) * (1 + k) for k in range(len(BINS))]
    return Calibration(np.array(rows), dict.fromkeys(["all", *BINS], NOTE))


def make_model_with_intervals(path: Path, bands: tuple[str, ...] = BANDS, **changes: Any) -> Path:
    """The model of :func:`made_model.make_model`, with a spread network and a calibration."""
    plain = read_model(make_model(path, bands, **changes))
    write_model(path, plain.tensors, make_card(bands) | _calibrated(plain.card), make_spread(len(bands)))
    return path


def with_intervals(path: Path, out: Path) -> Path:
    """A model of any study, with a spread network that has learned nothing, and a calibration."""
    plain = read_model(path)
    card = plain.card
    network = spread_network(card["settings"], len(card["bands"]), len(card["preparation"]["descriptors"]))
    write_model(out, plain.tensors, _calibrated(card), network.state_dict())
    return out


def _calibrated(card: dict[str, Any]) -> dict[str, Any]:
    intervals = {"counted": "groups", "calibrated": {"pixels": make_calibration().to_dict()}}
    return {key: value for key, value in card.items() if key != "hash"} | {"intervals": intervals}
