"""Small tasks for the training loop, which runs them to their end or is killed."""

import math

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment
from made_training import NAFNET, PIX2PIX, SCALING, made_study
from torch import nn

from pipeline.networks.build import build_network, drawing_network
from pipeline.stretch import Stretch
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.loop import LoopSettings, train
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.restoration import RegressionTask
from pipeline.training.task import Player

LOOP = LoopSettings(validate_every=2, checkpoint_every=1, ema=0.9, clip=1.0)
VIEW = Stretch("asinh", (0.1, 0.1), (0.02, 0.02))


class Killed(BaseException):
    """As Ctrl-C or a signal would end the process."""


def made_task(kind, source, seed=0, **stage):
    """A task of some kind on the skies of ``source``; settings of its stage replace the small ones."""
    study = made_study({"net": NAFNET, "pix": PIX2PIX})
    settings = study.networks["pix" if kind is Pix2pixTask else "net"]
    torch.manual_seed(seed)
    module = build_network(settings.model_dump(), 2, 2)
    watched = source.batch("watched", count=2, crop=32)
    shared = {
        "degrader": source,
        "watched": watched,
        "address": (seed, "net", 0),
        "span": torch.ones(2),
        "scaling": SCALING,
    }
    if kind is RegressionTask:
        return RegressionTask(module, settings.regression.model_copy(update=stage), **shared)
    if kind is PosteriorTask:
        module = drawing_network(module.state_dict(), settings.model_dump(), 2, 2)
        posterior = settings.posterior.model_copy(
            update={"steps": 4, "batch": 2, "crop": 32, "base_channels": 4} | stage
        )
        return PosteriorTask(module, posterior, VIEW, **shared)
    if kind is AdversarialTask:
        return AdversarialTask(module, settings.adversarial.model_copy(update=stage), VIEW, **shared)
    return Pix2pixTask(module, settings, 2, **shared)


def run(task, folder, settings=LOOP, killed_at=None):
    """Train a task; give all weights, those of the running mean too, and the history but for its seconds."""
    if killed_at is not None:
        true_batch = task.batch

        def batch(step):
            if step == killed_at:
                raise Killed
            return true_batch(step)

        task.batch = batch
    fabric = Fabric(accelerator="cpu", devices=1, plugins=[LightningEnvironment()])
    module, history = train(task, settings, fabric, folder / "work", folder / "board")
    weights = {f"average/{k}": v for k, v in module.state_dict().items()}
    for name, player in task.players.items():
        weights |= {f"{name}/{k}": v for k, v in player.module.state_dict().items()}
    return weights, [{k: v for k, v in row.items() if k != "seconds"} for row in history]


def assert_equal(one, other):
    """Two runs ended with the same weights and history, to the last bit."""
    assert one[0].keys() == other[0].keys()
    for name, value in one[0].items():
        assert torch.equal(value, other[0][name]), name
    assert one[1] == other[1]


class Toy:
    """One weight, drawn to 1 with gradient descent; it can be made to go wrong."""

    stage, steps, kept, address = "toy", 4, "generator", (0, "toy", 0)

    def __init__(self, wrong_at=None, score=0.0):
        self.module = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.module.weight)
        self.players = {"generator": Player(self.module, torch.optim.SGD(self.module.parameters(), 1.0))}
        self.wrong_at, self.score, self.seen = wrong_at, score, []

    def rate(self, step):
        return 0.5**step

    def stepped(self, values):
        pass

    def finish(self, module):
        return {}

    def strips(self, module):
        return {}

    def batch(self, step):
        self.seen.append(self.module.weight.item())
        return step

    def losses(self, player, batch, modules):
        loss = (modules["generator"](torch.ones(1, 1)) - 1).square().mean() / 2
        return {"total": loss * (math.nan if batch == self.wrong_at else 1)}

    def validate(self, module):
        return {"validation_psnr": self.score + module.weight.item()}
