import math

import pytest
import torch

from pipeline.training.soundness import TOGETHER, Watch
from pipeline.training.task import TrainingError


def test_a_watch_looks_by_itself_after_some_steps():
    watch = Watch("toy")
    watch.note(5, {"loss": torch.tensor(math.nan)})
    for step in range(6, 5 + TOGETHER):
        watch.note(step, {"loss": torch.tensor(1.0)})
    with pytest.raises(TrainingError, match="toy: loss is nan at step 5; lower the learning rate"):
        watch.note(5 + TOGETHER, {"loss": torch.tensor(1.0)})


def test_of_all_that_is_not_finite_the_first_is_named():
    watch = Watch("toy")
    watch.note(1, {"judge": torch.tensor(1.0), "loss": torch.tensor(2.0, dtype=torch.bfloat16)})
    watch.note(2, {"judge": torch.tensor(3.0), "loss": torch.tensor(-math.inf)})
    watch.note(2, {"judge": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match="loss is -inf at step 2"):
        watch.look()


def test_what_was_sound_is_looked_at_once():
    watch = Watch("toy")
    value = torch.tensor(1.0)
    watch.note(1, {"loss": value})
    value.fill_(math.nan)
    watch.look()
    watch.look()
