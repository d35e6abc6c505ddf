"""What runs again after an edit, and what does not: on the real workflow, with steps that leave empty files."""

import shutil
from functools import partial
from pathlib import Path

import pytest
from warm_process import SNAKEMAKE, WarmProcess

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
def folder(tmp_path_factory):
    """A study in a folder of its own, with the package."""
    folder = tmp_path_factory.mktemp("finished")
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(ROOT / name, folder)
    for name in ("rules", "config", "profiles", "pipeline"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pipeline" / "__main__.py").write_text(STUB)
    (folder / "mine.yaml").write_text(STUDY)
    return folder


@pytest.fixture(scope="module")
def snakemake(folder):
    with WarmProcess(SNAKEMAKE, folder) as warm:
        yield partial(warm.run, folder, "--configfile", "mine.yaml", "--cores", "2")


@pytest.fixture(scope="module")
def finished(folder, snakemake):
    """The folder once the study has run to its end."""
    run = snakemake()
    assert (folder / "results/mine/report.html").is_file(), run.stderr
    return folder


@pytest.fixture
def planned(snakemake):
    """Asks which rules would run again."""

    def planned():
        run = snakemake("--dry-run")
        assert run.returncode == 0, run.stderr
        if "Nothing to be done" in run.stdout:
            return set()
        lines = [line.split() for line in run.stdout.splitlines()]
        return {line[0] for line in lines if len(line) == 2 and line[1].isdecimal()} - {"total", "all", "models"}

    return planned


def test_a_second_call_finds_nothing_to_do(finished, planned):
    assert planned() == set()


def test_touching_every_file_reruns_nothing(finished, planned):
    for path in finished.rglob("*"):
        if ".snakemake" not in path.parts:
            path.touch()
    assert planned() == set()


def test_comments_rerun_nothing(finished, planned):
    for where in ("pipeline/physics/blur.py", "pipeline/report/figures/psnr.py", "rules/train.smk"):
        path = finished / where
        path.write_text(f"# Said in passing.\n{path.read_text()}\n# And again.\n")
    assert planned() == set()


def test_another_figure_reruns_the_report_alone(finished, planned):
    path = finished / "pipeline/report/figures/psnr.py"
    before = path.read_text()
    path.write_text(before + "\nWIDER = True\n")
    assert planned() == {"report"}
    path.write_text(before)
