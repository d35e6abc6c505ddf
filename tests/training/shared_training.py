"""Small trainings on a number of gloo processes, as a script: Fabric starts it again for each of them."""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from lightning_fabric import Fabric
from made_training import NAFNET, SCALING, degrader, made_study
from torch import nn

from pipeline.config import Training
from pipeline.networks.build import build_network, drawing_network
from pipeline.stretch import Stretch
from pipeline.threads import use_threads
from pipeline.tiling import Window
from pipeline.training.adversarial_task import AdversarialTask
from pipeline.training.devices import fabric_for
from pipeline.training.loop import LoopSettings, train
from pipeline.training.posterior_task import PosteriorTask
from pipeline.training.regions import Region
from pipeline.training.restoration import RegressionTask, Restoration
from pipeline.training.team import Team

LOOP = LoopSettings(validate_every=1, checkpoint_every=1, ema=0.9, clip=1.0)
VARIANTS = {
    "adversarial": {},
    # With buffers that every look changes, and a penalty whose gradient comes past Fabric's wrapper.
    "adversarial_spectral": {"spectral": True, "loss": "wasserstein", "penalty_every": 2},
    # With a mean over other pixels than the trusted ones, and changes that are drawn beside the crops.
    "adversarial_adaptive": {"reblur_weight": 0.1, "adaptive_target": 0.0, "adaptive_share": 0.2},
}
VIEW = Stretch("asinh", (0.1, 0.1), (0.02, 0.02))


def task_of(stage: str, steps: int, images: Path, team: Team) -> Restoration:
    section = stage.partition("_")[0]
    wanted = NAFNET | {section: NAFNET.get(section, NAFNET["adversarial"]) | {"steps": steps, "batch": 4}}
    settings = made_study({"net": wanted}).networks["net"]
    source = degrader(images, [Region("field0", Window(0, 0, 120, 130))])
    torch.manual_seed(0)
    module: nn.Module = build_network(settings.model_dump(), 2, 2)
    watched = source.batch("watched", count=2, crop=32)
    shared = {
        "degrader": source,
        "watched": watched,
        "address": (0, "net", 0),
        "span": torch.ones(2),
        "scaling": SCALING,
        "team": team,
    }
    if stage == "regression":
        return RegressionTask(module, settings.regression, **shared)
    if stage == "posterior":
        drawing = drawing_network(module.state_dict(), settings.model_dump(), 2, 2)
        return PosteriorTask(drawing, settings.posterior, VIEW, **shared)
    return AdversarialTask(module, settings.adversarial.model_copy(update=VARIANTS[stage]), VIEW, **shared)


def main(images: str, folder: str, stages: str, devices: str, killed_at: str = "") -> None:
    """Train each of some stages, ``regression:50,adversarial:12``, in a folder of its own."""
    use_threads(1)
    fabric = fabric_for(Training(devices=int(devices), accelerator="cpu"))
    for stage, _, steps in (part.partition(":") for part in stages.split(",")):
        task = task_of(stage, int(steps), Path(images), Team(fabric.global_rank, fabric.world_size))
        train_in(Path(folder, stage), task, fabric, killed_at)
    fabric.barrier()  # who waits for the first process finds what the others have written


def train_in(place: Path, task: Restoration, fabric: Fabric, killed_at: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    true_batch = task.batch

    def batch(step):
        if step == int(killed_at or -1):
            os.kill(os.getpid(), signal.SIGKILL)
        return true_batch(step)

    task.batch = batch
    module, history = train(task, LOOP, fabric, place / "work", place / "board")
    sums = {name: value.double().abs().sum().item() for name, value in module.state_dict().items()}
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
    (place / f"process{fabric.global_rank}.json").write_text(json.dumps({"history": rows, "sums": sums}))


if __name__ == "__main__":
    main(*sys.argv[1:])
