"""What makes a spread an interval: quantiles of past errors, by how well a place was seen."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.measures.conformal import FEWEST_GROUPS, PROBABILITIES, GroupedScores, Quantiles

Floats = NDArray[np.float64]

ALL = "all"
"""Every bin together: what a bin with too few groups borrows from."""
LEVELS = (0.68, 0.95)
"""Of the intervals that are given and judged."""


class CalibrationError(ClearfieldError):
    """Nothing to calibrate by, or a calibration that cannot be read."""


def bin_numbers(snr: NDArray[np.floating]) -> NDArray[np.intp]:
    """Number of the bin of each signal-to-noise; below 0 is the first."""
    lows = [low for low, _ in BINS.values()]
    return np.clip(np.searchsorted(lows, snr, "right") - 1, 0, len(lows) - 1)


class BinnedScores:
    """Scores in groups, for each bin of signal-to-noise."""

    def __init__(self) -> None:
        self._bins = [GroupedScores() for _ in BINS]

    def add(self, group: str, scores: NDArray[np.floating], snr: NDArray[np.floating]) -> None:
        """Count scores of one group, ``(truth - restored) / spread``, and the signal-to-noise where they were seen."""
        known, numbers = np.isfinite(scores), bin_numbers(snr)
        for number, grouped in enumerate(self._bins):
            grouped.add(group, scores[known & (numbers == number)])

    @classmethod
    def together(cls, parts: Iterable[BinnedScores]) -> BinnedScores:
        """All of several; a group that is in more than one counts once."""
        whole, parts = cls(), list(parts)
        whole._bins = [GroupedScores.together(part._bins[k] for part in parts) for k in range(len(BINS))]
        return whole

    def calibration(self) -> Calibration | None:
        """The calibration by these scores; None where there is none."""
        every = GroupedScores.together(self._bins)
        return None if not len(every) else Calibration.of(every, self._bins)


@dataclass(frozen=True)
class Calibration:
    """For each bin of signal-to-noise, quantiles of errors in units of their spread (Mondrian conformal prediction).

    Errors are skewed, since light is positive: quantiles have signs, and intervals are no half widths.

    Parameters
    ----------
    quantiles : array, shape (4, 41)
        At :data:`~pipeline.measures.conformal.PROBABILITIES`.
    notes : dict
        For each bin and ``all``: groups, scores, effective number, whether quantiles are ``borrowed`` from all bins,
        and whether they could be ``corrected`` for so few groups.
    """

    quantiles: Floats
    notes: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, every: GroupedScores, bins: Sequence[GroupedScores]) -> Calibration:
        """From scores in bins, and all of them; a bin of fewer than 8 groups borrows from all."""
        pooled = every.quantiles()
        rows, notes = [], {ALL: _noted(pooled, borrowed=False)}
        for name, grouped in zip(BINS, bins):
            own = grouped.quantiles() if len(grouped) else None
            borrows = len(grouped) < min(FEWEST_GROUPS, len(every))
            rows.append(pooled.values if own is None or borrows else own.values)
            notes[name] = _noted(own or _NONE, borrowed=borrows)
        return cls(np.array(rows), notes)

    def at(self, probability: float) -> Floats:
        """The quantile in each bin, shape (4,), between those that are written down."""
        return np.array([np.interp(probability, PROBABILITIES, row) for row in self.quantiles])

    def ends(self, level: float) -> tuple[Floats, Floats]:
        """Quantiles between which the middle ``level`` of errors lies, in each bin."""
        return self.at((1 - level) / 2), self.at((1 + level) / 2)

    def to_dict(self) -> dict[str, Any]:
        """As plain numbers, for a file."""
        return {
            "probabilities": PROBABILITIES.round(4).tolist(),
            "quantiles": {name: row.round(6).tolist() for name, row in zip(BINS, self.quantiles)},
            "notes": self.notes,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibration:
        """The calibration that :meth:`to_dict` described.

        Raises
        ------
        CalibrationError
            If it is of other bins or probabilities.
        """
        try:
            written = np.array(values["probabilities"])
            rows = np.array([np.interp(PROBABILITIES, written, values["quantiles"][name]) for name in BINS])
        except (KeyError, TypeError, ValueError) as error:
            raise CalibrationError(f"a calibration that cannot be read ({error}); calibrate again") from None
        return cls(rows, values.get("notes", {}))


class CalibrationScores:
    """All scores of one output of one network on one fold, by what they are of.

    Besides what intervals are made of, errors of no matter which spread are kept: for intervals of one width, which a
    spread has to be better than.
    """

    def __init__(self) -> None:
        self._of: defaultdict[str, BinnedScores] = defaultdict(BinnedScores)

    def of(self, what: str) -> BinnedScores:
        """Scores of pixels or of a measure of sources, or those of a constant width."""
        return self._of[what]

    @classmethod
    def together(cls, parts: Iterable[CalibrationScores]) -> CalibrationScores:
        """All of several folds."""
        whole, parts = cls(), list(parts)
        for what in dict.fromkeys(name for part in parts for name in part._of):
            whole._of[what] = BinnedScores.together(part._of[what] for part in parts)
        return whole

    def calibrations(self) -> dict[str, Calibration]:
        """A calibration for each thing that there are scores of."""
        found = {what: scores.calibration() for what, scores in self._of.items()}
        return {what: calibration for what, calibration in found.items() if calibration is not None}


PIXELS = "pixels"
CONSTANT = "constant"
"""Names of what is calibrated: pixels in units of their spread; errors in a band in units of the softening of the
stretch, as ``constant_<band>``; measures of sources by their own names, and ``constant_<measure>_<band>``."""


def read_calibration(path: Path) -> dict[str, Any]:
    """Read what the step `calibrate` wrote.

    Raises
    ------
    CalibrationError
        If it is missing or damaged.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CalibrationError(f"{path}: cannot be read ({error}); the step `calibrate` writes it") from None


def calibrations_of(written: dict[str, Any], model: str, output: str, fold: int) -> dict[str, Calibration]:
    """What :func:`read_calibration` read of an output of a model on a fold, by what has intervals.

    Raises
    ------
    CalibrationError
        If there is nothing of it.
    """
    try:
        found = written["folds"][str(fold)][output]
    except KeyError:
        raise CalibrationError(
            f"no calibration of {model}, {output}, fold {fold} is given; the step `calibrate` writes it"
        ) from None
    return {what: Calibration.from_dict(values) for what, values in found.items()}


def _noted(found: Quantiles, borrowed: bool) -> dict[str, Any]:
    effective = found.effective if np.isfinite(found.effective) else None
    return {
        "groups": found.groups,
        "scores": found.scores,
        "effective": effective and round(effective, 1),
        "borrowed": borrowed,
        "corrected": found.corrected,
    }


_NONE = Quantiles(np.zeros(len(PROBABILITIES)), 0, 0, 0.0, corrected=False)
