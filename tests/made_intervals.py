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
    intervals = {"counted": "groups", "calibrated": {"pixels": make_calibration().to_dict()}}
    card = {k: v for k, v in plain.card.items() if k != "hash"} | {"intervals": intervals}
    write_model(path, plain.tensors, make_card(bands) | card, make_spread(len(bands)))
    return path
