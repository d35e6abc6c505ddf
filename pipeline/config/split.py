"""The section `split`."""

from __future__ import annotations

from pydantic import Field

from pipeline.config.settings import Settings


class Split(Settings):
    """Who judges whom: cross-validation folds and the roles within them."""

    folds: int = Field(
        3, ge=2, description="Number of folds; each image is restored by the one fold that never saw its group."
    )
    tune: float = Field(
        0.15,
        gt=0,
        lt=0.5,
        description="Share of what is not held out that tunes classical methods and watches training.",
    )
    calibrate: float = Field(
        0.15, ge=0, lt=0.5, description="Share of what is not held out that is set aside for calibrating uncertainty."
    )
    block: int = Field(
        109, ge=32, description="Length in px of the blocks that one large image is cut into, along its bands of sky."
    )
