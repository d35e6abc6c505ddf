import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_task import made_task
from made_training import SCALING, awakened, network_input
from torch import nn
from torch.nn.functional import interpolate

from pipeline.config import Spread
from pipeline.networks.spread import SpreadNetwork
from pipeline.physics.noise import addressed_generator
from pipeline.training.degradation import Batch
from pipeline.training.loop import LoopSettings, train
from pipeline.training.restoration import RegressionTask
from pipeline.training.spread_task import SpreadTask, negative_log_likelihood


class Still(nn.Module):
    """A restoring network that gives back what it sees."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, inputs):
        return self.weight * inputs.preview


class Noisy:
    """Batches whose truth is off by noise as strong as their sigma says, which varies by a factor of nine."""

    def batch(self, *address, count, crop):
        random = addressed_generator(*address)
        inputs = network_input(crop, crop, count=count, seed=random.initial_seed() % 2**31)
        coarse = torch.rand(count, 2, crop // 8, crop // 8, generator=random)
        sigma = 0.1 * 9 ** interpolate(coarse, scale_factor=8, mode="bilinear")
        target = inputs.preview + sigma * torch.randn(sigma.shape, generator=random)
        return Batch(inputs._replace(sigma=sigma), target, torch.ones_like(target), None)


def spread_task(steps=120):
    source = Noisy()
    torch.manual_seed(0)
    settings = Spread(steps=steps, batch=4, crop=32, learning_rate=1e-2)
    shared = {
        "watched": source.batch("watched", count=4, crop=32), "address": (0, "net", 0), "span": torch.ones(2),
        "scaling": SCALING,
    }  # fmt: skip
    task = SpreadTask(SpreadNetwork(2, 2), Still(), settings, degrader=source, **shared)
    task.batch = lambda step: source.batch(*task.address, step, count=4, crop=32)
    return task


def run(task, folder):
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    settings = LoopSettings(validate_every=100, checkpoint_every=100, ema=0.9, clip=1.0)
    return train(task, settings, fabric, folder / "work", folder / "board")


def test_a_known_spread_is_learned(tmp_path):
    task = spread_task()
    module, history = run(task, tmp_path)
    new = Noisy().batch("new", count=4, crop=64)
    with torch.no_grad():
        ratio = module(new.inputs, new.inputs.preview).exp() / new.inputs.sigma
    assert 0.9 < ratio.median() < 1.1
    assert ratio.log().std() < 0.2 < new.inputs.sigma.log().std()
    assert history[-1]["error_over_spread"] == pytest.approx(1, abs=0.1)
    assert history[-1]["validation_nll"] < history[0]["validation_nll"] + 0.01


def test_the_restoring_network_stays_as_it_is(tmp_path, source):
    made = made_task(RegressionTask, source)
    network = awakened(made.players["generator"].module)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    shared = {n: getattr(made, n) for n in ("degrader", "watched", "address", "span", "scaling")}
    torch.manual_seed(0)
    task = SpreadTask(SpreadNetwork(2, 2), network, Spread(steps=3, batch=2, crop=16), **shared)
    run(task, tmp_path)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_the_likelihood_is_least_at_the_true_spread():
    error = 0.3 * torch.randn(1, 1, 200, 200, generator=torch.Generator().manual_seed(0))
    weight = torch.ones_like(error)
    losses = [negative_log_likelihood(error, torch.full_like(error, s).log(), weight) for s in (0.2, 0.3, 0.4)]
    assert losses[1] < min(losses[0], losses[2])
    assert losses[1].item() == pytest.approx(0.5 + torch.tensor(0.3).log().item(), abs=0.02)


def test_the_level_of_the_spread_is_learned_too(tmp_path):
    task = spread_task(steps=3)
    network = task.players["spread"].module
    before = network.last.bias.detach().clone()
    run(task, tmp_path)
    assert not torch.equal(network.last.bias, before)
