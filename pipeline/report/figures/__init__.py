"""The figures of the report, one module each: a function that takes tables or pixels and returns a drawn figure."""

from __future__ import annotations

from pipeline.config import Study


def figure_files(study: Study) -> list[str]:
    """Names of the files in ``figures/`` that the report of a study writes, always all of them."""
    return [
        "split.svg",
        "difference.svg",
        "psnr.svg",
        "ranks.svg",
        "folds.svg",
        "spectra.svg",
        "training.svg",
        "balance.svg",
        *(["intervals.svg"] if study.interval_methods else []),
        *(["sources.svg"] if study.evaluate.shapes else []),
        *(["lesions.svg"] if study.evaluate.lesion else []),
        *(f"gallery_{condition.name}.svg" for condition in study.conditions),
    ]
