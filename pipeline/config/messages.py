"""What is wrong with a setting, in one line: the key as the user wrote it, what was found, what is allowed."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.config.fields import GENERATORS
from pipeline.config.names import PATTERNS_IN_WORDS
from pipeline.config.networks import ARCHITECTURES
from pipeline.config.study import Study
from pipeline.config.translate import TRANSLATORS

_KINDS: dict[tuple[str, ...], tuple[str, Mapping[str, Any]]] = {
    ("networks",): ("architecture", ARCHITECTURES),
    ("fields",): ("generator", GENERATORS),
    ("translate", "networks"): ("architecture", TRANSLATORS),
}
"""Sections whose entries say of what kind they are, by the setting that says it, and the kinds."""


def in_words(error: ValidationError) -> str:
    """The first thing that is wrong with a study, in one line."""
    first = error.errors(include_url=False)[0]
    key, kind, found = ".".join(_place(first["loc"])), first["type"], first["input"]
    message = first["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return f"{key} is not a setting; {_nearest(first['loc'])}"
    if kind == "missing":
        return f"{key} is missing; a value is required"
    if kind.startswith("union_tag"):
        tag, known = _KINDS[_section(first["loc"])]
        found = found.get(tag, "missing") if isinstance(found, dict) else found
        return f"{key}.{tag} is {_shown(found)}; {', '.join([*known][:-1])} or {[*known][-1]} is needed"
    if kind == "value_error" and isinstance(found, dict | BaseModel):
        return ".".join(filter(None, (key, message)))
    return f"{key} is {_shown(found)}; {_allowed(first, message)}"


def _place(loc: tuple[int | str, ...]) -> list[str]:
    """The key as the user wrote it: without positions in a list and without the branches of a union."""
    parts = [str(part) for part in loc if not isinstance(part, int) and part != "[key]"]
    if section := _section(tuple(parts)):
        kind = len(section) + 1
        del parts[kind : kind + 1]
    return parts[:-1] if parts and parts[-1] in ("str", "int") else parts


def _section(loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The section with entries of several kinds that a place is in; empty if it is in none."""
    return next((section for section in _KINDS if loc[: len(section)] == section), ())


def _allowed(error: Any, message: str) -> str:
    if error["type"] == "string_pattern_mismatch":
        return PATTERNS_IN_WORDS[error["ctx"]["pattern"]]
    if error["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "a section with settings of its own is needed"
    if error["type"] == "list_type":
        return f"a list is needed, such as [{_shown(error['input'])}]"
    if error["loc"][-1] in ("str", "int"):
        return "a name or a number is needed"
    return (message[0].lower() + message[1:]).replace("input should", "it should")


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, default=str)).split())
    return text if len(text) <= 60 else f"{text[:60]}..."


def _model_of(annotation: Any) -> Any:
    """The settings of a section, also where it may be left out."""
    return next((part for part in get_args(annotation) if hasattr(part, "model_fields")), annotation)


def _nearest(loc: tuple[int | str, ...]) -> str:
    model: Any = Study
    section = _section(loc)
    kinds: Mapping[str, Any] = _KINDS[section][1] if section else {}
    for part in loc[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = _model_of(field.annotation) if field else kinds.get(str(part))
    known = list(getattr(model, "model_fields", {}))
    close = difflib.get_close_matches(str(loc[-1]), known, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(known)}" if known else "remove it"
