import math

import pytest
import torch
from made_task import Killed, assert_equal, made_task, run

from pipeline.config.networks.stages import LOSS_NAMES
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.balance import CollapseError
from pipeline.training.checkpoint import read_notes
from pipeline.training.loop import LoopSettings


@pytest.mark.parametrize(("loss", "absolute"), [("relativistic", False), ("hinge", True)])
def test_the_adversarial_stage_tells_how_its_game_stands(loss, absolute, source, tmp_path):
    task = made_task(AdversarialTask, source, loss=loss)
    _, history = run(task, tmp_path)
    for row in history:
        assert 0 <= row["told_apart"] <= 1
        assert row["variety"] > 0
        assert ("r_t" in row) == absolute


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_every_loss_trains_both_networks(loss, source, tmp_path):
    task = made_task(AdversarialTask, source, loss=loss, penalty_every=1)
    before = {name: [p.clone() for p in player.module.parameters()] for name, player in task.players.items()}
    run(task, tmp_path)
    for name, player in task.players.items():
        moved = [not torch.equal(old, new) for old, new in zip(before[name], player.module.parameters(), strict=True)]
        assert any(moved), name
        assert all(p.requires_grad for p in player.module.parameters())


@pytest.mark.parametrize(
    "stage",
    [
        {"feature_weight": 1.0},
        {"reblur_weight": 0.1},
        {"adaptive_target": 0.0, "adaptive_share": 0.5, "penalty_every": 1},
        {"adaptive_target": 0.5, "adaptive_share": 0.5, "loss": "wasserstein", "penalty_every": 1},
    ],
)
def test_what_is_asked_for_beside_changes_the_result_and_survives_a_kill(stage, source, tmp_path):
    unbroken = run(made_task(AdversarialTask, source, **stage), tmp_path / "unbroken")
    with pytest.raises(Killed):
        run(made_task(AdversarialTask, source, **stage), tmp_path / "killed", killed_at=3)
    assert_equal(unbroken, run(made_task(AdversarialTask, source, **stage), tmp_path / "killed"))
    plain = run(made_task(AdversarialTask, source), tmp_path / "plain")
    assert any(not torch.equal(v, unbroken[0][k]) for k, v in plain[0].items() if k in unbroken[0])


def test_a_judge_that_knows_too_much_is_shown_changed_images_more_often(source, tmp_path):
    task = made_task(AdversarialTask, source, adaptive_target=0.0, adaptive_share=1.0, steps=8)
    _, history = run(task, tmp_path)
    shares = [row["augmented"] for row in history]
    for before, row in zip([0.0, *shares], history):
        expected = before + math.copysign(2 * 2 / 16, row["r_v"])
        assert row["augmented"] == pytest.approx(min(max(expected, 0), 0.8))


def test_a_collapsed_game_stops_and_leaves_its_last_checkpoint(source, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.training.balance.LEAST_VARIETY", 1e9)
    with pytest.raises(CollapseError, match="collapsed"):
        run(made_task(AdversarialTask, source), tmp_path, LoopSettings(2, 1, 0.9, 1.0))
    assert read_notes(tmp_path / "work" / "adversarial.safetensors")["step"] == 1
