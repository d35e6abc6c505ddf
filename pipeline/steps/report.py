"""report: the page that says what came out, its figures, and what was run on what."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.figure import Figure

from pipeline.config import Study
from pipeline.display import Scaling
from pipeline.evaluation.spaces import LINEAR, SPACES
from pipeline.evaluation.summary import FIELD
from pipeline.image import unit_in_words
from pipeline.measures.spectrum import cutoff_frequency
from pipeline.physics.conditions import psf_for
from pipeline.physics.lost_light import NOTED_LOSS, lost_light
from pipeline.progress import progress
from pipeline.report.ceiling import ceiling_of
from pipeline.report.display import residual_colours
from pipeline.report.figures import figure_files
from pipeline.report.figures.balance import WATCHED, balance_figure
from pipeline.report.figures.difference import difference_figure
from pipeline.report.figures.folds import folds_figure
from pipeline.report.figures.gallery import gallery_figure
from pipeline.report.figures.intervals import intervals_figure
from pipeline.report.figures.lesions import lesions_figure
from pipeline.report.figures.psnr import psnr_figure
from pipeline.report.figures.ranks import ranks_figure
from pipeline.report.figures.sources import sources_figure
from pipeline.report.figures.spectra import spectra_figure
from pipeline.report.figures.split import split_figure
from pipeline.report.figures.training import training_figure
from pipeline.report.gallery import Exhibit, chosen_items, exhibit, items_and_side
from pipeline.report.intervals import interval_table, read_intervals
from pipeline.report.judging import judging
from pipeline.report.kfold import kfold_table
from pipeline.report.lesions import lesion_table, read_lesions
from pipeline.report.naming import condition_name, psf_name
from pipeline.report.outliers import ShownOutlier, named_outliers, shown_outlier
from pipeline.report.page import page_figure, render
from pipeline.report.provenance import provenance as gathered
from pipeline.report.ranking import ranking_content, read_comparisons
from pipeline.report.realism import realism
from pipeline.report.runs import read_histories, restoration_times, training_rows, tuned_settings
from pipeline.report.sources import read_sources, source_table
from pipeline.report.spectra import MeanSpectra, mean_spectra
from pipeline.report.style import save, styled
from pipeline.report.tables import columns_of, condition_tables
from pipeline.report.verdict import verdict
from pipeline.report.viewer import viewer
from pipeline.splits import read_splits
from pipeline.steps.instrument import guard_of, read_stamp
from pipeline.steps.shown_window import shown_window
from pipeline.store import read_images, written_aside
from pipeline.tiling import Window

log = logging.getLogger("clearfield")

TEXT = ("image", "item", "group", "condition", "method", "space", "metric", "reference", "scope")
NUMBERS = {"value", "n", "median", "mean", "low", "high", "difference", "difference_low", "difference_high", "p_value"}
ON_THE_PAGE = (
    *(
        "split",
        "difference",
        "psnr",
        "ranks",
        "folds",
        "spectra",
        "training",
        "balance",
        "intervals",
        "sources",
        "lesions",
    ),
)
"""Figures that the page shows as they are; the gallery it shows in its own way."""


def report(
    study: Study,
    images: Path,
    splits: Path,
    restored: list[Path],
    metrics_csv: Path,
    summary_csv: Path,
    comparisons_csv: Path,
    ranking_csv: Path,
    histories: list[Path],
    tuned: list[Path],
    discerned: list[Path],
    sources: list[Path],
    lesions: list[Path],
    intervals: list[Path],
    out: Path,
    figures_dir: Path,
    provenance: Path,
) -> None:
    """Write ``report.html``, the figures that :func:`~pipeline.report.figures.figure_files` names, ``provenance.json``.

    Parameters
    ----------
    study : Study
    images, splits : Path
        ``images.h5``, ``splits.csv``.
    restored : list of Path
        ``<condition>/<method>.h5``, whole or only the items that the gallery shows.
    metrics_csv, summary_csv, comparisons_csv, ranking_csv : Path
    histories : list of Path
        ``<network>/<fold>/history.csv``.
    tuned : list of Path
        ``<condition>/<method>.json``.
    discerned : list of Path
        ``discerned/<condition>.parquet``; none where the study asks for no classifiers.
    sources : list of Path
        ``sources.csv``; none where the study asks for no shapes.
    lesions : list of Path
        ``lesions.csv``; none where the study puts no lesions into slices.
    intervals : list of Path
        ``intervals.csv``; none where no network has intervals.
    out, figures_dir, provenance : Path
        What is written.
    """
    tables = metrics_csv, summary_csv, comparisons_csv, ranking_csv
    material = _Material(study, images, splits, restored, tables, histories, sources, lesions, intervals)
    drawn = _figures(material)
    for name in figure_files(study):
        save(drawn[name], figures_dir / name)
    run = gathered(study) | {"light_lost": material.lost_light()}
    trainings = training_rows(material.histories, study)
    page = render(
        **_content(material),
        figures={name: page_figure(figures_dir / f"{name}.svg") for name in ON_THE_PAGE if f"{name}.svg" in drawn},
        tuned=tuned_settings(tuned, study),
        trainings=trainings,
        realism=realism(discerned, study),
        run=run,
        lost={psf_name(c.psf): lost for c in study.blurs if (lost := run["light_lost"][c.name]) > NOTED_LOSS},
        yaml=yaml.safe_dump(run["study"], sort_keys=False, allow_unicode=True, width=100),
    )
    with written_aside(provenance) as aside:
        aside.write_text(json.dumps({**run, "training": trainings}, indent=1, ensure_ascii=False) + "\n")
    with written_aside(out) as aside:
        aside.write_text(page, encoding="utf-8")
    log.info("report: %s", out)


class _Material:
    """Everything that the report shows, read once."""

    def __init__(
        self,
        study: Study,
        images: Path,
        splits: Path,
        restored: list[Path],
        tables: tuple[Path, Path, Path, Path],
        histories: list[Path],
        sources: list[Path],
        lesions: list[Path],
        intervals: list[Path],
    ) -> None:
        self.study, self.items, self._images = study, read_splits(splits), images
        self.metrics, self.summary = (_read_table(path) for path in tables[:2])
        self.comparisons, self.ranking = (read_comparisons(path) for path in tables[2:])
        self.outliers = named_outliers(self.metrics, study)
        self.restored, self.histories = _by_condition(restored, study), read_histories(histories)
        self.sources, self.intervals = read_sources(sources), read_intervals(intervals)
        self.lesions = read_lesions(lesions)
        with read_images(images) as reader:
            # A corner is enough: it has the bands, the unit and the pixel scale of all images.
            self.scene, noted = reader.image(self.items[0].image, Window(0, 0, 1, 1)), reader.attributes
        self.data_range, self.empty_kspace = float(noted["data_range"]), noted.get("empty_kspace")
        # What scatters in the sky of a noise-free truth is faint light, which a restorer can foresee.
        own = {"sky_sigma": [0] * len(self.scene.bands)} if study.noise_free_truth else {}
        self.ceiling = ceiling_of({**noted, **own}, self.scene.bands)
        sky, noise, window = noted["sky"], noted["sky_sigma"], shown_window(study.evaluate, self.scene)
        self.scaling = Scaling(self.scene.unit, self.scene.bands, sky, noise, self.data_range, window)
        self.stamp = read_stamp(study, self.scene.bands)
        self.guard = guard_of(study, len(self.scene.bands), self.scene.pixel_scale, self.stamp)
        count, side = items_and_side(len(study.conditions), len(study.all_methods))
        shown = chosen_items(images, self.items, noted["sky"], noted["sky_sigma"], count)
        self.exhibits: dict[str, list[Exhibit]] = {}
        self.spectra: dict[str, MeanSpectra] = {}
        for condition, files in progress(self.restored.items(), "gallery", len(self.restored), "condition"):
            several = [exhibit(images, files, item, side) for item in shown]
            self.exhibits[condition] = [one for one in several if one.restored]
            spectra = mean_spectra(images, files, self.items)
            if spectra is not None:
                self.spectra[condition] = spectra

    def shown_outliers(self) -> list[ShownOutlier]:
        """Outliers with their pictures, for those that the gallery has."""
        tests = {item.item: item for item in self.items if item.role == "test"}
        return [
            shown_outlier(one, self._images, self.restored.get(one.condition, {}), tests, self.scaling, self.study)
            for one in self.outliers
        ]

    def cutoffs(self) -> dict[str, float]:
        """By condition, the frequency in cycles/px beyond which less than a tenth of an amplitude passes."""
        scene, images = self.scene, self.study.images
        return {
            c.name: cutoff_frequency(psf_for(c.psf, images, len(scene.bands), scene.pixel_scale, self.stamp))
            for c in self.study.blurs
        }

    def lost_light(self) -> dict[str, float]:
        """By condition, the share of the PSF's light that its stamp leaves out."""
        scale = self.scene.pixel_scale or self.study.images.pixel_scale
        return {c.name: lost_light(c.psf, self.study.images, scale, self.stamp) for c in self.study.blurs}


def _figures(m: _Material) -> dict[str, Figure]:
    linear = m.study.evaluate.spaces[0] == LINEAR
    with styled():
        galleries = {
            f"gallery_{c.name}.svg": gallery_figure(m.exhibits.get(c.name, []), m.scaling, m.study, c.name)
            for c in m.study.conditions
        }
        return {
            "split.svg": split_figure(m.items),
            "difference.svg": difference_figure(m.summary, m.study),
            "psnr.svg": psnr_figure(m.metrics, m.study, m.ceiling.value if linear else math.inf),
            "ranks.svg": ranks_figure(m.ranking, m.study),
            "folds.svg": folds_figure(m.metrics, m.outliers, m.study),
            "spectra.svg": spectra_figure(m.spectra, m.cutoffs(), m.study, unit_in_words(m.scene.unit)),
            "training.svg": training_figure(m.histories, m.study),
            "balance.svg": balance_figure(m.histories),
            **({"intervals.svg": intervals_figure(m.intervals, m.study)} if m.study.interval_methods else {}),
            **({"sources.svg": sources_figure(m.sources, m.study)} if m.study.evaluate.shapes else {}),
            **({"lesions.svg": lesions_figure(m.lesions, m.study)} if m.study.evaluate.lesion else {}),
            **galleries,
        }


def _content(m: _Material) -> dict[str, Any]:
    """What the page says, by the names of its template."""
    found, columns = verdict(m.summary, m.study), columns_of(m.summary, m.study)
    names = {c.name: condition_name(m.study, c.name) for c in m.study.conditions}
    return {
        "study": m.study,
        "verdict": found,
        "field": bool((m.summary["scope"] == FIELD).any()),
        "judging": judging(m.items, m.guard),
        "scene": m.scene,
        "unit": unit_in_words(m.scene.unit),
        "columns": columns,
        "metrics": list({column.metric.name: column.metric for column in columns}.values()),
        "spaces": {name: SPACES[name] for name in m.study.evaluate.spaces},
        "tables": condition_tables(m.summary, m.study),
        "condition_names": names,
        "galleries": [
            (names[c], [viewer(one, c, m.metrics, m.scaling, m.study, found.network) for one in several])
            for c, several in m.exhibits.items()
            if several
        ],
        "ranking": ranking_content(m.comparisons, m.ranking, m.histories, m.study),
        "outliers": m.shown_outliers(),
        "shown_as": m.scaling.shown_as,
        "residual_colours": residual_colours(),
        "spectra_items": max((s.items for s in m.spectra.values()), default=0),
        "ceiling": m.ceiling,
        "sigmas": dict(zip(m.scene.bands, m.scaling.sky_sigma)),
        "data_range": m.data_range,
        "empty_kspace": None if m.empty_kspace is None else list(m.empty_kspace),
        "watched": {w.column for w in WATCHED if any(w.column in h.table for h in m.histories)},
        "intervals": None if m.intervals is None else interval_table(m.intervals, m.study),
        "sources": None if m.sources is None else source_table(m.sources, m.study),
        "lesions": None if m.lesions is None else lesion_table(m.lesions, m.study),
        "kfold": None if m.sources is None else kfold_table(m.sources, m.study),
        "outputs": {output for network in m.study.networks.values() for output in network.outputs},
        "restarted": any(network.restarts for network in m.study.networks.values()),
        "specialised": [name for name, network in m.study.networks.items() if network.conditions == "each"],
        "times": restoration_times(m.restored, m.study),
    }


def _by_condition(restored: list[Path], study: Study) -> dict[str, dict[str, Path]]:
    """Files by condition and method, in the order of the study; its folder names the condition, its stem the method."""
    found = {(path.parent.name, path.stem): path for path in restored}
    return {
        c.name: files
        for c in study.conditions
        if (files := {m: found[c.name, m] for m in study.all_methods if (c.name, m) in found})
    }


def _read_table(path: Path) -> pd.DataFrame:
    # Names stay text, whatever they look like: an image may be called 0012 or NA.
    table = pd.read_csv(path, dtype=dict.fromkeys(TEXT, str), keep_default_na=False)
    for name in NUMBERS & set(table.columns):
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table
