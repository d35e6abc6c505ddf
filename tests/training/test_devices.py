import pytest
import torch

from pipeline.config import Training
from pipeline.training import devices
from pipeline.training.devices import fabric_for
from pipeline.training.task import TrainingError


def test_one_process_on_the_cpu_works_in_full_precision_and_starts_no_other():
    fabric = fabric_for(Training(accelerator="cpu"))
    assert (fabric.device.type, fabric.world_size, fabric.global_rank) == ("cpu", 1, 0)
    with fabric.autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32


def test_half_precision_is_taken_where_it_is_asked_for():
    with fabric_for(Training(accelerator="cpu", precision="bf16")).autocast():
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16


@pytest.mark.parametrize("there", [True, False])
def test_a_processor_without_half_precision_is_told_of_once(monkeypatch, caplog, there):
    monkeypatch.setattr(devices, "_processor_has_bf16", lambda: there)
    fabric_for(Training(accelerator="cpu", precision="bf16"))
    fabric_for(Training(accelerator="cpu", precision="float32"))
    assert caplog.text.count("which this processor lacks") == (not there)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_missed_in_one_line():
    with pytest.raises(TrainingError, match=r"train\.accelerator is gpu, and no GPU is to be found"):
        fabric_for(Training(accelerator="gpu"))


def test_more_gpus_than_there_are_are_missed_in_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(TrainingError, match=r"train\.devices is 4; 1 is the number of GPUs"):
        fabric_for(Training(devices=4, precision="float32"))


def test_a_missing_compiler_is_named_before_training_starts(monkeypatch):
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    with pytest.raises(TrainingError, match=r"train\.compile is true, and there is no C\+\+ compiler"):
        fabric_for(Training(compile=True, accelerator="cpu"))


def test_what_fabric_run_was_given_comes_before_the_settings(monkeypatch):
    for name, value in {"LT_CLI_USED": "1", "LT_DEVICES": "1", "LT_ACCELERATOR": "cpu"}.items():
        monkeypatch.setenv(name, value)
    fabric = fabric_for(Training(devices=4, accelerator="gpu") if torch.cuda.is_available() else Training(devices=4))
    assert (fabric.device.type, fabric.world_size) == ("cpu", 1)
