"""From images to restored images: the steps of a study that make something."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import (
    DEFAULT,
    ConditionName,
    Config,
    Degraded,
    Images,
    Log,
    Method,
    Network,
    Out,
    Splits,
    fold_of,
)
from pipeline.config import load_study
from pipeline.step_runner import running
from pipeline.step_settings import threads_for


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for images/, survey.json and catalogue.csv.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Write the study's simulated survey as FITS files with a truth table; one that was interrupted goes on."""
    study = load_study(config)
    with running("simulate", out, log):
        from pipeline.steps import simulate as step

        step.simulate(study, out)


@app.command()
def ingest(
    out: Out,
    config: Config = DEFAULT,
    survey: Annotated[
        Path | None, typer.Option("--survey", help="Folder from `simulate`; else a simulated survey is drawn here.")
    ] = None,
    log: Log = None,
) -> None:
    """Read the study's images into one file, in physical units."""
    study = load_study(config)
    with running("ingest", out, log):
        from pipeline.steps import ingest as step

        step.ingest(study, out, survey)


@app.command()
def split(images: Images, out: Out, config: Config = DEFAULT, log: Log = None) -> None:
    """Give every image, or block of a large one, its role in every fold."""
    study = load_study(config)
    with running("split", out, log):
        from pipeline.steps import split as step

        step.split(images, study, out)


@app.command()
def degrade(images: Images, condition: ConditionName, out: Out, config: Config = DEFAULT, log: Log = None) -> None:
    """Write what the instrument would have seen, under one condition."""
    study = load_study(config)
    with running(f"degrade {condition}", out, log):
        from pipeline.steps import degrade as step

        step.degrade(images, study, condition, out)


@app.command()
def pair(images: Images, splits: Splits, out: Out, config: Config = DEFAULT, log: Log = None) -> None:
    """Bring the blurred images of real pairs onto the pixels of the sharp ones."""
    study = load_study(config)
    with running("pair", out, log):
        from pipeline.steps import pair as step

        step.pair(images, splits, study, out)


@app.command()
def tune(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    method: Method,
    out: Out,
    denoisers: Annotated[list[Path] | None, typer.Argument(help="For plug_and_play: denoisers, one per fold.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Find the settings of a classical restorer that are best on the tune role of each fold."""
    study = load_study(config)
    with running(f"tune {degraded.stem} {method}", out, log, threads_for(study, "tune", method)):
        from pipeline.steps import tune as step

        step.tune(images, splits, degraded, study, method, out, denoisers or [])


@app.command()
def train(
    images: Images,
    splits: Splits,
    network: Network,
    fold: Annotated[
        str,
        typer.Option("--fold", help="fold0, fold1, ...; final: trained on all groups; half0 or half1, for the audit."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the models and history.csv.")],
    paired: Annotated[
        Path | None, typer.Option("--paired", help="Of a study with pairs: the file from `pair`.")
    ] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Train a network on one fold's train role; a run that was killed goes on."""
    study = load_study(config)
    place = fold_of(fold)
    with running(f"train {network} fold {place}", out, log, threads_for(study, "train")):
        from pipeline.steps import train as step

        step.train(images, splits, study, network, place, out, Path("work", study.study), paired)


@app.command()
def restore(
    degraded: Degraded,
    splits: Splits,
    method: Method,
    out: Out,
    models: Annotated[
        list[Path] | None, typer.Argument(help="A network's models, or denoisers, one per fold, in order.")
    ] = None,
    tuned: Annotated[Path | None, typer.Option("--tuned", help="A classical restorer's settings, from `tune`.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Restore every image by the fold that never saw it."""
    study = load_study(config)
    with running(f"restore {degraded.stem} {method}", out, log, threads_for(study, "restore", method)):
        from pipeline.steps import restore as step

        step.restore(degraded, splits, study, method, tuned, models or [], out)
