"""What every section of a study is made of: the base of its settings, and the kinds of value that several share."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pipeline.errors import ClearfieldError


class ConfigError(ClearfieldError):
    """A configuration that names no study."""


class Settings(BaseModel):
    """Settings of one part of a study; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, values: Any) -> Any:
        # Python, and pydantic with it, takes true for 1.
        for name, value in values.items() if isinstance(values, dict) else ():
            field = cls.model_fields.get(name)
            parts = value if isinstance(value, list) else [value]
            if field and field.annotation is not bool and any(isinstance(part, bool) for part in parts):
                raise ValueError(f"{name}: true and false stand for no number and no name; quoted, they are names")
        return values

    def refuse_unread(self, *names: str, because: str, instead: str, section: str = "") -> None:
        """Refuse settings that are not at their defaults where nothing reads them.

        Parameters
        ----------
        *names : str
        because, instead : str
            When they are not read, and what would change that, for the message.
        section : str
            What a message puts before a name.
        """
        for name in names:
            if getattr(self, name) != type(self).model_fields[name].get_default():
                raise ValueError(f"{section}{name}: is not read {because}; {instead}, or leave {name} out")


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _at_home(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ValueError(f"{path}: there is no such home folder; write the path in full") from None


UserPath = Annotated[str, Field(min_length=1), AfterValidator(_at_home)]
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
