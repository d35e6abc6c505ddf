import pytest
import torch
from made_task import Killed, assert_equal, made_task, run
from torch import nn

from pipeline.config.networks.stages import OPTIMISER_NAMES
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.loop import LoopSettings
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.restoration import RegressionTask


@pytest.mark.parametrize("kind", [RegressionTask, AdversarialTask, PosteriorTask, Pix2pixTask])
@pytest.mark.parametrize("every", [1, 2])
def test_a_killed_training_ends_as_an_unbroken_one(kind, every, source, tmp_path):
    settings = LoopSettings(validate_every=2, checkpoint_every=every, ema=0.9, clip=1.0)
    unbroken = run(made_task(kind, source), tmp_path / "unbroken", settings)
    for killed_at in (0, 1, 3):
        with pytest.raises(Killed):
            run(made_task(kind, source), tmp_path / "killed", settings, killed_at)
    # Other weights at the start: what counts is the checkpoint.
    task = made_task(kind, source)
    nn.init.ones_(next(iter(task.players["generator"].module.parameters())))
    assert_equal(unbroken, run(task, tmp_path / "killed", settings))


def test_a_finished_training_is_read_back(source, tmp_path):
    first = run(made_task(RegressionTask, source), tmp_path)
    events = sorted((tmp_path / "board").rglob("events*"))
    assert_equal(first, run(made_task(RegressionTask, source, seed=0), tmp_path, killed_at=0))
    assert sorted((tmp_path / "board").rglob("events*")) == events


@pytest.mark.parametrize("kind", [RegressionTask, AdversarialTask, PosteriorTask, Pix2pixTask])
def test_one_seed_makes_one_network(kind, source, tmp_path):
    first, second = (run(made_task(kind, source), tmp_path / name) for name in "ab")
    assert_equal(first, second)
    other, _ = run(made_task(kind, source, seed=1), tmp_path / "c")
    assert not torch.equal(next(iter(first[0].values())), next(iter(other.values())))


@pytest.mark.parametrize("optimiser", OPTIMISER_NAMES)
def test_every_optimiser_goes_on_after_a_kill(optimiser, source, tmp_path):
    def task():
        return made_task(RegressionTask, source, optimiser=optimiser)

    unbroken = run(task(), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(task(), tmp_path / "killed", killed_at=3)
    assert_equal(unbroken, run(task(), tmp_path / "killed"))
