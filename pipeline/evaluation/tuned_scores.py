"""How the classical methods did on the tune role, as far as it decides which one the others are compared with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np


def tuned_psnr(paths: Iterable[Path]) -> dict[tuple[str, str], float]:
    """PSNR in dB on the tune role, averaged over folds, by condition and method, from what ``tune`` wrote."""
    found = {}
    for path in paths:
        values = json.loads(path.read_text())
        psnr = float(np.mean([fold["psnr"] for fold in values["folds"].values()]))
        found[values["condition"], values["method"]] = psnr
    return found
