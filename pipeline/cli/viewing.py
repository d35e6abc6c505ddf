"""Synthetic fields in other programs: a browser, napari, and what reads HiPS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.app import app
from pipeline.cli.options import Log
from pipeline.cli.painting import FieldFile
from pipeline.step_runner import running

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Write over what is there of an earlier call.")]


@app.command()
def deep_zoom(
    field: FieldFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Page to write, .html; its pictures go beside it.")],
    overwrite: Overwrite = False,
    log: Log = None,
) -> None:
    """Write a synthetic field as pictures, with a page that opens them in a browser from the disk."""
    with running(f"deep_zoom {out.name}", out, log):
        from pipeline.steps import deep_zoom as step

        step.deep_zoom(field, out, overwrite)


@app.command()
def ome_zarr(
    field: FieldFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write, .ome.zarr.")],
    overwrite: Overwrite = False,
    log: Log = None,
) -> None:
    """Write a synthetic field as OME-Zarr, for napari and other viewers of large images."""
    with running(f"ome_zarr {out.name}", out, log):
        from pipeline.steps import ome_zarr as step

        step.ome_zarr(field, out, overwrite)


@app.command()
def hips(
    field: FieldFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write, with a HiPS for each band.")],
    overwrite: Overwrite = False,
    log: Log = None,
) -> None:
    """Write a synthetic field that has a place on the sky as HiPS, for Aladin and the like."""
    with running(f"hips {out.name}", out, log):
        from pipeline.steps import hips as step

        step.hips(field, out, overwrite)
