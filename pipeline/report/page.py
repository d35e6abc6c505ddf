"""The page: one file that holds everything, reads offline, and escapes whatever came from a file's name."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report.naming import duration, method_name, number
from pipeline.report.sources import COMPARISONS
from pipeline.report.style import darkened
from pipeline.report.tables import ARROWS, DIRECTIONS


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page, for a light and for a dark ground, as data URIs; its size in CSS pixels."""

    light: str
    dark: str
    width: int
    height: int


def page_figure(svg: Path) -> PageFigure:
    """Take a figure that was saved as SVG into the page."""
    text = svg.read_text()
    size = re.search(r'width="([0-9.]+)pt" height="([0-9.]+)pt"', text)
    if size is None:
        raise ValueError(f"{svg}: says no size in points")
    width, height = (round(float(points) * 96 / 72) for points in size.groups())
    return PageFigure(_uri(text), _uri(darkened(text)), width, height)


def render(template: str = "page.html", /, **content: Any) -> str:
    """Fill a template with what a report holds; a name that is missing is an error, never an empty place."""
    environment = Environment(
        loader=PackageLoader("pipeline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration, "method_name": method_name}
    return environment.get_template(template).render(
        **content, ARROWS=ARROWS, DIRECTIONS=DIRECTIONS, COMPARISONS=COMPARISONS
    )


def _uri(svg: str) -> Markup:
    return Markup("data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode())
