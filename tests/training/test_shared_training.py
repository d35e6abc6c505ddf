"""Several processes that share each batch train what one process trains."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from made_training import sky, write_sky
from warm_process import WarmProcess

SCRIPT = Path(__file__).with_name("shared_training.py")
EXCHANGED = 1e-4
STEPS = {"regression": 50, "adversarial": 12, "adversarial_spectral": 12, "adversarial_adaptive": 12, "posterior": 8}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    mask = np.zeros((2, 120, 130), bool)
    # Unevenly, so that processes trust unequal numbers of pixels.
    mask[:, 20:60, 30:70] = True
    return write_sky(tmp_path_factory.mktemp("sky") / "images.h5", sky(120, 130), masks={0: mask})


@pytest.fixture(scope="module")
def run(images):
    """Train: the first process is forked, and starts the others as Fabric does."""
    program = f"""
import sys, shared_training
def main():
    sys.argv[0] = {str(SCRIPT)!r}
    shared_training.main(*sys.argv[1:])
"""
    places = os.pathsep.join(map(str, [SCRIPT.parents[2], SCRIPT.parents[1], SCRIPT.parent]))
    with WarmProcess(program, PYTHONPATH=places, OMP_NUM_THREADS="1") as warm:
        yield lambda folder, *arguments: warm.run(folder.parent, images, folder, *arguments)


def result(folder, process=0):
    return json.loads((folder / f"process{process}.json").read_text())


def worst_difference(one, other):
    pairs = [(a[key], b[key]) for a, b in zip(one, other, strict=True) for key in a if key.endswith("_total")]
    return max(abs(a - b) / abs(a) for a, b in pairs)


@pytest.fixture(scope="module")
def trained(run, tmp_path_factory):
    """Every stage, trained by one process and by two: to start these takes longer than to train."""
    folder = tmp_path_factory.mktemp("trained")
    for devices in (1, 2):
        done = run(folder / str(devices), ",".join(f"{name}:{steps}" for name, steps in STEPS.items()), devices)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("stage", STEPS)
def test_two_processes_have_the_losses_of_one(trained, stage):
    alone, shared = (result(trained / str(devices) / stage) for devices in (1, 2))
    assert len(alone["history"]) == STEPS[stage]
    difference = worst_difference(alone["history"], shared["history"])
    print(f"{stage}: losses of two processes differ by {difference:.1e} at most")  # noqa: T201 (shown with -rP)
    assert difference < EXCHANGED
    assert shared["sums"] == pytest.approx(alone["sums"], rel=1e-3, abs=1e-4)
    # Both processes end with the same network, and the second has written nothing of its own but this.
    assert result(trained / "2" / stage, 1)["sums"] == shared["sums"]
    assert len(list((trained / "2" / stage).rglob("events*"))) == 1


def test_two_processes_that_were_killed_end_as_unbroken_ones(run, trained, tmp_path):
    # The stage with most beside its weights that a checkpoint has to hold.
    stage = f"posterior:{STEPS['posterior']}"
    assert run(tmp_path / "killed", stage, 2, 3).returncode != 0
    assert not (tmp_path / "killed" / "posterior" / "process0.json").exists()
    done = run(tmp_path / "killed", stage, 2)
    assert done.returncode == 0, done.stderr
    assert result(tmp_path / "killed" / "posterior") == result(trained / "2" / "posterior")
