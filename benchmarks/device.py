"""Training on a GPU: the networks' own share of a step, the gain by bf16 and compilation, the time to pix2pix's score.

Absolute times are printed with the name of the GPU; without one, nothing is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.record import record
from benchmarks.study import ingredients
from pipeline.config import Nafnet, Pix2pix, Regression, Study, load_study
from pipeline.splits import read_splits
from pipeline.steps.training_material import TrainingMaterial
from pipeline.training.degradation import UNCHANGED, Batch
from pipeline.training.devices import fabric_for
from pipeline.training.loop import LoopSettings
from pipeline.training.loop import train as train_task
from pipeline.training.pix2pix_task import Pix2pixTask
from pipeline.training.restoration import RegressionTask
from pipeline.training.task import Task

DEMO = Path("config/config.yaml")
FOLD, SEED = 0, 0
FAST = {"precision": "bf16", "compile": True}
PLAIN = {"precision": "float32", "compile": False}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    batch: int = 32
    crop: int = 128
    steps: int = 200
    pix2pix_steps: int = 20_000
    nafnet_steps: int = 4_000


def run() -> None:
    """90% of a step is the networks' own; bf16 compiled is twice as fast; pix2pix is reached in a fifth of its time."""
    if not torch.cuda.is_available():
        print("device: not measured, for there is no GPU here")
        return
    measure(load_study(DEMO), *ingredients(DEMO), Size())


def measure(study: Study, images: Path, splits: Path, size: Size) -> None:
    """Record all figures, on whatever device the study trains on."""
    demo = _Demo(study, images, splits, size)
    drawn, fixed = demo.seconds_per_step(FAST), demo.seconds_per_step(FAST, fixed=True)
    plain = demo.seconds_per_step(PLAIN, fixed=True, memory_format=torch.contiguous_format)
    record("device/networks_share_of_a_step", fixed / drawn, ">= 0.9")
    record("device/speed_over_plain_float32", plain / fixed, ">= 2.0")
    record("device/crops_per_second", size.batch / drawn, unit="crops/s")
    record("device/time_to_the_score_of_pix2pix", demo.time_to_the_score_of_pix2pix(), "<= 0.2")


class _FixedBatch(RegressionTask):
    """The networks' own work and nothing else: the first batch for ever."""

    _first: Batch | None = None

    def batch(self, step: int) -> Batch:
        self._first = self._first or super().batch(step)
        return self._first


@dataclass(frozen=True)
class _Demo:
    """The training of one fold, in whatever precision is asked for."""

    study: Study
    images: Path
    splits: Path
    size: Size

    def seconds_per_step(
        self,
        arithmetic: dict[str, Any],
        fixed: bool = False,
        memory_format: torch.memory_format = torch.channels_last,
    ) -> float:
        """Mean time of a step after as many steps to warm up."""
        size, task_of = self.size, _FixedBatch if fixed else RegressionTask
        settings = Nafnet(regression=Regression(steps=2 * size.steps, batch=size.batch, crop=size.crop))
        with self._material(arithmetic) as (material, trained):
            network = material.network(settings)
            network.to(memory_format=memory_format)  # type: ignore[call-overload]  # torch's types lack it
            shared = material.shared((SEED, "nafnet", FOLD), network)
            degrader = material.degrader(self.study.train.augmentation)
            rows = trained(task_of(network, settings.regression, degrader=degrader, **shared), size.steps)
        first, last = (row["seconds"] for row in rows)
        return (last - first) / size.steps

    def time_to_the_score_of_pix2pix(self) -> float:
        """Time after which `nafnet` is as good as pix2pix in the end, over pix2pix's; infinite if it never is."""
        wide = Pix2pix(steps=self.size.pix2pix_steps, crop=self.size.crop)
        with self._material({}) as (material, trained):
            network = material.network(wide)
            shared = material.shared((SEED, "pix2pix", FOLD), network)
            bands, degrader = len(material.bands), material.degrader(UNCHANGED)
            theirs = trained(Pix2pixTask(network, wide, bands, degrader=degrader, **shared), wide.steps)[-1]
            narrow = Nafnet(regression=Regression(steps=self.size.nafnet_steps))
            # Watched on the same crops: what is shared was drawn once.
            task = RegressionTask(material.network(narrow), narrow.regression, degrader=degrader, **shared)
            ours = trained(task, max(self.size.nafnet_steps // 40, 1))
        reached = [row["seconds"] for row in ours if row["validation_psnr"] >= theirs["validation_psnr"]]
        return reached[0] / theirs["seconds"] if reached else float("inf")

    @contextmanager
    def _material(self, arithmetic: dict[str, Any]) -> Iterator[tuple[TrainingMaterial, Callable[[Task, int], Rows]]]:
        """What is trained on, and what trains a task and looks at it every so many steps."""
        settings = self.study.train.model_copy(update=arithmetic)
        fabric = fabric_for(settings)

        def trained(task: Task, every: int) -> Rows:
            loop = LoopSettings(every, task.steps, settings.ema, settings.clip, settings.compile)
            with tempfile.TemporaryDirectory() as folder:
                return train_task(task, loop, fabric, Path(folder, "work"), Path(folder, "board"))[1]

        items = read_splits(self.splits)
        with TrainingMaterial(self.images, items, self.study, FOLD, fabric.device) as material:
            yield material, trained
