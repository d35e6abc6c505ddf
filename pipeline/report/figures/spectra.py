"""Power spectra: how much detail each method leaves at every scale, against the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.report.naming import condition_name, method_name
from pipeline.report.spectra import MeanSpectra
from pipeline.report.style import INK, MUTED, figure, method_colours

DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.5, 1.5)), (0, (9, 2)))


def spectra_figure(spectra: dict[str, MeanSpectra], cutoffs: dict[str, float], study: Study, unit: str) -> Figure:
    """Draw a pair of panels per condition: the power, and its ratio to the truth's.

    Parameters
    ----------
    spectra : dict of str to MeanSpectra
        By condition.
    cutoffs : dict of str to float
        By condition, in cycles/px: beyond it the instrument passes less than a tenth of an amplitude.
    study : Study
    unit : str
        Unit of the images, in words.
    """
    conditions = [c.name for c in study.conditions if c.name in spectra]
    if not conditions:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No restored items are large enough for a spectrum.", ha="center", va="center")
        return drawn
    columns = min(len(conditions), 4)
    rows = math.ceil(len(conditions) / columns)
    drawn = figure(max(3.0 * columns, 7.4), 4.6 * rows + 0.7)
    axes = drawn.subplots(2 * rows, columns, sharex=True, sharey="row", squeeze=False, height_ratios=[1.5, 1] * rows)
    colours = method_colours(study.methods, study.network_methods)
    for place, condition in enumerate(conditions):
        row, column = divmod(place, columns)
        above, below = axes[2 * row, column], axes[2 * row + 1, column]
        _draw(above, below, spectra[condition], colours, study)
        above.set_title(condition_name(study, condition))
        for panel in (above, below):
            if condition in cutoffs:
                panel.axvline(cutoffs[condition], color=MUTED, lw=1, ls=":")
        if column == 0:
            above.set_ylabel(f"power in {unit if unit.isalpha() else f'({unit})'}²")
            below.set_ylabel("ratio to the truth")
    for empty in range(len(conditions), rows * columns):
        for panel in axes[2 * (empty // columns) : 2 * (empty // columns) + 2, empty % columns]:
            panel.set_axis_off()
    drawn.supxlabel("spatial frequency (cycles/px)", fontsize=9, color=INK)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=5, columnspacing=1.4, handlelength=2.6)
    return drawn


def _draw(above: Axes, below: Axes, spectra: MeanSpectra, colours: dict[str, str], study: Study) -> None:
    above.plot(spectra.frequency, spectra.truth, color=INK, lw=2.4, label="Truth", zorder=3)
    below.axhline(1, color=INK, lw=2, zorder=3)
    for method in (m for m in study.all_methods if m in spectra.restored):
        trained = method in study.network_methods
        kin: Sequence[str] = study.network_methods if trained else study.methods
        style: dict[str, Any] = {"color": colours[method], "lw": 1.9 if trained else 1.3, "zorder": 4 if trained else 2}
        style["ls"] = DASHES[kin.index(method) % len(DASHES)]
        power = spectra.restored[method]
        above.plot(spectra.frequency, power, label=method_name(method), **style)
        below.plot(spectra.frequency, power / np.maximum(spectra.truth, np.finfo(float).tiny), **style)
    above.set_yscale("log")
    # What lies below a hundredth of the truth's faintest power is numerical noise of smooth results.
    above.set_ylim(bottom=max(spectra.truth.min() * 1e-2, np.finfo(float).tiny))
    below.set_yscale("log")
    below.set_ylim(1e-2, 1e2)
    below.set_xlim(0, 0.5)
