"""What restored images are worth: the steps of a study that measure, and the tables that sum it up."""

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
    Summary,
    ending,
)
from pipeline.config import load_study
from pipeline.step_runner import running
from pipeline.step_settings import threads_for


@app.command()
def evaluate(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    restored: Annotated[Path, typer.Argument(help="restored/<condition>/<method>.h5, from `restore`.")],
    condition: ConditionName,
    method: Method,
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Score restored images against the truth."""
    study = load_study(config)
    with running(f"evaluate {condition} {method}", out, log):
        from pipeline.steps import evaluate as step

        step.evaluate(images, splits, degraded, restored, study, condition, method, out)


@app.command()
def measure(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    restored: Annotated[list[Path], typer.Argument(help="restored/<condition>/<method>.h5 of every method.")],
    condition: ConditionName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Measure flux, colour, place, size and shape of every source."""
    study = load_study(config)
    with running(f"measure {condition}", out, log):
        from pipeline.steps import measure as step

        step.measure(images, splits, degraded, restored, study, condition, out)


@app.command()
def tally(
    files: Annotated[list[Path], typer.Argument(help="Every sources/... file of the study.")],
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Compare what was measured on sources with the truth, by signal-to-noise."""
    study = load_study(config)
    with running("tally", out, log):
        from pipeline.steps import tally as step

        step.tally(files, study, out)


@app.command()
def implant(
    images: Images,
    splits: Splits,
    condition: ConditionName,
    method: Method,
    out: Out,
    models: Annotated[list[Path] | None, typer.Argument(help="A network's models, one per fold, in order.")] = None,
    tuned: Annotated[Path | None, typer.Option("--tuned", help="A classical restorer's settings, from `tune`.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Put lesions into held-out slices, scan and restore them, and read their places."""
    study = load_study(config)
    with running(f"implant {condition} {method}", out, log, threads_for(study, "restore", method)):
        from pipeline.steps import implant as step

        step.implant(images, splits, study, condition, method, tuned, models or [], out)


@app.command()
def detect(
    files: Annotated[list[Path], typer.Argument(help="Every lesions/... file of the study.")],
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Tell how well a reader sees lesions in what each method makes of a scan."""
    study = load_study(config)
    with running("detect", out, log):
        from pipeline.steps import detect as step

        step.detect(files, study, out)


@app.command()
def calibrate(
    images: Images,
    splits: Splits,
    files: Annotated[
        list[Path],
        typer.Argument(help="degraded/<condition>.h5 of the network's conditions, and its models of all folds."),
    ],
    network: Network,
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Measure how far a network's images are off, for intervals."""
    study = load_study(config)
    with running(f"calibrate {network}", out, log):
        from pipeline.steps import calibrate as step

        observed, models = ending(files, ".h5"), ending(files, ".safetensors")
        step.calibrate(images, splits, observed, models, study, network, out)


@app.command()
def gauge(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    files: Annotated[
        list[Path],
        typer.Argument(help="restored/<condition>/... of what has intervals, the networks' models, calibration/..."),
    ],
    condition: ConditionName,
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Judge whether intervals hold the truth as often as they say."""
    study = load_study(config)
    restored, models, calibrations = (ending(files, suffix) for suffix in (".h5", ".safetensors", ".json"))
    with running(f"gauge {condition}", out, log):
        from pipeline.steps import gauge as step

        step.gauge(images, splits, degraded, restored, models, calibrations, study, condition, out)


@app.command()
def collect(
    files: Annotated[list[Path], typer.Argument(help="Every intervals/... file of the study.")],
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Summarise what intervals are worth, by signal-to-noise."""
    study = load_study(config)
    with running("collect", out, log):
        from pipeline.steps import collect as step

        step.collect(files, study, out)


@app.command()
def discern(
    images: Images,
    splits: Splits,
    files: Annotated[list[Path], typer.Argument(help="restored/<condition>/... and tuned/<condition>/... files.")],
    condition: ConditionName,
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Let classifiers try to tell restored images from real ones."""
    study = load_study(config)
    with running(f"discern {condition}", out, log):
        from pipeline.steps import discern as step

        step.discern(images, splits, ending(files, ".h5"), ending(files, ".json"), study, condition, out)


@app.command()
def summarise(
    files: Annotated[list[Path], typer.Argument(help="Every metrics/... and tuned/... file of the study.")],
    metrics_csv: Annotated[Path, typer.Option("--metrics", help="Table of every measurement.")],
    summary_csv: Annotated[Path, typer.Option("--summary", help="Table of what may be concluded.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Compare the methods, with paired differences and intervals."""
    study = load_study(config)
    with running("summarise", summary_csv, log):
        from pipeline.steps import summarise as step

        step.summarise(ending(files, ".parquet"), ending(files, ".json"), study, metrics_csv, summary_csv)


@app.command()
def rank(
    summary_csv: Summary,
    metrics: Annotated[list[Path], typer.Argument(help="Every metrics/<condition>/<method>.parquet of the study.")],
    comparisons_csv: Annotated[Path, typer.Option("--comparisons", help="Table of every two methods.")],
    ranking_csv: Annotated[Path, typer.Option("--ranking", help="Table of mean ranks.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Say which differences between methods stand, and who ranks above whom."""
    study = load_study(config)
    with running("rank", comparisons_csv, log):
        from pipeline.steps import rank as step

        step.rank(metrics, summary_csv, study, comparisons_csv, ranking_csv)
