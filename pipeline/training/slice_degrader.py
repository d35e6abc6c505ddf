"""Training batches of a scanner for networks that are shown whole slices with their data."""

from __future__ import annotations

from pipeline.training.degradation import Batch
from pipeline.training.scan_degrader import ScanDegrader


class SliceDegrader(ScanDegrader):
    """As :class:`~pipeline.training.scan_degrader.ScanDegrader`, whose slices it gives uncut."""

    def batch(self, *address: object, count: int, crop: int, first: int = 0) -> Batch:  # noqa: ARG002
        """Draw slices number ``first`` to ``first + count``, each a function of ``(*address, "slice", number)``.

        ``crop`` says nothing here.
        """
        return self._slices(address, range(first, first + count), self._role.draw_kind(*address))
