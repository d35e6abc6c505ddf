"""What a person is shown and given: pictures, the report, the published models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEFAULT, Config, Images, Log, Metrics, Network, Out, Splits, Summary, ending
from pipeline.config import load_study
from pipeline.step_runner import running


@app.command()
def gallery(
    images: Images,
    splits: Splits,
    files: Annotated[
        list[Path], typer.Argument(help="restored/<condition>/... and metrics/<condition>/... of every method.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")],
    log: Log = None,
) -> None:
    """Cut a few items from restored images, for the report to show."""
    with running(f"gallery {out.name}", out, log):
        from pipeline.steps import gallery as step

        step.gallery(images, splits, ending(files, ".h5"), ending(files, ".parquet"), out)


@app.command()
def report(
    images: Images,
    splits: Splits,
    metrics_csv: Metrics,
    summary_csv: Summary,
    comparisons_csv: Annotated[Path, typer.Argument(help="comparisons.csv, from `rank`.")],
    ranking_csv: Annotated[Path, typer.Argument(help="ranking.csv, from `rank`.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Every gallery/..., history.csv, tuned/... and discerned/... file, sources.csv, lesions.csv, "
            "intervals.csv."
        ),
    ],
    out: Out,
    figures: Annotated[Path, typer.Option("--figures", help="Folder for the figures.")],
    provenance: Annotated[Path, typer.Option("--provenance", help="File that says what was run on what.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Write the report, one page that works offline."""
    study = load_study(config)
    restored, histories, tuned, discerned = (ending(files, s) for s in (".h5", "history.csv", ".json", ".parquet"))
    sources, lesions, intervals = (ending(files, s) for s in ("sources.csv", "lesions.csv", "intervals.csv"))
    with running("report", out, log):
        from pipeline.steps import report as step

        step.report(
            study, images, splits, restored, metrics_csv, summary_csv, comparisons_csv, ranking_csv, histories, tuned,
            discerned, sources, lesions, intervals, out, figures, provenance,
        )  # fmt: skip


@app.command()
def publish(
    images: Images,
    splits: Splits,
    metrics_csv: Metrics,
    summary_csv: Summary,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="The model to publish; with intervals, its spread.safetensors and calibration/... too; tables for its "
            "card: sources.csv, intervals.csv, and an audit's verdicts.csv."
        ),
    ],
    network: Network,
    output: Annotated[str, typer.Option("--output", help="Which output: faithful, sharp, mean or sample.")],
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Write the model file that a user applies, with its scores on images that it never saw."""
    study = load_study(config)
    with running(f"publish {network}_{output}", out, log):
        from pipeline.steps import publish as step

        models, calibrations = ending(files, ".safetensors"), ending(files, ".json")
        calibration = calibrations[0] if calibrations else None
        given = (models, summary_csv, metrics_csv, out, calibration, ending(files, ".csv"))
        step.publish(study, images, splits, network, output, *given)
