"""What Snakemake would do, seen without doing it."""

import os
import resource
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from warm_process import ITS_HASHES, SNAKEMAKE, WarmProcess

from pipeline.config import load_study

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def warm():
    with WarmProcess(SNAKEMAKE + ITS_HASHES) as warm:
        yield warm


@pytest.fixture
def workflow(tmp_path):
    """A copy of the workflow, without the package: that is the one under test."""
    for name in ("Snakefile", "rules", "config", "profiles"):
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path)
    shutil.copy(ROOT / "environment.yml", tmp_path)
    return tmp_path


@pytest.fixture
def snakemake(warm, workflow):
    """Run Snakemake there."""
    return partial(warm.run, workflow)


def jobs(run):
    """Number of jobs of each rule, from the table that Snakemake prints."""
    lines = [line.split() for line in run.stdout.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdecimal()}


def refused(run):
    """The one line that a run ended with before any job."""
    assert run.returncode != 0
    snakemakes = ("Using workflow specific profile", "Config file config/config.yaml is extended")
    (said,) = [line for line in run.stderr.splitlines() if not line.startswith(snakemakes)]
    return said


def test_the_demo_is_planned(snakemake):
    run = snakemake("--dry-run")
    assert run.returncode == 0, run.stderr
    planned = jobs(run)
    assert planned["degrade"] == 2
    assert planned["tune"] == planned["restore"] == 2 * 5
    assert planned["restore_by_network"] == 2 * 2
    assert planned["evaluate"] == 2 * 7
    assert planned["discern"] == planned["gauge"] == 2
    assert planned["calibrate"] == planned["collect"] == 1
    assert not {"train_field", "generate", "field"} & set(planned)


def test_sources_are_measured_where_a_study_asks_for_it_and_nowhere_else(snakemake, tmp_path):
    assert not {"measure", "tally"} & set(jobs(snakemake("--dry-run")))
    (tmp_path / "mine.yaml").write_text("study: mine\nevaluate: {shapes: true}\n")
    run = snakemake("--dry-run", "--configfile", "mine.yaml")
    assert run.returncode == 0, run.stderr
    planned = jobs(run)
    assert (planned["measure"], planned["tally"]) == (2, 1)


def test_an_audit_is_made_where_it_is_asked_for_and_nowhere_else(snakemake):
    assert not {"examine", "examine_network", "audit"} & set(jobs(snakemake("--dry-run")))
    run = snakemake("--dry-run", "audit", "--config", "audit={halves: true}")
    assert run.returncode == 0, run.stderr
    planned = jobs(run)
    assert {"examine": 2 * 5, "examine_network": 2 * 2, "halves": 2 * 2, "audit": 1}.items() <= planned.items()
    assert planned["train_nafnet"] == 3 + 2
    assert not {"report", "evaluate", "publish"} & set(planned)


def test_fields_are_painted_where_they_are_asked_for(snakemake):
    both = "fields={sgan: {generator: sgan}, xdf_gan: {generator: xdf_gan}}"
    planned = jobs(snakemake("--dry-run", "field", "--config", both, "field={jobs: 3}"))
    wanted = {"train_field": 2, "generate": 6, "join_field": 2, "deep_zoom": 2, "traces": 1, "field": 1}
    assert wanted.items() <= planned.items()
    assert not {"train_nafnet", "degrade", "report"} & set(planned)


def test_a_translation_is_made_where_it_is_asked_for(snakemake):
    run = snakemake("--dry-run", "translation", "--configfile", ROOT / "config" / "translation.yaml")
    assert run.returncode == 0, run.stderr
    planned = jobs(run)
    wanted = {"ingest_domain": 2, "train_translation": 3, "translate": 4, "judge_translation": 1,
              "translation_report": 1}  # fmt: skip
    assert wanted.items() <= planned.items()
    assert not {"train_nafnet", "degrade", "report"} & set(planned)


def test_a_translation_of_a_study_that_has_none_is_refused_in_one_line(snakemake):
    run = snakemake("--dry-run", "translation")
    assert run.returncode != 0
    assert (
        "clearfield: translate: missing in the study hubble; config/translation.yaml is one that has it" in run.stderr
    )
    assert "Traceback" not in run.stderr


def test_classifiers_that_a_study_does_without_are_not_planned(snakemake, tmp_path):
    (tmp_path / "mine.yaml").write_text("study: mine\nevaluate: {classifiers: false}\n")
    run = snakemake("--dry-run", "--configfile", "mine.yaml")
    assert run.returncode == 0, run.stderr
    assert "discern" not in jobs(run)


def test_every_other_study_is_planned(snakemake):
    for path in sorted((ROOT / "config").glob("*.yaml")):
        run = snakemake("--dry-run", "--configfile", path)
        assert run.returncode == 0, f"{path.name}: {run.stderr}"


def test_a_study_inherits_nothing_from_the_demos_file(snakemake, tmp_path):
    (tmp_path / "config" / "config.yaml").write_text("study: demo\nsplit: {folds: 7}\n")
    (tmp_path / "mine.yaml").write_text("study: mine\n")
    assert jobs(snakemake("--dry-run", "models", "--configfile", "mine.yaml"))["train_nafnet"] in (3, 4)


@pytest.mark.parametrize(
    ("given", "section", "changes"),
    [
        ("seed=5", None, {"seed": 5}),
        ("study=mine", None, {"study": "mine"}),
        ("split={folds: 2}", "split", {"folds": 2}),
    ],
)
def test_settings_on_the_command_line_change_the_demo_and_nothing_else_of_it(
    snakemake, tmp_path, given, section, changes
):
    run = snakemake("--dry-run", "--config", given)
    assert run.returncode == 0, run.stderr
    demo = load_study(ROOT / "config" / "config.yaml")
    changed = {section: getattr(demo, section).model_copy(update=changes)} if section else changes
    (resolved,) = tmp_path.glob("work/*/config.json")
    assert load_study(resolved) == demo.model_copy(update=changed)


def test_settings_on_the_command_line_change_a_study_that_inherits_nothing(snakemake, tmp_path):
    (tmp_path / "mine.yaml").write_text("study: mine\nsplit: {folds: 5}\n")
    run = snakemake("--dry-run", "--configfile", "mine.yaml", "--config", "seed=5")
    assert run.returncode == 0, run.stderr
    study = load_study(tmp_path / "work" / "mine" / "config.json")
    assert (study.seed, study.split.folds, study.train.stretch, study.publish.final) == (5, 5, "asinh", "retrain")


def test_a_mistake_on_the_command_line_is_one_line_before_any_job(snakemake):
    said = refused(snakemake("--config", "sead=5"))
    assert said == "clearfield: config/config.yaml + --config: sead is not a setting; did you mean seed?"


def seconds_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_papers_study_at_full_size_takes_little_longer_to_plan_than_the_demo(workflow):
    """15 s of a processor beside the demo's 4 s, on a machine on which Snakemake begins as fast as that."""
    for number in range(4550):
        folder = workflow / "data" / "galaxygan" / str(587722000000000000 + number)
        folder.mkdir(parents=True)
        for band in "gri":
            (folder / f"{folder.name}-{band}.fits").touch()
    known, spent = os.environ | {"PYTHONPATH": str(ROOT)}, []
    for study in ("config", "galaxygan"):
        # Of a processor, which does not depend on what other tests are running beside this one.
        begin = seconds_of_children()
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", f"config/{study}.yaml"]
        run = subprocess.run(command, cwd=workflow, env=known, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        spent.append(seconds_of_children() - begin)
    assert spent[1] < 15 / 4 * spent[0]
    assert jobs(run) | {"train_nafnet": 11, "train_pix2pix": 11, "degrade": 20, "restore_by_network": 60} == jobs(run)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("split: {folds: 1}", "split.folds is 1"),
        ("splitt: {folds: 3}", "splitt is not a setting; did you mean split?"),
        ("degrade: {psf: {fwhm: [-3px]}}", "degrade.psf.fwhm"),
        ("images: {dataset: folder}", "images.path"),
        ("seed: 5", "study is missing"),
        ("study: a\nseed: 1\nseed: 2", "line 3: seed stands there twice"),
        ("study: a\ndegrade: {psf: {fwhm: [40px]}}", "degrade.psf.fwhm: 40px is too wide; 32px are allowed at most"),
        (
            "study: a\ndegrade: {psf: {profile: file, file: nope.fits}}",
            "degrade.psf.file is nope.fits; there is no such file",
        ),
        (
            "study: a\nimages: {dataset: folder, path: 'data/{id}.fits', groups: nope.csv}",
            "images.groups is nope.csv; there is no such file",
        ),
        (
            "study: a\ndegrade: {psf: {profile: moffat, fwhm: [3px, 20px]}}",
            "degrade.psf.fwhm is 20px: 8.6% of the light",
        ),
    ],
)
def test_a_bad_config_is_one_line_before_any_job(snakemake, tmp_path, text, says):
    (tmp_path / "bad.yaml").write_text(text)
    said = refused(snakemake("--configfile", "bad.yaml"))
    assert said.startswith("clearfield: bad.yaml: ")
    assert says in said
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; `clearfield config` writes one"),
        ("", "holds no settings"),
        ("- study\n", "holds no settings"),
        ("split:\n\tfolds: 3\n", "not YAML: line 2: "),
        ("split: {folds: 1}\n", "split.folds is 1"),
    ],
)
def test_a_demo_file_that_was_spoilt_is_one_line_too(snakemake, tmp_path, content, says):
    demo = tmp_path / "config" / "config.yaml"
    demo.unlink()
    if content is not None:
        demo.write_text(content)
    assert refused(snakemake("--dry-run")).startswith(f"clearfield: config/config.yaml: {says}")


def test_the_workflow_has_no_lint(snakemake):
    run = snakemake("--lint")
    assert run.returncode == 0, run.stdout + run.stderr


def test_specialists_of_a_grid_are_planned_beside_a_network_that_serves_it(snakemake, tmp_path):
    (tmp_path / "grid.yaml").write_text(
        "study: grid\n"
        "degrade: {psf: {fwhm: [2px, 3px, 4px]}, noise: {sigma: [0.02, 0.05, 0.1]}}\n"
        "methods: [degraded, wiener]\n"
        "networks:\n"
        "  one: {architecture: nafnet}\n"
        "  nine: {architecture: nafnet, conditions: each}\n"
        "publish: {final: fold0}\n"
    )
    planned = snakemake("--dry-run", "--printshellcmds", "--quiet", "host", "--configfile", "grid.yaml")
    assert planned.returncode == 0, planned.stderr
    counted = {"train_one": 3, "train_nine": 27, "restore_by_network": 9 * 2 * 2, "publish": 2 + 18, "evaluate": 9 * 6}
    assert jobs(planned) | counted == jobs(planned)
    commands = [line.strip() for line in planned.stdout.splitlines() if "-m pipeline restore" in line]
    (command,) = [c for c in commands if "restored/fwhm3px_sigma0.1/nine_sharp.h5" in c]
    given = [word for word in command.split() if word.endswith(".safetensors")]
    folder = "results/grid/models/nine@fwhm3px_sigma0.1"
    assert given == [f"{folder}/fold{fold}/sharp.safetensors" for fold in range(3)]


def test_plug_and_play_has_a_denoiser_trained_for_each_fold(snakemake, tmp_path):
    (tmp_path / "played.yaml").write_text(
        "study: played\nmethods: [degraded, wiener, plug_and_play]\nnetworks: {}\ndegrade: {psf: {fwhm: [2px, 3px]}}\n"
    )
    planned = snakemake("--dry-run", "--printshellcmds", "--quiet", "host", "--configfile", "played.yaml")
    assert planned.returncode == 0, planned.stderr
    counted = {"train_denoiser": 3, "tune": 2 * 3, "restore": 2 * 3}
    assert jobs(planned) | counted == jobs(planned)
    assert "publish" not in jobs(planned)
    commands = [
        line for line in planned.stdout.splitlines() if "-m pipeline tune" in line or "-m pipeline restore" in line
    ]
    for command in commands:
        given = [word for word in command.split() if word.endswith(".safetensors")]
        folds = [f"results/played/models/denoiser/fold{fold}/denoised.safetensors" for fold in range(3)]
        assert given == (folds if "plug_and_play" in command else [])
