import math
import os
import shutil

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_task import LOOP, Killed, Toy, made_task, run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from pipeline.training.checkpoint import read_notes
from pipeline.training.loop import LoopSettings, train
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.restoration import RegressionTask
from pipeline.training.task import Player, TrainingError


def test_dropout_depends_on_the_address(source, tmp_path):
    """Two seeds with the same weights and batches still draw other masks."""
    found = []
    for seed in (0, 1):
        task = made_task(Pix2pixTask, source)
        fixed = task.batch(0)
        task.batch, task.address = lambda step, fixed=fixed: fixed, (seed, "net", 0)
        found.append(run(task, tmp_path / str(seed))[0])
    assert not torch.equal(found[0]["generator/encoder.0.0.weight"], found[1]["generator/encoder.0.0.weight"])


def test_history_has_a_row_for_each_look_and_for_the_last_step(source, tmp_path):
    settings = LoopSettings(validate_every=4, checkpoint_every=100, ema=0.9, clip=1.0)
    _, history = run(made_task(RegressionTask, source), tmp_path, settings)
    assert [row["step"] for row in history] == [4, 6]
    assert list(history[0])[:3] == ["step", "stage", "generator_total"]
    assert list(history[0])[-1] == "validation_psnr"
    assert {row["stage"] for row in history} == {"regression"}


def shown(folder):
    """Steps of the scalars on TensorBoard, and of the strips."""
    events = EventAccumulator(str(folder), {"images": 0, "scalars": 0})
    events.Reload()
    scalars, strips = events.Scalars("validation_psnr"), events.Images("observed, restored, truth")
    return [event.step for event in scalars], [event.step for event in strips]


def test_tensorboard_shows_each_step_once_after_a_kill(source, tmp_path):
    settings = LoopSettings(validate_every=1, checkpoint_every=2, ema=0.9, clip=1.0)
    with pytest.raises(Killed):
        run(made_task(RegressionTask, source), tmp_path, settings, killed_at=3)
    run(made_task(RegressionTask, source), tmp_path, settings)
    assert shown(tmp_path / "board" / "regression") == ([1, 2, 3, 4, 5, 6],) * 2


class Onlooker(Fabric):
    """One of two processes, and not the first."""

    global_rank, world_size = 1, 2


def test_a_process_that_does_not_write_draws_no_strip(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.training.team.Team.means", lambda self, values: values)
    task = Toy()
    task.strips = lambda module: pytest.fail("drawn for nobody")
    fabric = Onlooker(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    train(task, LOOP, fabric, tmp_path / "work", tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_rates_follow_the_task_and_the_mean_follows_the_weights(tmp_path):
    task = Toy()
    weights, _ = run(task, tmp_path, LoopSettings(1, 1, 0.5, 10.0))
    # w <- w + rate (1 - w), with rates 1, 1/2, ...: the first step arrives, the rest stay.
    assert task.seen == [0, 1, 1, 1]
    assert weights["average/weight"].item() == 1
    task = Toy()
    task.rate = lambda step: 0.5
    weights, _ = run(task, tmp_path / "other", LoopSettings(1, 1, 0.5, 10.0))
    assert task.seen == [0, 0.5, 0.75, 0.875]
    # 0.5, 0.75, 0.875 and 0.9375, each with twice the weight of the one before.
    assert weights["average/weight"].item() == pytest.approx(13 / 15)


def test_gradients_are_clipped(tmp_path):
    task = Toy()
    task.rate = lambda step: 1.0
    run(task, tmp_path, LoopSettings(1, 1, 0.5, 0.1))
    assert task.seen == pytest.approx([0, 0.1, 0.2, 0.3], rel=1e-5)


def test_a_player_that_is_not_kept_is_not_clipped(tmp_path):
    # Penalties that are looked at in few steps are as large there as in all others together.
    task = Toy()
    task.losses = lambda player, _, modules: {"total": 50 * modules[player](torch.ones(1, 1)).sum()}
    other = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(other.weight)
    task.players["judge"] = Player(other, torch.optim.SGD(other.parameters(), 1.0))
    task.steps = 1
    run(task, tmp_path)
    assert task.module.weight.item() == pytest.approx(-1, rel=1e-4)
    assert other.weight.item() == pytest.approx(-50)


def test_a_rate_goes_on_where_it_was_after_a_kill(tmp_path):
    with pytest.raises(Killed):
        run(Toy(), tmp_path, killed_at=2)
    task = Toy()
    run(task, tmp_path)
    assert task.players["generator"].optimiser.param_groups[0]["lr"] == 0.5**3


def test_a_loss_that_is_not_finite_stops_in_one_line(tmp_path):
    with pytest.raises(TrainingError, match="toy: generator_total is nan at step 3; lower the learning rate") as error:
        run(Toy(wrong_at=2), tmp_path, LoopSettings(validate_every=100, checkpoint_every=1, ema=0.5, clip=1.0))
    assert "\n" not in str(error.value)
    # What was saved before is sound: with the cause gone, the training goes on.
    weights, _ = run(Toy(), tmp_path)
    assert all(value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize(("wrong_at", "kept"), [(0, None), (1, None), (2, 2), (3, 2)])
def test_no_checkpoint_holds_weights_that_were_lost_steps_before(wrong_at, kept, tmp_path):
    with pytest.raises(TrainingError, match=f"generator_total is nan at step {wrong_at + 1}"):
        run(Toy(wrong_at), tmp_path, LoopSettings(validate_every=100, checkpoint_every=2, ema=0.5, clip=1.0))
    notes = read_notes(tmp_path / "work" / "toy.safetensors")
    assert (notes and notes["step"]) == kept


def test_no_score_is_given_to_weights_that_were_lost_steps_before(tmp_path):
    task = Toy(wrong_at=0)
    task.validate = lambda module: pytest.fail("judged what is lost")
    with pytest.raises(TrainingError, match="generator_total is nan at step 1"):
        run(task, tmp_path, LoopSettings(validate_every=3, checkpoint_every=100, ema=0.5, clip=1.0))


def test_a_score_that_is_not_finite_stops_in_one_line(tmp_path):
    with pytest.raises(TrainingError, match="validation_psnr is -inf at step 2"):
        run(Toy(score=-math.inf), tmp_path)


@pytest.mark.slow
def test_compiled_training_leaves_every_name_as_it_was(source, tmp_path):
    if not any(map(shutil.which, [os.environ.get("CXX", "g++"), "g++", "clang++"])):
        pytest.skip("torch.compile needs a C++ compiler, and none is at hand")
    plain = run(made_task(RegressionTask, source), tmp_path / "plain")
    settings = LoopSettings(validate_every=2, checkpoint_every=1, ema=0.9, clip=1.0, compile=True)
    compiled = run(made_task(RegressionTask, source), tmp_path / "compiled", settings)
    assert compiled[0].keys() == plain[0].keys()
    assert [row["generator_total"] for row in compiled[1]] == pytest.approx(
        [row["generator_total"] for row in plain[1]], rel=1e-3
    )
    # Each goes on from the other's checkpoint.
    for folder, wanted in (("plain", settings), ("compiled", LOOP)):
        run(made_task(RegressionTask, source), tmp_path / folder, wanted)
