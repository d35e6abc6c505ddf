"""The values between which a study shows its images, where it says so."""

from __future__ import annotations

from pipeline.config import Evaluate
from pipeline.image import Image


def shown_window(settings: Evaluate, corner: Image) -> tuple[float, float] | None:
    """What is black and what is white, in the unit of the image and counted as its pixels are.

    Parameters
    ----------
    settings : Evaluate
        Its window is in the values of the files.
    corner : Image
        A part of any image of the study, for what was taken off it.
    """
    if settings.tissue is None or settings.tissue.window is None:
        return None
    taken_off = 0.0 if corner.background is None else float(corner.background.mean())
    black, white = settings.tissue.window
    return black - taken_off, white - taken_off
