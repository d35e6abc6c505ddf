import subprocess
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipeline.store import StoreError
from pipeline.training.board import open_board

FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from pipeline.errors import ClearfieldError
from pipeline.training.board import open_board
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)
try:
    with open_board(Path("board"), 1) as board:
        for step in range(1, 10):
            board.show(step, {"loss": 0.5}, {"crops": noise})
except ClearfieldError as error:
    print(error)
"""


def test_curves_and_strips_are_shown_and_steps_that_are_taken_again_once(tmp_path):
    for first, loss in ((1, 0.5), (2, 0.25)):
        with open_board(tmp_path, first) as board:
            for step in range(first, 4):
                board.show(step, {"step": step, "loss": loss}, {"crops": np.zeros((8, 8, 3), np.uint8)})
    seen = EventAccumulator(str(tmp_path)).Reload()
    assert [(point.step, point.value) for point in seen.Scalars("loss")] == [(1, 0.5), (2, 0.25), (3, 0.25)]
    assert seen.Tags()["scalars"] == ["loss"]
    assert seen.Tags()["images"] == ["crops"]


def test_a_full_disk_is_one_line_that_names_the_folder(tmp_path):
    done = subprocess.run([sys.executable, "-c", FULL_DISK], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "board: cannot be written (File too large); make room or choose another place\n"
    assert done.stderr == ""


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/board: cannot be written"), open_board(tmp_path / "file" / "board", 1):
        pass


def test_what_ends_a_training_is_what_is_told(tmp_path):
    with pytest.raises(KeyError, match="mine"), open_board(tmp_path / "board", 1):
        raise KeyError("mine")
