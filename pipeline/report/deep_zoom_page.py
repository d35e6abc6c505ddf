"""The page in which a synthetic field is looked about, opened from the disk beside its pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.display import Scaling
from pipeline.formats.deep_zoom import TILE, last_level
from pipeline.image import DISPLAY
from pipeline.report.page import render
from pipeline.store import written_aside
from pipeline.tiling import Window, whole


def write_deep_zoom_page(about: dict[str, Any], area: Window, scaling: Scaling, out: Path) -> None:
    """Write the page.

    Parameters
    ----------
    about : dict
        What the field says of itself.
    area : Window
        Where it lies in the endless plane.
    scaling : Scaling
        Of its pictures.
    out : path
        Beside the folder of the pictures, which has its name and ``_files``.
    """
    place = {
        "name": out.stem,
        **{"width": area.width, "height": area.height},
        **{"tile": TILE, "last": last_level(whole(area.height, area.width))},
        # As text: JavaScript's numbers are exact to 2^53, and a field may lie farther out.
        **{"x0": str(area.x0), "y0": str(area.y0)},
        "scale": about["pixel_scale"],
    }
    text = render(
        "deep_zoom/page.html",
        **{name: about[name] for name in ("generator", "seed", "study")},
        model=about["model"][:12],
        place=place,
        shown_as=scaling.shown_as,
        display=scaling.unit == DISPLAY,
    )
    with written_aside(out) as aside:
        aside.write_text(text, encoding="utf-8")
