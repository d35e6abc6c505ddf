"""What every section of a study is made of: the base of its settings, and the kinds of value that several share."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.errors import ClearfieldError


class ConfigError(ClearfieldError):
    """A configuration that names no study."""


class Settings(BaseModel):
    """Settings of one part of a study; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
UserPath = Annotated[str, Field(min_length=1), AfterValidator(lambda path: str(Path(path).expanduser()))]
"""A path as a user types it; steps and Snakemake know no ``~``."""


def _once_each(values: list[Any]) -> list[Any]:
    twice = [value for value in values if values.count(value) > 1]
    if twice:
        raise ValueError(f"{twice[0]} stands there twice; once is enough")
    return values


OnceEach = AfterValidator(_once_each)


def settings_hash(values: Any) -> str:
    """A short hash of plain settings, the same on every machine."""
    text = json.dumps(values, sort_keys=True, default=lambda v: v.model_dump(mode="json"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
