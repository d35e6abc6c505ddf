"""The configuration file that explains itself, and its schema for editors, both written from the typed study."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import ConfigError, Publish, Settings, Study, Training

_HEAD = """\
# yaml-language-server: $schema=schema.json
#
# The demo, written by `clearfield config`: every setting, at its default but for `train.stretch` (this image was
# stretched for the eye already) and `publish.final` (no fourth training). What a file of your own leaves out keeps its
# default, not the demo's value; README.md, beside this file, says how to begin.
"""
_DEMO = Study(train=Training(stretch="linear"), publish=Publish(final="fold0"))
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
}


def write_config(folder: Path, force: bool = False) -> list[Path]:
    """Write ``config.yaml`` and ``schema.json`` to a folder, and return their paths.

    Raises
    ------
    ConfigError
        If one is there already and ``force`` is not given.
    """
    texts = {folder / "config.yaml": default_yaml(), folder / "schema.json": schema_json()}
    for path in texts:
        if path.exists() and not force:
            raise ConfigError(f"{path}: exists already; add --force to write over it, or --out for another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text)
    return list(texts)


def default_yaml() -> str:
    """The demo as YAML; above each setting, what it means and what is allowed."""
    schema = Study.model_json_schema()
    return _HEAD + "\n".join(_lines(_DEMO, schema, schema["$defs"], 0)) + "\n"


def schema_json() -> str:
    """The JSON schema of a study."""
    return json.dumps(Study.model_json_schema(), indent=2) + "\n"


def _lines(settings: Settings, schema: dict[str, Any], parts: dict[str, Any], depth: int) -> Iterator[str]:
    for name in type(settings).model_fields:
        value, about = getattr(settings, name), schema["properties"][name]
        if depth == 0:
            yield ""
        yield from _comment(" ".join(filter(None, (about.get("description"), _allowed(about)))), depth)
        yield from _entry(name, value, parts, depth)


def _entry(name: str, value: Any, parts: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Settings):
        yield f"{indent}{name}:"
        yield from _lines(value, parts[type(value).__name__], parts, depth + 1)
    elif isinstance(value, dict):
        yield f"{indent}{name}:"
        for key, inner in value.items():
            yield from _entry(key, inner, parts, depth + 1)
    else:
        text = yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("\n").removesuffix("\n...")
        yield f"{indent}{name}: {text}"


def _comment(text: str, depth: int) -> list[str]:
    start = "  " * depth + "# "
    return textwrap.wrap(text, 120, initial_indent=start, subsequent_indent=start, break_on_hyphens=False)


def _allowed(about: dict[str, Any]) -> str:
    words = ", ".join(_limits(about))
    return f"[{words}]" if words else ""


def _limits(about: dict[str, Any]) -> Iterator[str]:
    # A setting that may be left empty, or one of a list, is described one level further down.
    for inner in (*about.get("anyOf", ()), *filter(None, [about.get("items")])):
        yield from _limits(inner)
    if "enum" in about:
        yield "one of " + " | ".join(map(str, about["enum"]))
    for key, words in _BOUNDS.items():
        if key in about:
            yield words.format(f"{about[key]:g}")
