"""Maps of one restored item: where its data contradict it, and where its detail is not the scene's."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.audit.consistency import cells_of
from pipeline.audit.displaced_detail import detail_map
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.store import written_aside


class Maps(NamedTuple):
    """Arrays of shape (H, W) or, of cells and patches, (rows, columns); NaN where nothing is known."""

    observed: NDArray[np.float32]
    """Mean of the bands."""
    restored: NDArray[np.float32]
    chi2: NDArray[np.float64]
    lag1: NDArray[np.float64]
    detail: NDArray[np.float64]
    """Rings in which the image agrees with the scene over those in which its data do; NaN where there is no detail."""


def maps_of(specimen: Specimen, restored: Image, threshold: float) -> Maps:
    """Maps of what counts of a specimen."""
    cells = cells_of(restored, specimen.seen, specimen.counted)
    observed, made = (specimen.part(pixels) for pixels in (specimen.seen.preview.pixels, restored.pixels))
    detail = np.full((1, 1), np.nan)
    if specimen.truth is not None and len(truth := specimen.part(specimen.truth.pixels)):
        found = detail_map(made, observed, truth, truth, threshold)
        if found.patches:
            ratio = np.where(found.compared, found.resolved / np.maximum(found.expected, 1), np.nan)
            detail = ratio.reshape(len({patch.y0 for patch in found.patches}), -1)
    return Maps(observed.mean(0), made.mean(0), cells.chi2, cells.lag1, detail)


def write_maps(path: Path, maps: Maps) -> None:
    """Write maps as ``.npz``."""
    with written_aside(path) as aside:
        np.savez_compressed(aside, **maps._asdict())


def read_maps(path: Path) -> Maps:
    """Read what :func:`write_maps` wrote."""
    with np.load(path) as arrays:
        return Maps(**{name: arrays[name] for name in Maps._fields})
