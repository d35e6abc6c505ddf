"""Catalogues side by side: size and colour against brightness."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from pipeline.report.figures.field_ratios import generator_styles
from pipeline.report.style import INK, figure

MOST = 3000
"""Sources that a panel shows, so that the file stays small."""
SHOWN = (0.005, 0.995)
"""Quantiles of the real sky between which the axes reach, and a fifth further."""


def catalogue_figure(skies: dict[str, pd.DataFrame], bands: tuple[str, ...], brightness: str) -> Figure:
    """Draw a column per sky, ``real`` first: half-light radius, and the colour of the outer bands, by brightness.

    Parameters
    ----------
    skies : dict of str to DataFrame
        Catalogues by name, of about as many sources each.
    bands : tuple of str
    brightness : str
        What ``-2.5 log10`` of light is called.
    """
    middle = f"magnitude_{bands[len(bands) // 2]}"
    rows = [("half_light_radius", "half-light radius (px)")]
    if len(bands) > 1:
        rows.append((f"colour_{bands[0]}-{bands[-1]}", f"{bands[0]} − {bands[-1]} (mag)"))
    drawn = figure(max(2.9 * len(skies), 4.6), 2.6 * len(rows) + 0.5)
    panels = drawn.subplots(len(rows), len(skies), squeeze=False, sharex=True, sharey="row")
    styles = {name: colour for name, (colour, _) in generator_styles([n for n in skies if n != "real"]).items()}
    for column, (name, table) in enumerate(skies.items()):
        whole = table[table["whole"]].head(MOST)
        for row, (quantity, _) in enumerate(rows):
            panels[row, column].plot(
                whole[middle], whole[quantity], ".", color=styles.get(name, INK), ms=2.4, alpha=0.6, mew=0,
                rasterized=True,
            )  # fmt: skip
        panels[0, column].set_title("real, held out" if name == "real" else name)
        panels[-1, column].set_xlabel(brightness)
    real = skies["real"]
    for row, (quantity, label) in enumerate(rows):
        panels[row, 0].set_ylabel(label)
        panels[row, 0].set_ylim(*_limits(real[quantity]))
    panels[0, 0].set_xlim(*_limits(real[middle])[::-1])
    return drawn


def _limits(values: pd.Series) -> tuple[float, float]:
    low, high = values.quantile(SHOWN[0]), values.quantile(SHOWN[1])
    return float(low - 0.2 * (high - low)), float(high + 0.2 * (high - low))
