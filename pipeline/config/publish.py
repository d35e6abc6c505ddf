"""The section `publish`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.config.settings import Settings


class Publish(Settings):
    """The model file that a user applies."""

    final: Literal["retrain", "fold0"] = Field(
        "retrain",
        description="retrain: train once more on all groups; fold0: publish the network of fold 0, which saw the "
        "rest only.",
    )
    licence: str | None = Field(
        None, min_length=1, description="Licence of the published models, for their cards: cc-by-4.0, say."
    )
    source: str | None = Field(
        None, min_length=1, description="Where the images come from and under which licence, for the models' cards."
    )
