import signal
import subprocess
import sys

import pytest

from pipeline.config import study_from
from pipeline.workflow import lock_or_exit

HOLD = """
import time
from pipeline.config import study_from
from pipeline.workflow import lock_or_exit
held = lock_or_exit(study_from({"study": "mine"}))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(monkeypatch, tmp_path):
    """Another process that works on the study `mine`."""
    monkeypatch.chdir(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_run_on_a_study_is_refused_in_one_line_that_names_the_first(holder, capsys):
    with pytest.raises(SystemExit):
        lock_or_exit(study_from({"study": "mine"}))
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"work/mine/lock: another run works on this study (process {holder.pid})" in said


def test_another_study_may_run_beside_it(holder):
    lock_or_exit(study_from({"study": "other"})).close()


def test_a_killed_run_leaves_no_lock(holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock_or_exit(study_from({"study": "mine"})).close()
