"""Several processes that share each batch train what one process trains."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_training import sky, write_sky

SCRIPT = Path(__file__).with_name("shared_training.py")
EXCHANGED = 1e-4


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    mask = np.zeros((2, 120, 130), bool)
    # Unevenly, so that processes trust unequal numbers of pixels.
    mask[:, 20:60, 30:70] = True
    return write_sky(tmp_path_factory.mktemp("sky") / "images.h5", sky(120, 130), masks={0: mask})


def run(images, folder, stage, steps, devices, *killed_at):
    folder.mkdir(exist_ok=True)
    tests = [str(SCRIPT.parents[2]), str(SCRIPT.parents[1])]
    known = os.environ | {"PYTHONPATH": os.pathsep.join(tests)}
    given = map(str, (SCRIPT, images, folder, stage, steps, devices, *killed_at))
    return subprocess.run([sys.executable, *given], env=known, capture_output=True, text=True, timeout=120)


def result(folder, process=0):
    return json.loads((folder / f"process{process}.json").read_text())


def worst_difference(one, other):
    pairs = [(a[key], b[key]) for a, b in zip(one, other, strict=True) for key in a if key.endswith("_total")]
    return max(abs(a - b) / abs(a) for a, b in pairs)


@pytest.mark.parametrize(
    ("stage", "steps"), [("regression", 50), ("adversarial", 12), ("adversarial_spectral", 12), ("posterior", 8)]
)
def test_two_processes_have_the_losses_of_one(images, tmp_path, stage, steps):
    for devices in (1, 2):
        done = run(images, tmp_path / str(devices), stage, steps, devices)
        assert done.returncode == 0, done.stderr
    alone, shared = (result(tmp_path / str(devices)) for devices in (1, 2))
    assert len(alone["history"]) == steps
    difference = worst_difference(alone["history"], shared["history"])
    print(f"{stage}: losses of two processes differ by {difference:.1e} at most")  # noqa: T201 (shown with -rP)
    assert difference < EXCHANGED
    assert shared["sums"] == pytest.approx(alone["sums"], rel=1e-3, abs=1e-4)
    # Both processes end with the same network, and the second has written nothing of its own but this.
    assert result(tmp_path / "2", 1)["sums"] == shared["sums"]
    assert len(list((tmp_path / "2").rglob("events*"))) == 1


@pytest.mark.parametrize("stage", ["adversarial", "posterior"])
def test_two_processes_that_were_killed_end_as_unbroken_ones(images, tmp_path, stage):
    assert run(images, tmp_path / "unbroken", stage, 4, 2).returncode == 0
    assert run(images, tmp_path / "killed", stage, 4, 2, 3).returncode != 0
    assert not (tmp_path / "killed" / "process0.json").exists()
    assert run(images, tmp_path / "killed", stage, 4, 2).returncode == 0
    assert result(tmp_path / "killed") == result(tmp_path / "unbroken")
