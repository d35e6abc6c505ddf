"""Translation into another domain, such as from CT to magnetic resonance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEFAULT, Config, Log, Out, ending
from pipeline.config import load_study
from pipeline.step_runner import running
from pipeline.step_settings import threads_for

Files = Annotated[
    list[Path],
    typer.Argument(
        help="images.h5 and splits.csv, translation/into.h5 and into.csv, and truth.h5 if there is one; then what the "
        "step before wrote: a translator.safetensors, every translated.h5, scores.csv."
    ),
]
Folder = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]


@app.command()
def ingest_domain(
    domain: Annotated[str, typer.Argument(help="Which section of `translate`: into or truth.")],
    out: Out,
    splits: Annotated[Path, typer.Option("--splits", help="Table of the roles.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Read the images of a translation's other domain, or its truth, and give them their roles."""
    study = load_study(config)
    with running(f"ingest_domain {domain}", out, log):
        from pipeline.steps import ingest_domain as step

        step.ingest_domain(study, domain, out, splits)


@app.command()
def train_translation(
    files: Files,
    network: Annotated[str, typer.Option("--network", help="Name of the translator in the study.")],
    out: Folder,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Train a translator outside of fold 0; a run that was killed goes on."""
    study = load_study(config)
    with running(f"train_translation {network}", out, log, threads_for(study, "train_translation")):
        from pipeline.steps import train_translation as step

        step.train_translation(*_domains(files), study, network, out, Path("work", study.study))


@app.command()
def translate(
    files: Files,
    method: Annotated[str, typer.Option("--method", help="Name of the translator, or histogram_matching.")],
    out: Out,
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Translate the slices that fold 0 holds out."""
    study = load_study(config)
    with running(f"translate {method}", out, log, threads_for(study, "translate")):
        from pipeline.steps import translate as step

        images, splits, into, into_splits, _ = _domains(files)
        model = next(iter(ending(files, ".safetensors")), None)
        step.translate(images, splits, into, into_splits, model, study, method, out)


@app.command()
def judge_translation(files: Files, out: Folder, config: Config = DEFAULT, log: Log = None) -> None:
    """Compare translated slices with the truth, and count lesions that were erased and invented."""
    study = load_study(config)
    with running("judge_translation", out, log):
        from pipeline.steps import judge_translation as step

        step.judge_translation(*_domains(files), ending(files, "translated.h5"), study, out)


@app.command()
def translation_report(files: Files, out: Out, config: Config = DEFAULT, log: Log = None) -> None:
    """Write the page on which translated slices stand beside the truth."""
    study = load_study(config)
    with running("translation_report", out, log):
        from pipeline.steps import translation_report as step

        (scores,) = ending(files, "scores.csv")
        step.translation_report(*_domains(files), ending(files, "translated.h5"), scores, study, out)


def _domains(files: list[Path]) -> tuple[Path, Path, Path, Path, Path | None]:
    """Images and splits of both domains, and the truth if there is one."""
    return (*files[:4], next(iter(ending(files, "truth.h5")), None))  # type: ignore[return-value]  # four of them
