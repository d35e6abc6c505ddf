"""translation_report: the page on which translated slices stand beside the truth."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from pipeline.config import Study
from pipeline.report.translation_page import TranslationPage, write_translation_page
from pipeline.splits import items_of, read_splits
from pipeline.steps.domain_material import Domain
from pipeline.store import read_images, read_restored
from pipeline.unpaired import FOLD, apart

log = logging.getLogger("clearfield")

SHOWN = 6
"""Slices on the page."""


def translation_report(
    images: Path, splits: Path, into: Path, into_splits: Path, truth: Path | None, translated: list[Path], scores: Path,
    study: Study, out: Path,
) -> None:  # fmt: skip
    """Write ``report.html``.

    Parameters
    ----------
    images, splits, into, into_splits, truth
        As for `train_translation`.
    translated : list of Path
        ``<method>/translated.h5``.
    scores : Path
        ``scores.csv``.
    study : Study
    out : Path
    """
    rows, into_rows = read_splits(splits), read_splits(into_splits)
    first, second = (Domain(*given) for given in zip((images, into), apart(rows, into_rows)))
    scales = first.scale(), second.scale()
    tests = items_of(rows, FOLD, "test")
    table = pd.read_csv(scores)
    with ExitStack() as stack:
        source = stack.enter_context(read_images(images))
        known = stack.enter_context(read_images(truth)) if truth else None
        made = {path.parent.name: stack.enter_context(read_restored(path)) for path in translated}
        shown = []
        for item in tests[:SHOWN]:
            row = [("source", scales[0].picture(source.pixels(item.image, item.window)))]
            row += [(name, scales[1].picture(file.pixels(item.item))) for name, file in made.items()]
            if known is not None:
                row.append(("truth", scales[1].picture(known.pixels(item.image, item.window))))
            shown.append(row)
    counted = table[table["metric"] == "erased"]["n"]
    page = TranslationPage(
        table, shown, second.first.unit, (len(first.slices()), len(second.slices())), len(tests),
        int(counted.max()) if len(counted) else 0,
    )  # fmt: skip
    write_translation_page(page, study, out)
    log.info("translation report: %s", out)
