import ast
import shutil
from pathlib import Path

import pytest

from pipeline.code_hash import HOME, code_hash

STEPS = ("measure", "show")
MODULES = {
    "steps/__init__.py": '"""Steps."""\n',
    "steps/measure.py": "from pipeline.sky import level\n\ndef measure():\n    return level()\n",
    "steps/show.py": 'def show():\n    """Show."""\n    from pipeline.report import page\n    return page\n',
    "sky.py": 'from pipeline import clip\n\ndef level():\n    """Level."""\n    return clip.at(3)  # sigmas\n',
    "clip.py": "def at(sigmas):\n    return sigmas\n",
    "report/__init__.py": '"""Report."""\n',
    "report/page.py": "WIDTH = 8\n",
    "cli.py": "import pipeline.steps.measure\n",
}


@pytest.fixture
def hashes_after(tmp_path):
    """Write the package with some modules replaced, each time elsewhere, and hash its steps."""
    count = iter(range(100))

    def hashes(**changed):
        home = tmp_path / str(next(count)) / "pipeline"
        for name, text in MODULES.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(changed.get(path.stem if path.stem != "__init__" else path.parent.name, text))
        return [code_hash(step, home) for step in STEPS]

    return hashes


def test_comments_docstrings_and_formatting_do_not_count(hashes_after):
    rewritten = '"""The sky."""\n\nfrom pipeline import clip\n\n\ndef level():\n    return clip.at(\n        3\n    )\n'
    assert hashes_after(sky=rewritten) == hashes_after()


def test_descriptions_of_settings_do_not_count_and_their_defaults_do(hashes_after):
    first, _ = hashes_after(clip='at = Field(3, description="Where sources are clipped.")\n')
    again, _ = hashes_after(clip='at = Field(3, description="Sigmas above which sources are clipped.")\n')
    other, _ = hashes_after(clip='at = Field(4, description="Where sources are clipped.")\n')
    assert first == again != other


def test_an_edit_counts_for_the_steps_that_import_it_and_for_no_other(hashes_after):
    measure, show = hashes_after()
    deep = hashes_after(clip="def at(sigmas):\n    return 2 * sigmas\n")
    assert deep[0] != measure
    assert deep[1] == show


def test_an_import_within_a_function_counts(hashes_after):
    measure, show = hashes_after()
    edited = hashes_after(page="WIDTH = 9\n")
    assert edited[0] == measure
    assert edited[1] != show


def test_the_folder_file_of_an_imported_module_counts(hashes_after):
    assert hashes_after(report="X = 1\n")[1] != hashes_after()[1]


def test_the_command_line_does_not_count(hashes_after):
    assert hashes_after(cli="print('help')\n") == hashes_after()


def test_what_is_imported_for_type_checkers_alone_does_not_count(hashes_after):
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline.report import page\nWIDTH = 8\n"
    before = hashes_after(clip=guarded)
    after = hashes_after(clip=guarded, page="WIDTH = 9\n")
    assert before[0] == after[0]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Our own package, with one file edited; each copy elsewhere, since hashes are remembered by path."""

    def edited(name, edit):
        home = tmp_path_factory.mktemp("copy") / "pipeline"
        shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("__pycache__"))
        path = home / name
        path.write_text(edit(path.read_text()))
        return {path.stem: code_hash(path.stem, home) for path in (home / "steps").glob("[a-z]*.py")}

    return edited


@pytest.fixture(scope="module")
def ours():
    return {path.stem: code_hash(path.stem) for path in (HOME / "steps").glob("[a-z]*.py")}


def differing(before, after):
    return {step for step in before if before[step] != after[step]}


@pytest.mark.parametrize("name", ["report/figures/psnr.py", "report/templates/page.html"])
def test_a_figure_or_a_template_concerns_the_report_alone(copies, ours, name):
    added = "\nEXTRA = 1\n" if name.endswith(".py") else "<p>extra</p>"
    assert differing(ours, copies(name, lambda text: text + added)) == {"report"}


def test_a_comment_in_the_blur_concerns_no_step_and_code_there_those_that_blur(copies, ours):
    assert differing(ours, copies("physics/blur.py", lambda text: text + "# a comment\n")) == set()
    assert {"degrade", "train"} <= differing(ours, copies("physics/blur.py", lambda text: text + "EXTRA = 1\n"))


def test_a_setting_of_any_section_concerns_the_steps_that_read_the_study(copies, ours):
    added = differing(ours, copies("config/networks/stages.py", lambda text: text + "EXTRA = 1\n"))
    assert {"ingest", "split", "degrade", "train", "evaluate", "report"} <= added
    assert differing(ours, copies("config/networks/stages.py", lambda text: text + "# a comment\n")) == set()


def test_how_the_explained_configuration_is_written_concerns_no_step(copies, ours):
    assert differing(ours, copies("config/file.py", lambda text: text + "EXTRA = 1\n")) == set()


def test_every_import_of_ours_is_one_that_the_hash_can_see():
    for path in HOME.rglob("*.py"):
        tree = ast.parse(path.read_text())
        relative = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
        named = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "import_module"]
        assert not relative + named, f"{path.relative_to(Path.cwd())}: import by a statement that names the module"
