"""What the line of progress says of a training while it runs: crops per second, the score, and smoothed losses."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from torch import Tensor

MEMORY = 0.95
"""Share of the past in a smoothed loss: it looks back over about twenty steps."""


class Live:
    """Follows a training step by step; called, it gives the words.

    Parameters
    ----------
    players : iterable of str
        Whose losses are told; of one alone it is called ``loss``.
    psnr : float, optional
        The last score on the tune role in dB, where a training goes on.
    """

    def __init__(self, players: Iterable[str], psnr: float | None = None) -> None:
        names = list(players)
        self._names = {f"{name}_total": name if len(names) > 1 else "loss" for name in names}
        self._losses: dict[str, Tensor] = {}
        self._psnr = psnr
        self._seconds: float | None = None
        self._crops, self._before = 0, time.monotonic()

    def step(self, values: Mapping[str, Tensor], crops: int) -> None:
        """Take in the losses of a step on so many crops; they stay where they are until the words are asked for."""
        for key in self._names:
            new = values[key].detach()
            self._losses[key] = MEMORY * self._losses[key] + (1 - MEMORY) * new if key in self._losses else new
        now = time.monotonic()
        took = now - self._before
        self._seconds = took if self._seconds is None else MEMORY * self._seconds + (1 - MEMORY) * took
        self._crops, self._before = crops, now

    def looked(self, scores: Mapping[str, float]) -> None:
        """Take in what a look at the tune role gave; its time counts for no step."""
        self._psnr = scores.get("validation_psnr", self._psnr)
        self._before = time.monotonic()

    def __call__(self) -> str:
        """The words, such as ``85 crops/s, 29.55 dB, loss 0.0231``; empty before the first step."""
        words = []
        if self._crops and self._seconds:
            words.append(f"{self._crops / self._seconds:.3g} crops/s")
        if self._psnr is not None:
            words.append(f"{self._psnr:.2f} dB")
        words += [f"{self._names[key]} {float(value):.3g}" for key, value in self._losses.items()]
        return ", ".join(words)
