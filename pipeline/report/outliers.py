"""Items that some method restored far worse or better than the rest of their fold: named, and with their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.display import Scaling
from pipeline.evaluation.outliers import Outlier, first_psnr, outliers
from pipeline.report.display import as_data_uri, residual_picture, residual_scale
from pipeline.report.gallery import exhibit
from pipeline.report.naming import condition_name, listed, method_name, number
from pipeline.splits import Item

NAMED = 3
"""How many outliers of a condition are named and shown; all are drawn."""
MOST_CONDITIONS = 4
"""Of more conditions the first are drawn, and their outliers named."""
SIDE = 160
"""Largest side of a picture in px."""


@dataclass(frozen=True)
class NamedOutlier:
    """An outlier with the number that it has in the figure."""

    number: int
    condition: str
    found: Outlier


@dataclass(frozen=True)
class ShownOutlier:
    """An outlier as the page shows it; ``pictures`` are names and data URIs, none where no picture was kept."""

    number: int
    condition: str
    item: str
    fold: int
    where: str
    score: str
    methods: str
    scale: str
    pictures: list[tuple[str, str]]


def drawn_conditions(study: Study) -> list[str]:
    """Names of the conditions whose boxes are drawn."""
    return [c.name for c in study.conditions][:MOST_CONDITIONS]


def named_outliers(metrics: pd.DataFrame, study: Study) -> list[NamedOutlier]:
    """The farthest outliers of each condition that is drawn, numbered through; from ``metrics.csv``."""
    found = []
    for name in drawn_conditions(study):
        found += [(name, one) for one in outliers(first_psnr(metrics[metrics["condition"] == name]))[:NAMED]]
    return [NamedOutlier(place, name, one) for place, (name, one) in enumerate(found, 1)]


def shown_outlier(
    named: NamedOutlier, images: Path, files: dict[str, Path], tests: dict[str, Item], scaling: Scaling, study: Study
) -> ShownOutlier:
    """Prepare an outlier for the page: observed, restored by the method that it is farthest out for, and the truth.

    Parameters
    ----------
    named : NamedOutlier
    images : Path
        ``images.h5``.
    files : dict of str to Path
        File of restored items per method under the condition.
    tests : dict of str to Item
        Items in their test role, by name.
    scaling : Scaling
    study : Study
    """
    found, method = named.found, named.found.methods[0]
    shown = exhibit(images, files, tests[found.item], SIDE)
    pictures, scale = [], ""
    if method in shown.restored:
        residual = scaling.residual(shown.restored[method], shown.truth.pixels)
        largest = residual_scale([residual])
        scale = f"{largest:.2g}"
        views = {"degraded": shown.restored.get("degraded"), method: shown.restored[method]}
        pictures = [(method_name(m), as_data_uri(scaling.picture(p))) for m, p in views.items() if p is not None]
        pictures.append(("Truth", as_data_uri(scaling.picture(shown.truth.pixels))))
        pictures.append(("Residual", as_data_uri(residual_picture(residual, largest))))
    return ShownOutlier(
        number=named.number,
        condition=condition_name(study, named.condition),
        item=found.item,
        fold=found.fold,
        where="below" if found.low else "above",
        score=f"{number(found.value)} dB, and {number(found.median)} dB in the median of its fold",
        methods=listed([method_name(m) for m in found.methods]),
        scale=scale,
        pictures=pictures,
    )
