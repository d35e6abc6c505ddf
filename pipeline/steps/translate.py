"""translate: the first fold's test role in the other domain, by one method."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.body import body_of
from pipeline.config import HISTOGRAM_MATCHING, ConfigError, Study
from pipeline.progress import progress
from pipeline.splits import items_of, read_splits
from pipeline.steps.domain_material import Domain, TranslationError, refuse_other_bands
from pipeline.store import read_images, write_restored
from pipeline.translators.histogram_matching import HistogramMatching
from pipeline.translators.network import NetworkTranslator
from pipeline.translators.translation import Translator
from pipeline.unpaired import FOLD, apart


def translate(
    images: Path, splits: Path, into: Path, into_splits: Path, model: Path | None, study: Study, method: str, out: Path
) -> None:
    """Write the translated slices of the test role, in the unit of the other domain.

    Of a method that knows the way back, each says by how much the slice is off after there and back: ``cycle_error``,
    the mean absolute error within the body.

    Parameters
    ----------
    images, splits, into, into_splits : Path
        As for `train_translation`.
    model : Path or None
        ``translator.safetensors``; none for histogram matching, which learns here.
    study : Study
    method : str
    out : Path

    Raises
    ------
    ConfigError
        If the study has no method of that name.
    TranslationError
        If a network has no model.
    """
    if method not in study.translation_methods:
        raise ConfigError(f"nothing that translates is called {method!r}; the study has "
                          f"{', '.join(study.translation_methods) or 'none'}")  # fmt: skip
    rows = read_splits(splits)
    translator = _translator(images, into, model, method, *apart(rows, read_splits(into_splits)))
    tests = items_of(rows, FOLD, "test")
    with read_images(images) as reader, write_restored(out) as made:
        for item in progress(tests, f"translate {method}", len(tests), "slice"):
            pixels = reader.pixels(item.image, item.window)
            found = translator.translate(pixels)
            noted = {}
            if found.back is not None:
                body = body_of(pixels)
                noted["cycle_error"] = float(np.abs(found.back - pixels)[:, body].mean())
            made.append(item.item, found.pixels, **noted)


def _translator(images: Path, into: Path, model: Path | None, method: str, *rows: list) -> Translator:
    if method != HISTOGRAM_MATCHING:
        if model is None:
            raise TranslationError(f"{method}: no model is given; the step `train_translation` writes one")
        return NetworkTranslator(model)
    first, second = Domain(images, rows[0]), Domain(into, rows[1])
    refuse_other_bands(first, second)
    return HistogramMatching.learned(first.slices(), second.slices())
