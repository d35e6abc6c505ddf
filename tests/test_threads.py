"""Threads of a step: as many as the study says, and good neighbours on a busy machine."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os
from pipeline.threads import use_threads
use_threads(2)
import torch
print(torch.get_num_threads(), os.environ["OMP_NUM_THREADS"], os.environ["GOMP_SPINCOUNT"])
"""


def said(**environment):
    known = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"} | environment
    home = str(Path(__file__).parents[1])
    call = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=known | {"PYTHONPATH": home}, capture_output=True, text=True, check=True
    )
    return call.stdout.split()


def test_every_pool_has_the_size_that_was_asked_for_and_waits_briefly():
    assert said() == ["2", "2", "10000"]


def test_who_knows_better_how_threads_are_to_wait_is_left_alone():
    assert said(GOMP_SPINCOUNT="7")[2] == "7"
