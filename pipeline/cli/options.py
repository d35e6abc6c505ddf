"""Arguments and options that several commands have, and how they are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ClearfieldError

Config = Annotated[Path, typer.Option("--config", "-c", help="The study, YAML or JSON.")]
Log = Annotated[Path | None, typer.Option("--log", help="File for all messages; the terminal then shows one line.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
Images = Annotated[Path, typer.Argument(help="images.h5, from `ingest`.")]
Splits = Annotated[Path, typer.Argument(help="splits.csv, from `split`.")]
Degraded = Annotated[Path, typer.Argument(help="degraded/<condition>.h5, from `degrade` or `pair`.")]
Metrics = Annotated[Path, typer.Argument(help="metrics.csv, from `summarise`.")]
Summary = Annotated[Path, typer.Argument(help="summary.csv, from `summarise`.")]
ConditionName = Annotated[str, typer.Option("--condition", help="Name of the condition.")]
Method = Annotated[str, typer.Option("--method", help="Name of the restorer.")]
Network = Annotated[
    str, typer.Option("--network", help="Name of the network in the study; <network>@<condition> for a specialist.")
]
DEFAULT = Path("config/config.yaml")


def cores() -> int:
    """Those that this process may use, which in a container or a job are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ending(files: list[Path], suffix: str) -> list[Path]:
    """The files whose names end so, in their order: a rule gives all that a step reads in one list."""
    return [file for file in files if file.name.endswith(suffix)]


def fold_of(fold: str) -> int | str:
    """A fold's number, or the name of what stands in its place."""
    number = fold.removeprefix("fold")
    named = fold in ("final", "half0", "half1")
    if not named and not number.isdecimal():
        raise ClearfieldError(f"--fold is {fold!r}; fold0, fold1, ..., final, half0 or half1 is needed")
    return fold if named else int(number)
