import pytest
import torch
from made_task import Toy, run

from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.training.task import TrainingError


class Hungry(Toy):
    """A task whose device holds ``room`` crops and no more."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def batch(self, step):
        blurs = Blur(torch.ones(12, 1, 1, 1), GaussianNoise((0.0,)))
        return torch.ones(12, 1), torch.tensor(0.5), blurs

    def losses(self, player, batch, modules):
        crops, number, blurs = batch
        assert len(blurs.psf) == len(crops)
        if len(crops) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return {"total": (number * modules["generator"](crops) - 1).square().mean()}


@pytest.mark.parametrize(
    ("room", "advice"),
    [
        (7, "a batch of 12 crops; 6 passed a trial; set this stage's batch to that"),
        (1, "a batch of 12 crops; 1 passed a trial"),
        (0, "a batch of 12 crops; not even one passed a trial; take smaller crops or a narrower network"),
    ],
)
def test_running_out_of_device_memory_names_a_batch_that_fits(room, advice, tmp_path):
    with pytest.raises(TrainingError, match=f"toy: the device's memory does not hold {advice}") as error:
        run(Hungry(room), tmp_path)
    assert "\n" not in str(error.value)


def test_a_batch_that_the_device_holds_is_trained_on(tmp_path):
    run(Hungry(12), tmp_path)


def test_running_out_of_memory_while_a_batch_is_drawn_or_training_is_watched_is_one_sentence(tmp_path):
    def no_room(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    drawing, watching = Hungry(12), Hungry(12)
    drawing.batch = watching.validate = no_room
    with pytest.raises(TrainingError, match="does not hold a batch while it is drawn; set a smaller batch"):
        run(drawing, tmp_path / "drawing")
    with pytest.raises(TrainingError, match="the crops on which training is watched; take a narrower network"):
        run(watching, tmp_path / "watching")
