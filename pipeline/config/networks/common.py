"""Settings that every architecture has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Settings


class Network(Settings):
    """Whom a network serves, and how often its training is begun."""

    conditions: Literal["grid", "each"] = Field(
        "grid",
        description="grid: one network per fold serves every condition and what lies between them; each: one "
        "specialist per fold and condition, each with all the steps that are set here.",
    )
    learns_from: Literal["simulation", "pairs"] | None = Field(
        None,
        description="Of a study with pairs, what training sees: simulation, sharp images that are blurred by the "
        "pairs' PSF and given their noise; pairs, the blurred images themselves. By default the pairs.",
    )
    restarts: int = Field(
        0,
        ge=0,
        description="Further trainings of the first stage, each from other random weights; the best on the tune role "
        "is kept (of the network that is trained on all groups, on crops of its own training).",
    )
