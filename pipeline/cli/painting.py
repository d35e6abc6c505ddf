"""Synthetic fields: generators, the fields that they paint, and any window of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import DEFAULT, Config, Images, Log, Out, Splits, cores
from pipeline.config import load_study
from pipeline.config.field import STRENGTH
from pipeline.step_runner import running
from pipeline.step_settings import threads_for

Generator = Annotated[Path, typer.Argument(help="generator.safetensors, from `train-field`.")]
FieldFile = Annotated[Path, typer.Argument(help="field.h5, from `generate`.")]
Key = Annotated[str | None, typer.Option("--key", help="File that holds the key of a mark, or env:NAME.")]


@app.command()
def train_field(
    images: Images,
    splits: Splits,
    generator: Annotated[str, typer.Option("--generator", help="Name of the generator in the study.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for generator.safetensors and history.csv.")],
    config: Config = DEFAULT,
    log: Log = None,
) -> None:
    """Train a generator of synthetic fields outside of fold 0; a run that was killed goes on."""
    study = load_study(config)
    with running(f"train_field {generator}", out, log, threads_for(study, "train_field")):
        from pipeline.steps import train_field as step

        step.train_field(images, splits, study, generator, out, Path("work", study.study))


@app.command()
def generate(
    model: Generator,
    out: Out,
    config: Config = DEFAULT,
    part: Annotated[int | None, typer.Option("--part", min=0, help="Of field.jobs, which band of rows.")] = None,
    log: Log = None,
) -> None:
    """Paint the study's synthetic field, tile by tile; a run that was killed goes on."""
    study = load_study(config)
    with running(f"generate {out.name}", out, log, threads_for(study, "generate")):
        from pipeline.steps import generate as step

        step.generate(model, study, out, part)


@app.command()
def join_field(
    parts: Annotated[list[Path], typer.Argument(help="What `generate --part` wrote, every part.")],
    out: Out,
    log: Log = None,
) -> None:
    """Join bands of rows as one field, which refers to them."""
    with running(f"join_field {out.name}", out, log):
        from pipeline.steps import join_field as step

        step.join_field(parts, out)


@app.command()
def field(
    model: Generator,
    out: Annotated[Path, typer.Option("--out", "-o", help="FITS to write; .fits.fz is compressed without loss.")],
    window: Annotated[
        tuple[int, int, int, int],
        typer.Option("--window", help="First column, first row, width and height in px; the field has no end."),
    ],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the field.")] = 7,
    tile: Annotated[int, typer.Option("--tile", min=16, help="Width in px of what is painted at a time.")] = 512,
    key: Key = None,
    strength: Annotated[
        float, typer.Option("--strength", min=0.001, max=0.5, help="Of the mark by --key, over the noise of the sky.")
    ] = STRENGTH,
    log: Log = None,
) -> None:
    """Paint any window of an endless synthetic field, alone."""
    with running(f"field {out.name}", out, log, threads=cores()):
        from pipeline.steps import field_window as step
        from pipeline.tiling import Window

        x0, y0, width, height = window
        step.field_window(model, seed, Window(y0, x0, height, width), out, tile, key, strength)


@app.command()
def field_fits(field: FieldFile, out: Out, log: Log = None) -> None:
    """Write a synthetic field as FITS; .fits.fz is compressed without loss."""
    with running(f"field_fits {out.name}", out, log):
        from pipeline.steps import field_fits as step

        step.field_fits(field, out)


@app.command()
def verify_field(
    field: FieldFile,
    model: Annotated[Path | None, typer.Option("--model", help="Paint tiles again by this generator.")] = None,
    tiles: Annotated[int | None, typer.Option("--tiles", min=1, help="How many are painted again (all).")] = None,
    key: Key = None,
    log: Log = None,
) -> None:
    """Compare a synthetic field with its checksums, and with what its generator paints."""
    with running(f"verify_field {field.name}", field, log, threads=cores()):
        from pipeline.steps import verify_field as step

        step.verify_field(field, model, tiles, key)


@app.command()
def is_synthetic(
    file: Annotated[Path, typer.Argument(help="FITS, or field.h5; FILE[EXT] names an extension.")],
    key: Key = None,
) -> None:
    """Say whether a file is a synthetic field, by its header and, with the key, by a mark in its noise."""
    from pipeline.steps import is_synthetic as step

    for line in step.is_synthetic(file, key):
        typer.echo(line)
