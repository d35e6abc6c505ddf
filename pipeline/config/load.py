"""A study, read from a file or from plain dictionaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.config.messages import in_words
from pipeline.config.settings import ConfigError
from pipeline.config.study import Study


def load_study(path: str | Path) -> Study:
    """Read a study from a YAML or JSON file.

    Raises
    ------
    ConfigError
        One line: the file, the key, what is wrong, what is allowed.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `clearfield config` writes one with every setting explained"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); a YAML file is needed") from None
    except (yaml.YAMLError, ValueError) as error:  # a ValueError: bytes that are no text, or a day such as 2020-13-45
        raise ConfigError(f"{path}: not YAML: {_fault(error)}") from None
    return named_study_from(values, str(path))


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


def _fault(error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    # YAML's own text quotes the lines around the fault, and calls the file "<unicode string>".
    tab = "; indent with spaces" if "'\\t'" in (error.problem or "") else ""
    return f"line {error.problem_mark.line + 1}: {error.problem}{tab}"
