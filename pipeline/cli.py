"""The command `clearfield`: every step of a study, and what a user does with its results.

Steps are imported inside their commands, so that help and configuration are there at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.config import load_study
from pipeline.errors import ClearfieldError
from pipeline.processes import let_the_first_speak
from pipeline.step_runner import running
from pipeline.step_settings import threads_for

app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Restore blurred and noisy scientific images, cross-validated. `snakemake` runs the steps in order.",
)  # fmt: skip

Config = Annotated[Path, typer.Option("--config", "-c", help="The study, YAML or JSON.")]
Log = Annotated[Path | None, typer.Option("--log", help="File for all messages; the terminal then shows one line.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
Images = Annotated[Path, typer.Argument(help="images.h5, from `ingest`.")]
Splits = Annotated[Path, typer.Argument(help="splits.csv, from `split`.")]
Degraded = Annotated[Path, typer.Argument(help="degraded/<condition>.h5, from `degrade`.")]
Metrics = Annotated[Path, typer.Argument(help="metrics.csv, from `summarise`.")]
Summary = Annotated[Path, typer.Argument(help="summary.csv, from `summarise`.")]
ConditionName = Annotated[str, typer.Option("--condition", help="Name of the condition.")]
Method = Annotated[str, typer.Option("--method", help="Name of the restorer.")]
Network = Annotated[
    str, typer.Option("--network", help="Name of the network in the study; <network>@<condition> for a specialist.")
]
DEFAULT = Path("config/config.yaml")


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
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Train a network on one fold's train role; a run that was killed goes on."""
    study = load_study(config)
    place = _place(fold)
    with running(f"train {network} fold {place}", out, log, threads_for(study, "train")):
        from pipeline.steps import train as step

        step.train(images, splits, study, network, place, out, Path("work", study.study))


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

        observed, models = _ending(files, ".h5"), _ending(files, ".safetensors")
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
    restored, models, calibrations = (_ending(files, suffix) for suffix in (".h5", ".safetensors", ".json"))
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

        step.discern(images, splits, _ending(files, ".h5"), _ending(files, ".json"), study, condition, out)


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

        step.gallery(images, splits, _ending(files, ".h5"), _ending(files, ".parquet"), out)


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

        step.summarise(_ending(files, ".parquet"), _ending(files, ".json"), study, metrics_csv, summary_csv)


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
            help="Every gallery/..., history.csv, tuned/... and discerned/... file, sources.csv, intervals.csv."
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
    restored, histories, tuned, discerned, sources, intervals = (
        _ending(files, s) for s in (".h5", "history.csv", ".json", ".parquet", "sources.csv", "intervals.csv")
    )
    with running("report", out, log):
        from pipeline.steps import report as step

        step.report(
            study, images, splits, restored, metrics_csv, summary_csv, comparisons_csv, ranking_csv, histories, tuned,
            discerned, sources, out, figures, provenance, intervals,
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

        models, calibrations = _ending(files, ".safetensors"), _ending(files, ".json")
        calibration = calibrations[0] if calibrations else None
        given = (models, summary_csv, metrics_csv, out, calibration, _ending(files, ".csv"))
        step.publish(study, images, splits, network, output, *given)


@app.command()
def examine(
    images: Images,
    splits: Splits,
    degraded: Degraded,
    method: Method,
    out: Out,
    maps: Annotated[Path, typer.Option("--maps", help="File for the maps of one item, .npz.")],
    models: Annotated[list[Path] | None, typer.Argument(help="A network's models, one per fold, in order.")] = None,
    tuned: Annotated[Path | None, typer.Option("--tuned", help="A classical restorer's settings, from `tune`.")] = None,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Audit one method under one condition, on held-out items of the first fold."""
    study = load_study(config)
    with running(f"examine {degraded.stem} {method}", out, log, threads_for(study, "examine", method)):
        from pipeline.steps import examine as step

        step.examine(images, splits, degraded, study, method, tuned, models or [], out, maps)


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
            "--config). Of a study: every audit/<condition>/... file."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for report.html and the tables.")],
    config: Config = DEFAULT,
    psf: Annotated[str | None, typer.Option("--psf", help="Of an image: as for `apply`.")] = None,
    noise: Annotated[str | None, typer.Option("--noise", help="Of an image: as for `apply`.")] = None,
    log: Log = None,
) -> None:
    """Say whether a model, or a study's methods, contradict their data or invent, and what they may be used for."""
    study = load_study(config)
    if files[0].suffix == ".safetensors":
        with running(f"audit {files[0].stem}", out, log, threads=_cores()):
            from pipeline.steps.audit_model import audit_model

            audit_model(files[0], files[1:], study, out, psf, noise)
        return
    with running("audit", out, log):
        from pipeline.steps import audit as step

        step.audit(_ending(files, ".parquet"), _ending(files, ".npz"), study, out)


@app.command()
def apply(
    model: Annotated[Path, typer.Argument(help="Model file, from `publish`.")],
    images: Annotated[
        list[Path],
        typer.Argument(
            help="The image; or a FITS file per band, in the model's order unless BAND1 or FILTER tells. FILE[EXT] "
            "names an extension."
        ),
    ],
    out: Out,
    psf: Annotated[
        str | None,
        typer.Option(
            "--psf",
            help="FITS file or FILE[EXT], width (3px, 1.4as), or model: the one that it was trained for. A cube has a "
            "plane per band, by name (BAND1, ...) or in the order of the image's file.",
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise",
            help="Number (or one per band, in the model's order: 1,2,3), FITS map (a cube as for --psf), or auto, from "
            "the background (auto).",
        ),
    ] = None,
    operator: Annotated[
        str | None, typer.Option("--operator", help="The general form of both: psf=3px,noise=auto,...")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Restore also outside of what it was trained for.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over a file that is there.")] = False,
    tile: Annotated[int, typer.Option("--tile", min=32, help="Width in px of what is restored at a time.")] = 512,
    data_consistency: Annotated[
        bool, typer.Option(help="Correct the result where the data contradict it by more than 5 sigma.")
    ] = True,
    mask: Annotated[
        str | None,
        typer.Option("--mask", help="Flagged pixels: FITS file, FILE[EXT], or an extension of the image's own files."),
    ] = None,
    mask_bits: Annotated[
        int | None, typer.Option("--mask-bits", min=1, help="Sum of the bits of --mask that count (any).")
    ] = None,
    log: Log = None,
) -> None:
    """Restore your own image with a model; header and WCS are kept."""
    with running(f"apply {model.stem}", out, log, threads=_cores()):
        from pipeline.steps import apply as step

        step.apply(model, images, out, psf, noise, operator, force, overwrite, tile, data_consistency, mask, mask_bits)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="An image, a model, or a file between two steps.")],
    card: Annotated[bool, typer.Option("--card", help="Of a model, the whole card: MODEL_CARD.md.")] = False,
) -> None:
    """Say what is in a file, in about ten lines."""
    from pipeline.steps import inspect as step

    for line in step.model_card(file) if card else step.inspect(file):
        typer.echo(line)


@app.command()
def config(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for config.yaml and schema.json.")] = Path("config"),
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
) -> None:
    """Write a configuration with every setting at its default and explained, and its schema for editors."""
    from pipeline.config.file import write_config

    for path in write_config(out, force):
        typer.echo(path)


def main() -> None:
    """Run the command; a user's mistake becomes one line on standard error and exit code 1."""
    try:
        app(prog_name="clearfield")
    except (ClearfieldError, OSError) as error:
        let_the_first_speak()
        sys.stderr.write(f"clearfield: {_one_line(error)}\n")
        sys.exit(1)


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or '').lower()}"
    return " ".join(str(error).split())


def _cores() -> int:
    # Those that this process may use, which in a container or a job are fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ending(files: list[Path], suffix: str) -> list[Path]:
    return [file for file in files if file.name.endswith(suffix)]


def _place(fold: str) -> int | str:
    number = fold.removeprefix("fold")
    named = fold in ("final", "half0", "half1")
    if not named and not number.isdecimal():
        raise ClearfieldError(f"--fold is {fold!r}; fold0, fold1, ..., final, half0 or half1 is needed")
    return fold if named else int(number)
