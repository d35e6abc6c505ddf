"""What a user does with models and files, outside of any study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import Log, Out, cores
from pipeline.step_runner import running


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
    with running(f"apply {model.stem}", out, log, threads=cores()):
        from pipeline.steps import apply as step

        step.apply(model, images, out, psf, noise, operator, force, overwrite, tile, data_consistency, mask, mask_bits)


@app.command()
def apply_volume(
    model: Annotated[Path, typer.Argument(help="Model file of a study with a scanner, from `publish`.")],
    volume: Annotated[Path, typer.Argument(help="NIfTI file, DICOM file, or folder with a DICOM series.")],
    out: Out,
    scan: Annotated[
        str, typer.Option("--scan", help="How it was scanned: dose=0.25,views=180, or acceleration=4,sigma=5.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Restore also outside of what it was trained for.")] = False,
    tile: Annotated[int, typer.Option("--tile", min=32, help="Width in px of what is restored at a time.")] = 512,
    data_consistency: Annotated[
        bool, typer.Option(help="Correct slices that their data contradict by more than 5 sigma.")
    ] = True,
    log: Log = None,
) -> None:
    """Restore your own volume with a model of a scanner, to NIfTI or a derived DICOM series. For research alone."""
    with running(f"apply-volume {model.stem}", out, log, threads=cores()):
        from pipeline.steps import apply_volume as step

        step.apply_volume(model, volume, out, scan, force, tile, data_consistency)


@app.command()
def regrid(
    model: Annotated[Path, typer.Argument(help="Model file of a study with pairs, from `publish`.")],
    images: Annotated[list[Path], typer.Argument(help="A blurred image, as those of the pairs were; as for `apply`.")],
    out: Out,
    noise: Annotated[
        str | None,
        typer.Option(
            "--noise",
            help="In the unit of the image, a number or one per band with commas; else its noise map, or measured.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over a file that is there.")] = False,
    log: Log = None,
) -> None:
    """Bring a blurred image to the pixels and the unit of a model of real pairs; then `apply` takes it."""
    with running(f"regrid {images[0].name}", out, log):
        from pipeline.steps import regrid as step

        step.regrid(model, images, out, noise, overwrite)


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
