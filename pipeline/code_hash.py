"""Which code a step's results depend on, as a hash: Snakemake runs a step again when it changes."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

HOME = Path(__file__).parent
TEMPLATES = {
    "report": "report/templates",
    "audit": "report/templates/audit",
    "field_report": "report/templates/field",
    "translation_report": "report/templates/translation",
    "deep_zoom": "report/templates/deep_zoom",
}
"""Folders whose files are as good as code to a step."""


def code_hash(step: str, home: Path = HOME) -> str:
    """Hash the code of a step and of every module of the package that it imports, directly or not.

    Comments, docstrings, formatting and the descriptions of settings do not count. Modules must be imported by
    statements that name them: what is looked up by a name made at run time is not seen.

    Parameters
    ----------
    step : str
        Name of a module in ``steps/``.
    home : Path
        Folder of the package.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(_reached(home / "steps" / f"{step}.py", home)):
        digest.update(f"{path.relative_to(home)} {_parsed(path).hash}\n".encode())
    for path in sorted((home / TEMPLATES.get(step, ".nothing")).rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(home)} ".encode() + path.read_bytes())
    return digest.hexdigest()


def _reached(start: Path, home: Path) -> set[Path]:
    reached, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += _imported(path, home)
    return reached


@cache
def _imported(path: Path, home: Path) -> frozenset[Path]:
    # Of each module once: every step asks, when Snakemake starts.
    return frozenset(file for name in _parsed(path).imports for file in _files(name, home))


def _files(name: str, home: Path) -> Iterator[Path]:
    # Importing `pipeline.a.b` runs a/__init__.py as well; the last part may also be a function of a module.
    package, *parts = name.split(".")
    folder = home
    for part in parts if package == home.name else ():
        folder /= part
        yield from filter(Path.is_file, (folder / "__init__.py", folder.with_suffix(".py")))


class _Module:
    """Names that a module imports, and the hash of what it does."""

    def __init__(self, path: Path) -> None:
        tree = _WithoutWords().visit(ast.parse(path.read_text(), path))
        self.hash = hashlib.blake2b(ast.dump(tree).encode(), digest_size=8).hexdigest()
        self.imports: list[str] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.imports += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                self.imports += [f"{node.module}.{alias.name}" for alias in node.names]


@cache
def _parsed(path: Path) -> _Module:
    return _Module(path)


class _WithoutWords(ast.NodeTransformer):
    """Takes away what a run does not see: docstrings, descriptions of settings, imports for type checkers."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "Field":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "description"]
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        is_typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if is_typing else self.generic_visit(node)
