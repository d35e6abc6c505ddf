"""A study, read from a file or from plain dictionaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.config.messages import in_words
from pipeline.config.plain_values import plain_values
from pipeline.config.settings import ConfigError
from pipeline.config.study import Study


def load_study(path: str | Path) -> Study:
    """Read a study from a YAML or JSON file.

    Raises
    ------
    ConfigError
        One line: the file, the key, what is wrong, what is allowed.
    """
    return named_study_from(plain_values(Path(path)), str(path))


def named_study_from(values: Any, source: str) -> Study:
    """Check a study that files describe; they must name it, since two without a name would share one folder.

    Raises
    ------
    ConfigError
        One line: the source, the key, what is wrong, what is allowed.
    """
    study = study_from(values, source)
    if "study" not in study.model_fields_set:
        raise ConfigError(f"{source}: study is missing; a name is required, as results go to results/<study>")
    return study


def study_from(values: Any, source: str = "config") -> Study:
    """Check a study given as plain dictionaries, as Snakemake does.

    Raises
    ------
    ConfigError
        One line: the source, the key, what is wrong, what is allowed.
    """
    if not isinstance(values, dict):
        raise ConfigError(
            f"{source}: holds no settings; `clearfield config` writes a file with every setting explained"
        )
    try:
        return Study.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{source}: {in_words(error)}") from None
