import subprocess
import sys

import pytest

from pipeline.processes import leads
from pipeline.progress import progress
from pipeline.step_runner import running


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ({}, True),
        ({"RANK": "1"}, True),
        ({"LOCAL_RANK": "0"}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"LOCAL_RANK": "0", "RANK": "2"}, False),
    ],
)
def test_the_first_process_leads(given, first, monkeypatch):
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert leads() == first


def test_a_process_that_helps_leaves_the_log_alone_and_shows_no_progress(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.setattr("pipeline.step_runner.end_with_the_first", lambda: None)
    log = tmp_path / "step.log"
    log.write_text("of the first process\n")
    with running("step", tmp_path / "out", log):
        assert list(progress(range(3), "step")) == [0, 1, 2]
    assert log.read_text() == "of the first process\n"
    assert capsys.readouterr().err == ""


def test_a_process_that_helps_ends_with_the_one_that_started_it():
    helper = "from pipeline.processes import end_with_the_first as e; import time; e(); print('up', flush=True); time.sleep(60)"
    first = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {helper!r}], stdout=subprocess.PIPE); p.stdout.readline(); print(p.pid)"
    done = subprocess.run([sys.executable, "-c", first], capture_output=True, text=True, timeout=30, check=True)
    waiting = f"import os, time\nfor _ in range(50):\n  try: os.kill({int(done.stdout)}, 0)\n  except ProcessLookupError: break\n  time.sleep(0.1)\nelse: raise SystemExit(1)"
    assert subprocess.run([sys.executable, "-c", waiting], timeout=30).returncode == 0
