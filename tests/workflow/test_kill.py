"""A run that is killed goes on when the same command is given again, and ends where an unbroken one ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from made_training import sky, write_sky
from warm_process import WarmProcess

from pipeline.config import study_from
from pipeline.model_file import read_model
from pipeline.steps.split import split
from pipeline.training.checkpoint import read_notes

ROOT = Path(__file__).parents[2]
STUDY = {
    "study": "killed",
    "threads": 1,
    "split": {"folds": 2},
    "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.05]}},
    "methods": ["degraded", "wiener"],
    "networks": {
        "nafnet": {
            "architecture": "nafnet",
            "width": 4,
            "encoder_blocks": [1],
            "decoder_blocks": [1],
            "regression": {"steps": 60, "batch": 2, "crop": 32},
            "adversarial": {"steps": 2, "batch": 2, "crop": 32, "base_channels": 4},
            "spread": {"steps": 2, "batch": 2, "crop": 32},
        }
    },
    "train": {"stretch": "linear", "validate_every": 20, "checkpoint_every": 1},
    "evaluate": {"bootstrap": 100},
    "publish": {"final": "fold0"},
}


TRAINING = "from pipeline.cli import main; import pipeline.steps.train"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "killed.yaml"
    path.write_text(yaml.safe_dump(STUDY))
    return path


def started(command, folder):
    return subprocess.Popen(
        command, cwd=folder, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_when(condition, group):
    """Kill a whole process group once a condition holds."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)


def steps_done(folder):
    found = list(folder.glob("work/killed/train/**/regression.safetensors"))
    return read_notes(found[0])["step"] if found else 0


def test_training_killed_at_once_ends_with_the_weights_of_an_unbroken_one(config, tmp_path):
    split(write_sky(tmp_path / "images.h5", sky(90, 900)), study_from(STUDY), tmp_path / "splits.csv")
    given = [tmp_path / "images.h5", tmp_path / "splits.csv", "--network", "nafnet", "--fold", "fold0"]
    command = ["train", *given, "--config", config, "-o", "models"]
    models = []
    with WarmProcess(TRAINING, OMP_NUM_THREADS="1") as clearfield:
        for name in ("unbroken", "broken"):
            folder = tmp_path / name
            folder.mkdir()
            if name == "broken":
                call = clearfield.start(folder, *command)
                kill_when(lambda: steps_done(tmp_path / "broken") >= 5, call.pid)
                assert call.wait().returncode == -signal.SIGKILL
                assert 5 <= steps_done(folder) < 60
                assert not (folder / "models" / "sharp.safetensors").exists()
            done = clearfield.run(folder, *command)
            assert done.returncode == 0, done.stderr
            models.append([read_model(folder / "models" / f"{o}.safetensors").hash for o in ("faithful", "sharp")])
    assert models[0] == models[1]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_workflow_whose_process_group_is_killed_goes_on_with_the_same_command(config, tmp_path):
    snakemake = str(Path(sys.executable).parent / "snakemake")
    command = [snakemake, "--snakefile", str(ROOT / "Snakefile"), "--workflow-profile", str(ROOT / "profiles/default")]
    command += ["--configfile", str(config)]
    process = started(command, tmp_path)
    kill_when(lambda: steps_done(tmp_path) >= 5, process.pid)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "results/killed/report.html").exists()
    assert started(command, tmp_path).wait() == 0
    assert (tmp_path / "results/killed/report.html").stat().st_size > 100_000
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Nothing to be done" in again.stdout + again.stderr
