"""What stands in a YAML or JSON file, as plain values; a key that stands there twice is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pipeline.config.settings import ConfigError


def plain_values(path: Path) -> Any:
    """Read a YAML or JSON file.

    Raises
    ------
    ConfigError
        One line: the file, and what is wrong; the key and its line where it stands there twice.
    """
    try:
        return _parsed(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file; `clearfield config` writes one with every setting explained"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); a YAML file is needed") from None
    except _RepeatedKeyError as error:
        raise ConfigError(f"{path}: {error}") from None
    except (yaml.YAMLError, ValueError) as error:  # a ValueError: bytes that are no text, or a day such as 2020-13-45
        raise ConfigError(f"{path}: not YAML: {_fault(error)}") from None


class _RepeatedKeyError(Exception):
    """A key that stands twice in one section, of which a parser would take the last."""

    def __init__(self, key: str, place: str = "") -> None:
        super().__init__(f"{place}{key} stands there twice; leave one of them out")


def _parsed(text: str) -> Any:
    # Like Snakemake, which reads the same files: JSON may hold tabs, which YAML forbids.
    try:
        return json.loads(text, object_pairs_hook=_once_each)
    except json.JSONDecodeError:
        return yaml.load(text, _Loader)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise _RepeatedKeyError(key)
        values[key] = value
    return values


class _Loader(yaml.SafeLoader):
    def compose_mapping_node(self, anchor: Any) -> Any:
        # Here keys are still as they were typed: `<<: *other` may be overridden by keys beside it.
        node = super().compose_mapping_node(anchor)
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in keys:
                raise _RepeatedKeyError(key.value, f"line {key.start_mark.line + 1}: ")
            keys.add(key.value)
        return node


def _fault(error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    # YAML's own text quotes the lines around the fault, and calls the file "<unicode string>".
    tab = "; indent with spaces" if "'\\t'" in (error.problem or "") else ""
    return f"line {error.problem_mark.line + 1}: {error.problem}{tab}"
