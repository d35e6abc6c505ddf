"""Whom a network serves: a setting that every architecture has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Conditions = Annotated[
    Literal["grid", "each"],
    Field(
        description="grid: one network per fold serves every condition and what lies between them; each: one "
        "specialist per fold and condition, each with all the steps that are set here."
    ),
]
