"""simulate: the study's simulated survey as files, for its own `ingest` and for other tools."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pipeline.code_hash import code_hash
from pipeline.config import Study, settings_hash
from pipeline.datasets.simulated_survey import (
    Survey,
    SurveyError,
    is_made,
    remove_others,
    survey_of,
    write_image_file,
    write_tables,
)
from pipeline.processes import end_with_the_first
from pipeline.progress import progress
from pipeline.step_settings import threads_for
from pipeline.threads import use_threads

log = logging.getLogger("clearfield")


def simulate(study: Study, out: Path) -> None:
    """Write the survey of a study to the folder ``out``.

    - ``images/<id>.fits``: extensions EXPOSURE (with noise) and TRUTH (without), both in counts and seen with the
      preset's PSF, bands along the third axis; SEGMENTATION (label of the source that a pixel belongs to) and CLASS;
    - ``survey.json``: settings, zero points, gain and sky;
    - ``catalogue.csv``, written last: a line for each source
      (:func:`~pipeline.datasets.simulated_survey.catalogue.catalogue`).

    As many images are drawn at a time as the study has threads. Images that are there, of the same settings and the
    same code, are not drawn again.

    Raises
    ------
    SurveyError
        If the study's images are of another dataset, the sky has no room for so many, or a file is in the way.
    """
    if study.images.dataset != "simulated_survey":
        raise SurveyError(f"images.dataset is {study.images.dataset}; simulated_survey is needed, to simulate one")
    survey = survey_of(study.images, study.seed)
    key = settings_hash({**asdict(survey), "images": None, "code": code_hash("simulate")})
    remove_others(out, survey)
    missing = [id for id in survey.ids if not is_made(out, id, key)]
    there = survey.images - len(missing)
    draw = partial(_draw, out, survey, key)
    workers = min(threads_for(study, "simulate"), len(missing))
    for _ in progress(_each(draw, missing, workers), "simulate", total=survey.images, unit="image", initial=there):
        pass
    count = write_tables(out, survey)
    kept = f", {there} of them there already" if there else ""
    log.info("simulate: %d images%s, with %d sources, in %s", survey.images, kept, count, out)


def _draw(out: Path, survey: Survey, key: str, id: str) -> None:
    write_image_file(out, survey, id, key)


def _each(draw: Callable[[str], None], ids: Sequence[str], workers: int) -> Iterator[None]:
    if workers < 2:
        yield from map(draw, ids)
        return
    # A fresh start: threads of the libraries do not survive a fork.
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (os.getpid(),)) as pool:
        yield from pool.map(draw, ids)


def _begin(first: int) -> None:
    use_threads(1)
    end_with_the_first()
    # The one that started this process may have been killed while it was starting.
    if os.getppid() != first:
        os._exit(1)
