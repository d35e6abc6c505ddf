import os
import subprocess
import sys
import time
from pathlib import Path

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


HELPER = """
from time import sleep
from pipeline.processes import end_with_the_first
end_with_the_first()
print("up", flush=True)
sleep(60)
"""
FIRST = f"""
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", {HELPER!r}], stdout=subprocess.PIPE)
helper.stdout.readline()
print(helper.pid)
"""


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # One that has ended and that nobody asked about is there in name only.
    status = Path(f"/proc/{process}/stat")
    return not status.is_file() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_a_process_that_helps_ends_with_the_one_that_started_it():
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, timeout=30, check=True)
    until = time.monotonic() + 10
    while is_there(int(done.stdout)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_there(int(done.stdout))
