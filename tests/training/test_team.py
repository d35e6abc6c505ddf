import pytest
import torch

from pipeline.training.task import TrainingError
from pipeline.training.team import Team


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_every_crop_of_a_batch_is_drawn_by_one_process(size):
    drawn = [slot for rank in range(size) for slot in Team(rank, size).slots(12)]
    assert drawn == list(range(12))


def test_a_batch_that_cannot_be_shared_evenly_is_refused_in_one_line():
    with pytest.raises(TrainingError, match="a batch of 7 cannot be shared evenly by 2 processes; take"):
        Team(0, 2).slots(7)


def test_one_process_alone_means_nothing_but_itself():
    value = torch.ones(3)
    assert Team().mean(value) is value
    assert Team().address == ()


def test_processes_draw_other_numbers_and_the_first_those_of_one_alone():
    assert Team(0, 2).address == Team().address
    assert Team(1, 2).address not in (Team().address, Team(2, 3).address)
