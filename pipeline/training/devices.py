"""Where a training runs: on which devices, in how many processes, in which precision, compiled or not."""

from __future__ import annotations

import logging
import os
import shutil
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment

from pipeline.config import Training
from pipeline.training.task import TrainingError

log = logging.getLogger("clearfield")

COMPILERS = ("c++", "g++", "clang++")
Arithmetic = Literal["bf16-mixed", "32-true"]


def fabric_for(settings: Training) -> Fabric:
    """The devices of a training, with all its processes started.

    Under ``fabric run``, what is given to that command comes before the settings, and it has started the processes.

    Raises
    ------
    TrainingError
        If this machine lacks what the settings ask for.
    """
    # What Fabric says of its processes is of no use to anybody.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    if settings.compile and not _has_compiler():
        raise TrainingError(
            "train.compile is true, and there is no C++ compiler (g++, clang++, or the one that CXX names); install "
            "one, or set it to false"
        )
    on_gpu = _on_gpu(settings.accelerator)
    precision = _precision(settings.precision, on_gpu)
    if precision == "bf16-mixed" and not on_gpu and not _processor_has_bf16():
        log.warning(
            "train.precision: bf16, which this processor lacks: a step takes many times as long as in float32; take "
            "float32, or auto"
        )
    if os.environ.get("LT_CLI_USED") == "1":
        return Fabric(**_left_open(accelerator=settings.accelerator, precision=precision))
    gpus = torch.cuda.device_count()
    if on_gpu and settings.devices > gpus:
        raise TrainingError(f"train.devices is {settings.devices}; {gpus} is the number of GPUs that are to be found")
    fabric = Fabric(
        accelerator=settings.accelerator,
        strategy="ddp" if settings.devices > 1 else "auto",
        devices=settings.devices,
        precision=precision,
        # Processes of our own making, also where a cluster's scheduler started this one.
        plugins=[LightningEnvironment()],
    )
    if settings.devices > 1:
        fabric.launch()
    return fabric


def _left_open(**wanted: str) -> dict[str, Any]:
    """What the options of ``fabric run`` leave to the settings."""
    return {name: value for name, value in wanted.items() if f"LT_{name.upper()}" not in os.environ}


def _on_gpu(accelerator: str) -> bool:
    there = torch.cuda.is_available()
    if accelerator == "gpu" and not there and not torch.backends.mps.is_available():
        raise TrainingError("train.accelerator is gpu, and no GPU is to be found; take auto or cpu")
    return there and accelerator != "cpu"


def _precision(wanted: str, on_gpu: bool) -> Arithmetic:
    halves = on_gpu and torch.cuda.is_bf16_supported() if wanted == "auto" else wanted == "bf16"
    return "bf16-mixed" if halves else "32-true"


def _processor_has_bf16() -> bool:
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _has_compiler() -> bool:
    return any(map(shutil.which, [*filter(None, [os.environ.get("CXX")]), *COMPILERS]))
