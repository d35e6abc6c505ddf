"""The gallery as the page shows it: pictures as data URIs, with what each scored."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from pipeline.config import Study
from pipeline.display import Scaling
from pipeline.report.display import as_data_uri, residual_picture, residual_scale
from pipeline.report.gallery import Exhibit
from pipeline.report.naming import method_name, number


@dataclass(frozen=True)
class View:
    """One picture of an item, with its residual; the truth has none."""

    name: str
    score: str
    trained: bool
    picture: str
    residual: str | None


@dataclass(frozen=True)
class Viewer:
    """Everything of one item under one condition.

    ``scale`` is what the deepest colours of the residuals stand for; ``left`` and ``right`` are the views shown first.
    """

    item: str
    fold: int
    width: int
    height: int
    cut: bool
    scale: str
    views: list[View]
    left: int
    right: int


def viewer(
    shown: Exhibit, condition: str, metrics: pd.DataFrame, scaling: Scaling, study: Study, network: str | None
) -> Viewer:
    """Prepare an exhibit for the page.

    Parameters
    ----------
    shown : Exhibit
    condition : str
    metrics : DataFrame
        ``metrics.csv``, for the PSNR of the item.
    scaling : Scaling
    study : Study
    network : str, optional
        The method that is shown first, against the degraded image; by default the last.
    """
    methods = [m for m in study.all_methods if m in shown.restored]
    residuals = {m: scaling.residual(shown.restored[m], shown.truth.pixels) for m in methods}
    # The degraded image is the worst by far; its noise would set a scale on which no restorer errs.
    scale = residual_scale([r for m, r in residuals.items() if m != "degraded"] or list(residuals.values()))
    scores = _scores(metrics, condition, shown.item.item, study.evaluate.spaces[0])
    views = [
        View(
            method_name(m),
            f"{number(scores[m])} dB" if m in scores else "",
            m in study.network_methods,
            as_data_uri(scaling.picture(shown.restored[m])),
            as_data_uri(residual_picture(residuals[m], scale)),
        )
        for m in methods
    ]
    views.append(View("Truth", "", False, as_data_uri(scaling.picture(shown.truth.pixels)), None))
    return Viewer(
        item=shown.item.item,
        fold=shown.item.fold,
        width=shown.window.width,
        height=shown.window.height,
        cut=shown.window != shown.item.window,
        scale=f"{scale:.2g}",
        views=views,
        left=0,
        right=methods.index(network) if network in methods else max(len(methods) - 1, 0),
    )


def _scores(metrics: pd.DataFrame, condition: str, item: str, space: str) -> dict[str, float]:
    rows = metrics[
        (metrics.condition == condition)
        & (metrics.item == item)
        & (metrics.metric == "psnr")
        & (metrics.space == space)
    ]
    return dict(zip(rows.method.astype(str), rows.value.astype(float)))
