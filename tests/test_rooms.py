"""The house: a room imports only from rooms further down, so that a part can be read without what stands on it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pipeline"
FLOORS = [
    {"cli", "__main__"},
    {"steps", "step_runner", "step_settings", "workflow"},
    {"report"},
    {"audit"},
    {"evaluation"},
    {"restorers", "fields", "translators"},
    {"training"},
    {"networks"},
    {"measures"},
    {"datasets"},
    {"observation"},
    {"pairing"},
    {"sparsity"},
    {"physics"},
    {"formats"},
    {"store", "model_file", "pseudonyms"},
    {
        "tiling",
        "windowed",
        "pyramid",
        "stretch",
        "domain_scale",
        "unpaired",
        "display",
        "splits",
        "bands_of_sky",
        "fill",
        "code_hash",
        "on_device",
        "body",
    },
    {"image", "image_files", "volume"},
    {"config"},
    {"errors", "processes", "progress", "threads", "__init__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"), key=str)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "pipeline":
            yield from (alias.name for alias in node.names if alias.name in FLOOR)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_looks_down_only(path):
    for room in imported_rooms(path):
        assert FLOOR[room] >= FLOOR[room_of(path)], f"{room} stands above {room_of(path)}"
