"""Synthetic fields beside the real sky."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEFAULT, Config, Images, Log, Out, Splits, ending
from pipeline.config import load_study
from pipeline.step_runner import running

Sky = Annotated[Path, typer.Argument(help="field/sky.parquet, from `catalogue` without a field.")]
Fields = Annotated[list[Path], typer.Argument(help="<generator>/field.h5 and catalogue.parquet of every generator.")]


@app.command()
def catalogue(
    images: Images,
    splits: Splits,
    out: Out,
    field: Annotated[Path | None, typer.Argument(help="field.h5, from `generate`; by default the real sky.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """List and measure every source of the real sky, or of a synthetic field."""
    study = load_study(config)
    with running(f"catalogue {field.parent.name if field else 'real sky'}", out, log):
        from pipeline.steps import catalogue as step

        step.catalogue(images, splits, field, study, out)


@app.command()
def compare(
    images: Images,
    splits: Splits,
    sky: Sky,
    files: Fields,
    out: Out,
    curves: Annotated[Path, typer.Option("--curves", help="Table of the curves behind the findings.")],
    nearest: Annotated[Path, typer.Option("--nearest", help="Table of the sources most like a training source.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Say how far synthetic fields are from sky that no generator saw."""
    study = load_study(config)
    with running("compare", out, log):
        from pipeline.steps import compare as step

        step.compare(images, splits, sky, ending(files, ".h5"), ending(files, ".parquet"), study, out, curves, nearest)


@app.command()
def traces(
    images: Images,
    splits: Splits,
    files: Annotated[list[Path], typer.Argument(help="<generator>/field.h5 of every generator.")],
    out: Out,
    benchmark: Annotated[
        Path, typer.Option("--benchmark", help="HDF5 for the patches; the table of their labels goes beside it.")
    ],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Say whether local correlations give synthetic fields away, and keep the labelled patches."""
    study = load_study(config)
    with running("traces", out, log):
        from pipeline.steps import traces as step

        step.traces(images, splits, files, study, out, benchmark)


@app.command()
def field_report(
    images: Images,
    splits: Splits,
    sky: Sky,
    files: Annotated[
        list[Path],
        typer.Argument(help="compare.csv, curves.csv, nearest.csv, traces.csv, as for `compare`; pages to link."),
    ],
    out: Out,
    figures: Annotated[Path, typer.Option("--figures", help="Folder for the figures.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Write the page on which synthetic fields stand beside the real sky."""
    study = load_study(config)
    with running("field report", out, log):
        from pipeline.steps import field_report as step

        step.field_report(
            images, splits, sky, ending(files, ".h5"), ending(files, ".parquet"), ending(files, ".csv"), study, out,
            figures, ending(files, ".html"),
        )  # fmt: skip
