import pytest
import torch
from made_task import made_task, run

from pipeline.training.balance import CollapseError
from pipeline.training.pix2pix_task import Pix2pixTask


def test_both_networks_start_as_published(source):
    for player in made_task(Pix2pixTask, source).players.values():
        assert not any(value.any() for name, value in player.module.named_parameters() if name.endswith("bias"))


def test_its_balance_is_in_the_history_and_a_collapse_stops_it(source, tmp_path, monkeypatch):
    _, history = run(made_task(Pix2pixTask, source), tmp_path / "sound")
    assert {"told_apart", "variety", "r_v", "r_t"} <= history[-1].keys()
    task = made_task(Pix2pixTask, source)
    # One image for all: the last layer gives nothing but its bias, and learns nothing.
    weights = {name: list(player.module.parameters()) for name, player in task.players.items()}
    monkeypatch.setattr(task, "losses", lambda player, *_: {"total": 0 * sum(w.sum() for w in weights[player])})
    for parameter in task.players["generator"].module.parameters():
        torch.nn.init.zeros_(parameter)
    with pytest.raises(CollapseError, match="pix2pix: collapsed: restored images differ by"):
        run(task, tmp_path / "collapsed")
