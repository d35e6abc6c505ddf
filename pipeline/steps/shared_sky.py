"""Images that show the same sky are one group, whatever they are called: else a fold is judged on sky that it knows."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.formats.fits import footprint_of
from pipeline.image import Image
from pipeline.measures.footprints import overlapping

log = logging.getLogger("clearfield")


class SharedSkyError(ClearfieldError):
    """Images of two named groups that show the same sky."""


class SharedSky:
    """Footprints of the images of a study, as far as their headers tell them.

    Parameters
    ----------
    sources : dict of str to str
        The words by which a message names each image.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._groups: dict[str, str] = {}
        self._footprints: list[NDArray[np.float64]] = []

    def add(self, image: Image) -> None:
        """Take an image as it came, before it is padded; one without a place on the sky stays in its own group."""
        footprint = footprint_of(image.header, *image.shape[-2:]) if image.header is not None else None
        if footprint is not None:
            self._groups[image.id] = image.group
            self._footprints.append(footprint)

    def joined(self, named: bool) -> dict[str, str]:
        """The group of each image that shares sky with an earlier one of another group.

        Parameters
        ----------
        named : bool
            The user has named the groups, which are then not joined.

        Raises
        ------
        SharedSkyError
            If images of two named groups overlap.
        """
        ids, groups = list(self._groups), dict(self._groups)
        pairs = overlapping(np.array(self._footprints).reshape(-1, 4, 3))
        for one, other in (sorted((ids[a], ids[b]), key=ids.index) for a, b in pairs):
            if named and groups[one] != groups[other]:
                raise SharedSkyError(
                    f"{self._sources[other]}: overlaps {self._sources[one]} on the sky, in another group "
                    f"({groups[other]} and {groups[one]}); put both in one group by images.groups, or remove one"
                )
        if named or not pairs:
            return {}
        names = _first_of_each(len(ids), pairs)
        joined = {id: groups[ids[first]] for id, first in zip(ids, names) if ids[first] != id}
        count = len(joined) + len(set(joined.values()))
        log.info("ingest: %d images overlap on the sky and are joined to %d groups", count, len(set(joined.values())))
        return joined


def _first_of_each(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """The first member of the set that each number belongs to, when pairs are linked."""
    first = np.arange(count)
    for a, b in pairs:
        low, high = sorted((first[a], first[b]))
        first[first == high] = low
    return first.tolist()
