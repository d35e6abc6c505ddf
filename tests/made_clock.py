"""A clock that a test moves, for what tells of time."""

from __future__ import annotations


class Clock:
    """Stands still until ``now`` is moved; takes the place of the module ``time``."""

    now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now
