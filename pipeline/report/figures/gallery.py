"""One held-out item under one condition: what each method made of it, and what it got wrong."""

from __future__ import annotations

from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.display import Scaling
from pipeline.report.display import residual_picture, residual_scale
from pipeline.report.gallery import Exhibit
from pipeline.report.naming import condition_name, method_name
from pipeline.report.style import figure


def gallery_figure(exhibits: list[Exhibit], scaling: Scaling, study: Study, condition: str) -> Figure:
    """Draw the first exhibit: images above, ``restored - truth`` below on one symmetric scale, the truth last."""
    if not exhibits:
        drawn = figure(5, 1)
        drawn.text(0.5, 0.5, "No restored item was kept for this condition.", ha="center", va="center")
        return drawn
    shown = exhibits[0]
    methods = [m for m in study.all_methods if m in shown.restored]
    residuals = [scaling.residual(shown.restored[m], shown.truth.pixels) for m in methods]
    scale = residual_scale([r for m, r in zip(methods, residuals) if m != "degraded"] or residuals)
    tall = shown.window.height > 1.4 * shown.window.width
    columns = len(methods) + 1 if tall else min(len(methods) + 1, 3)
    bands = -(-(len(methods) + 1) // columns)
    width = 12 / columns
    drawn = figure(12, bands * (2 * width * shown.window.height / shown.window.width + 0.3) + 0.3)
    axes = drawn.subplots(2 * bands, columns, squeeze=False)
    for panel in axes.ravel():
        panel.set_axis_off()
    for place, method in enumerate(methods):
        band, column = divmod(place, columns)
        above, below = axes[2 * band, column], axes[2 * band + 1, column]
        above.imshow(scaling.picture(shown.restored[method]), interpolation="none")
        above.set_title(method_name(method))
        below.imshow(residual_picture(residuals[place], scale), interpolation="none")
    band, column = divmod(len(methods), columns)
    axes[2 * band, column].imshow(scaling.picture(shown.truth.pixels), interpolation="none")
    axes[2 * band, column].set_title("Truth")
    unit = f" {scaling.unit}" if scaling.unit else ""
    drawn.suptitle(
        f"{condition_name(study, condition)}: {shown.item.item}, fold {shown.item.fold}; "
        f"below, restored − truth from −{scale:.3g} (purple) to +{scale:.3g}{unit} (orange)",
        fontsize=9.5, x=0.01, ha="left",
    )  # fmt: skip
    return drawn
