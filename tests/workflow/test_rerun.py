"""What runs again after an edit, and what does not: on the real workflow, with steps that leave empty files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUDY = """
study: mine
split: {folds: 2}
degrade: {psf: {fwhm: [3px]}, noise: {sigma: [0.05]}}
methods: [degraded, wiener]
publish: {final: fold0}
"""
STUB = '''
"""In place of every step: its files, with nothing in them."""
import sys
from pathlib import Path

_, step, *given = sys.argv
for option, value in zip(given, given[1:]):
    out = Path(value)
    if option == "--figures":
        out.mkdir(parents=True)
        continue
    if option not in ("-o", "--log", "--metrics", "--summary", "--comparisons", "--ranking", "--provenance"):
        continue
    names = [""]
    if option == "-o" and step == "train":
        names = ["faithful.safetensors", "sharp.safetensors", "spread.safetensors", "history.csv"]
    if option == "-o" and step == "gallery":
        names = [Path(path).name for path in given if "/restored/" in path]
    if option == "-o" and step == "publish":
        out, names = out.parent, [out.name, out.name.replace(".safetensors", ".MODEL_CARD.md")]
    for file in (out / name for name in names):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(step)
'''


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A study that has run to its end in a folder of its own, with the package."""
    folder = tmp_path_factory.mktemp("finished")
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    for name in ("rules", "config", "profiles", "pipeline"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pipeline" / "__main__.py").write_text(STUB)
    (folder / "mine.yaml").write_text(STUDY)
    run = snakemake(folder)
    assert (folder / "results/mine/report.html").is_file(), run.stderr
    return folder


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--configfile", "mine.yaml", "--cores", "2", *arguments]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)


def planned(folder):
    """Rules that would run again."""
    said = snakemake(folder, "--dry-run").stdout
    if "Nothing to be done" in said:
        return set()
    lines = [line.split() for line in said.splitlines()]
    return {line[0] for line in lines if len(line) == 2 and line[1].isdecimal()} - {"total", "all", "models"}


def test_a_second_call_finds_nothing_to_do(finished):
    assert planned(finished) == set()


def test_touching_every_file_reruns_nothing(finished):
    for path in finished.rglob("*"):
        if ".snakemake" not in path.parts:
            path.touch()
    assert planned(finished) == set()


@pytest.mark.parametrize("where", ["pipeline/physics/blur.py", "pipeline/report/figures/psnr.py", "rules/train.smk"])
def test_a_comment_reruns_nothing(finished, where):
    path = finished / where
    before = path.read_text()
    path.write_text(f"# Said in passing.\n{before}" if where.endswith("smk") else f"{before}\n# Said in passing.\n")
    assert planned(finished) == set()


def test_another_figure_reruns_the_report_alone(finished):
    path = finished / "pipeline/report/figures/psnr.py"
    before = path.read_text()
    path.write_text(before + "\nWIDER = True\n")
    assert planned(finished) == {"report"}
    path.write_text(before)
