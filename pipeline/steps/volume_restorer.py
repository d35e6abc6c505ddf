"""A model of a scanner, as it restores the slices of a user's volume."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pipeline.config import Scan
from pipeline.image import Image, Pixels
from pipeline.measures.background import take_off_background
from pipeline.model_file import Model
from pipeline.observation import Observation
from pipeline.physics.scanners import scanner_for
from pipeline.restorers.least_change import least_changed
from pipeline.restorers.network import NetworkRestorer
from pipeline.restorers.spread import SpreadEstimator
from pipeline.steps.interval_models import restored_slice
from pipeline.steps.interval_planes import calibration_of, has_intervals, planes_of

ADDRESS = "the volume"
"""Where the random numbers of a scan lie: the same for every volume, so that a call can be repeated."""


class VolumeRestorer:
    """Restores slices one by one, and says how far each voxel may be off where the model knows.

    Parameters
    ----------
    model : Model
    tile : int
        Width in px of what the network restores at a time.
    data_consistency : bool
        Correct slices that their data contradict.

    Attributes
    ----------
    contradicted : int
        Slices that were corrected so far.
    """

    def __init__(self, model: Model, tile: int, data_consistency: bool) -> None:
        self.model, self.contradicted = model, 0
        self._network, self._consistent = NetworkRestorer(model, tile), data_consistency
        known = has_intervals(model)
        self._estimator = SpreadEstimator(model, tile) if known else None
        self._calibration = calibration_of(model) if known else None

    def planes(self, slice: Image, scan: Scan, number: int) -> Pixels:
        """Restore a slice: it, and with intervals ``ERR``, ``LOWER95`` and ``UPPER95``, one after the other.

        What was not measured stays as it was.

        Parameters
        ----------
        slice : Image, shape (C, H, W)
            Taken for what it would show if the scanner had made it.
        scan : Scan
            Its settings, one value for each axis.
        number : int
            Of the slice within its volume.

        Returns
        -------
        array, shape (C, H, W), or (4 C, H, W) with intervals
        """
        reading = self.model.card["reading"]
        given = take_off_background(slice, reading["background"], reading["background_box"])
        seen = _as_scanned(given, scan, number)
        restored = self._network.restore(seen)
        if self._consistent:
            explained = least_changed(restored, seen)
            self.contradicted += explained is not restored
            restored = explained
        taken_off = 0 if given.background is None else given.background
        result = np.where(slice.mask, slice.pixels, restored.pixels + taken_off)
        if self._estimator is None or self._calibration is None:
            return result
        made = restored_slice(self._estimator, restored, seen)
        half, lower, upper = np.split(planes_of(made, self._calibration), 3)
        ends = [np.where(slice.mask, slice.pixels, end + taken_off) for end in (lower, upper)]
        return np.concatenate([result, np.where(slice.mask, 0, half), *ends])


def _as_scanned(slice: Image, scan: Scan, number: int) -> Observation:
    scanner = scanner_for(scan, slice)
    # A user's head lay still.
    operator = scanner.told(scanner.of(scan, ADDRESS, number))
    body = torch.from_numpy(slice.pixels).clamp_min(0).masked_fill(torch.from_numpy(slice.mask), 0)[None]
    data = operator.forward(body)
    sigma = operator.preview_sigma(operator.noise.told_sigma(data))[0].float().expand(slice.shape)
    return Observation(replace(slice, sigma=sigma.contiguous().numpy()), operator, data[0].float().contiguous().numpy())
