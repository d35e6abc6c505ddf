"""Whether methods contradict their data, or invent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEFAULT, Config, Degraded, Images, Log, Method, Out, Splits, cores, ending
from pipeline.config import load_study, study_from
from pipeline.step_runner import running
from pipeline.step_settings import threads_for


@app.command()
def examine(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    method: Method,
    out: Out,
    maps: Annotated[Path, typer.Option("--maps", help="File for the maps of one item, .npz.")],
    models: Annotated[list[Path] | None, typer.Argument(help="A network's models, one per fold, in order.")] = None,
    bounds: Annotated[
        list[Path] | None,
        typer.Option("--bounds", help="Of a method with intervals: fold0's spread.safetensors, and its calibration."),
    ] = None,
    tuned: Annotated[Path | None, typer.Option("--tuned", help="A classical restorer's settings, from `tune`.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Audit one method under one condition, on held-out items of the first fold."""
    study = load_study(config)
    with running(f"examine {degraded.stem} {method}", out, log, threads_for(study, "examine", method)):
        from pipeline.steps import examine as step

        step.examine(images, splits, degraded, study, method, tuned, models or [], out, maps, bounds or [])


@app.command()
def halves(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    models: Annotated[list[Path], typer.Argument(help="The models of both halves.")],
    method: Method,
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Ask whether two networks that were trained on disjoint halves invent the same."""
    study = load_study(config)
    with running(f"halves {degraded.stem} {method}", out, log, threads_for(study, "examine", method)):
        from pipeline.steps import halves as step

        step.halves(images, splits, degraded, study, method, models, out)


@app.command()
def audit(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="A model file; then nothing, an image as for `apply`, or images.h5 and splits.csv of its study (with "
            "--config), which alone will do for a model of a scanner. Of a study: every audit/<condition>/... file."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for report.html and the tables.")],
    config: Config = DEFAULT,
    psf: Annotated[str | None, typer.Option("--psf", help="Of an image: as for `apply`.")] = None,
    noise: Annotated[str | None, typer.Option("--noise", help="Of an image: as for `apply`.")] = None,
    again: Annotated[
        list[Path] | None,
        typer.Option("--again", help="Of an image: another exposure of it; one file, or one per band."),
    ] = None,
    log: Log = None,
) -> None:
    """Say whether a model, or a study's methods, contradict their data or invent, and what they may be used for."""
    if files[0].suffix == ".safetensors":
        # Whoever was sent a model has no study of it, and need not have one.
        study = study_from({}) if config == DEFAULT and not config.is_file() else load_study(config)
        with running(f"audit {files[0].stem}", out, log, threads=cores()):
            from pipeline.steps.audit_model import audit_model

            audit_model(files[0], files[1:], study, out, psf, noise, again or [])
        return
    study = load_study(config)
    with running("audit", out, log):
        from pipeline.steps import audit as step

        step.audit(ending(files, ".parquet"), ending(files, ".npz"), study, out)
