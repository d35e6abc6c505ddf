"""The settings of a classical restorer that restore the tune role best, by the metric that it will be judged by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Image, Mask, Pixels
from pipeline.measures.fidelity import psnr
from pipeline.observation import Observation
from pipeline.restorers.restorer import Settings, TunedRestorer
from pipeline.tiling import Window

Array = NDArray[np.floating]

COARSE_STEP = 2.0
"""Factor between the values that the search tries first ..."""
MOST_STEPS = 12
"""... as many times as this at most, away from the start ..."""
REFINEMENTS = 2
"""... and how often it then tries the top of a parabola through the best value and its neighbours."""
ROUNDS = 2
"""How often each of several settings is searched, with the others at the best values so far."""
PATIENCE = 4
"""A method that iterates is stopped when this many iterations in a row have not raised the score."""


class TuningError(ClearfieldError):
    """Nothing to tune by."""


@dataclass(frozen=True, eq=False)
class Trial:
    """An observation whose truth is known.

    Parameters
    ----------
    observation : Observation
        Of the item and a guard around it.
    truth : array, shape (C, H, W)
        The item.
    core : Window
        The item, counted from the observation's corner.
    left_out : array, shape (C, H, W), bool
        True where the item is not scored.
    """

    observation: Observation
    truth: Pixels
    core: Window
    left_out: Mask


@dataclass(frozen=True)
class Tuned:
    """What tuning found: the settings, their PSNR in dB averaged over the trials, and how many settings were tried."""

    settings: Settings
    psnr: float
    tried: int


def tune(
    method: type[TunedRestorer],
    trials: Sequence[Trial],
    learned: Settings,
    data_range: float,
    space: Callable[[Array], Array] = np.asarray,
) -> Tuned:
    """Find the settings with the highest mean PSNR over the trials.

    A searched setting climbs by factors of two and is then refined, several in turn; iterations are counted along the
    way, in one run for each value. The choice does not depend on ``data_range``, in which pixels of other roles may
    have a part.

    Parameters
    ----------
    method : type of TunedRestorer
    trials : sequence of Trial
        Of the tune role.
    learned : dict
        Settings that :meth:`TunedRestorer.learned` measured on the train role.
    data_range : float
        Of the space.
    space : callable
        The scaling in which PSNR is taken; by default none.

    Raises
    ------
    TuningError
        If no trial has a pixel to be scored by.
    """
    trials = [trial for trial in trials if not trial.left_out.all()]
    if not trials:
        raise TuningError(
            "tune: no item of the tune role has a trusted pixel away from the border; a larger split.tune, "
            "larger images or fewer folds are needed"
        )
    chosen, found = dict(method.searched), dict[tuple[float, ...], Tuned]()

    def score(name: str, value: float) -> float:
        values = {**chosen, name: value}
        place = tuple(values.values())
        if place not in found:
            found[place] = _best_on_path(method({**learned, **values}), trials, space)
        return found[place].psnr

    for name in [*chosen] * (ROUNDS if len(chosen) > 1 else 1):
        chosen[name] = _highest(partial(score, name), chosen[name])
    if not chosen:
        found[()] = _best_on_path(method(learned), trials, space)
    best = found[tuple(chosen.values())]
    return Tuned(best.settings, best.psnr + 20 * math.log10(data_range), sum(f.tried for f in found.values()))


def _best_on_path(restorer: TunedRestorer, trials: Sequence[Trial], space: Callable[[Array], Array]) -> Tuned:
    best, tried = restorer.settings, 0
    highest, risen = -math.inf, 0
    for tried, (settings, images) in enumerate(restorer.paths([trial.observation for trial in trials]), 1):
        mean = float(np.mean([_psnr(image, trial, space) for image, trial in zip(images, trials)]))
        if tried == 1 or mean > highest:
            best, highest, risen = settings, mean, tried
        if tried - risen == PATIENCE:
            break
    return Tuned(best, highest, tried)


def _psnr(restored: Image, trial: Trial, space: Callable[[Array], Array]) -> float:
    core = restored.pixels[(..., *trial.core.slices)]
    return psnr(space(core.astype(np.float64)), space(trial.truth.astype(np.float64)), 1.0, trial.left_out)


def _highest(score: Callable[[float], float], start: float) -> float:
    """Where a score with one hill is highest, for values above 0."""
    steps = [0, -1, 1]
    while len(steps) < MOST_STEPS:
        best = max(steps, key=lambda k: score(_rounded(start * COARSE_STEP**k)))
        beyond = [k for k in (best - 1, best + 1) if k not in steps]
        if not beyond:
            break
        steps += beyond
    values = sorted(_rounded(start * COARSE_STEP**k) for k in steps)
    for _ in range(REFINEMENTS):
        place = max(range(len(values)), key=lambda i: score(values[i]))
        if place in (0, len(values) - 1):
            break
        values = sorted({*values, _rounded(_top(score, values[place - 1 : place + 2]))})
    return max(values, key=score)


def _top(score: Callable[[float], float], three: Sequence[float]) -> float:
    """Top of the parabola through three scores over the logarithm of the value, the middle one being the highest."""
    u, s = np.log(three), np.array([score(v) for v in three])
    left, right = (u[1] - u[0]) * (s[1] - s[2]), (u[1] - u[2]) * (s[1] - s[0])
    if not np.isfinite(left - right) or left == right:
        return three[1]
    shift = ((u[1] - u[0]) * left - (u[1] - u[2]) * right) / (left - right) / 2
    return float(np.exp(u[1] - shift))


def _rounded(value: float) -> float:
    # Three digits are more than the score can tell apart, and are what the report shows.
    return float(f"{value:.3g}")
