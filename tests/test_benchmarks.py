import json
from importlib import import_module
from pathlib import Path

import pytest
import torch

from benchmarks import device, memory
from benchmarks import record as record_module
from benchmarks.__main__ import NAMES, main
from benchmarks.record import missed, record
from pipeline.config import load_study
from pipeline.steps.ingest import ingest
from pipeline.steps.split import split


@pytest.fixture(autouse=True)
def _own_results(tmp_path, monkeypatch):
    monkeypatch.setattr(record_module, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(record_module, "_missed", [])


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_can_be_run_and_says_what_it_measures(name):
    benchmark = import_module(f"benchmarks.{name}")
    assert benchmark.__doc__
    assert callable(benchmark.run)


def test_a_figure_is_printed_with_its_bound_and_kept(tmp_path, capsys):
    record("half_hour/gain/fwhm3px", 2.05, ">= 2.0", "dB")
    record("memory/nafnet", 812.0, unit="MiB")
    assert capsys.readouterr().out == "half_hour/gain/fwhm3px: 2.05 dB (>= 2.0)\nmemory/nafnet: 812 MiB\n"
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept["half_hour/gain/fwhm3px"]["holds"] is True
    assert kept["memory/nafnet"]["holds"] is None
    assert not missed()


def test_a_missed_bound_is_said_and_remembered(tmp_path, capsys):
    record("equal_time/gain", 0.7, ">= 1.0", "dB")
    assert "(>= 1.0, MISSED)" in capsys.readouterr().out
    assert missed() == ["equal_time/gain"]
    assert json.loads((tmp_path / "results.json").read_text())["equal_time/gain"]["holds"] is False


def test_a_figure_that_is_no_number_misses_its_bound():
    record("equal_time/gain", float("nan"), ">= 1.0", "dB")
    assert missed() == ["equal_time/gain"]


def test_an_unknown_benchmark_is_refused_in_words(capsys):
    assert main(["halfhour"]) == 2
    assert "halfhour: no such benchmark; take memory, " in capsys.readouterr().err


def test_memory_is_that_of_the_step():
    settings, bands, (crop, *_), batch = memory.CASES["unrolled"]
    peak = memory.peak_in_a_process(settings, bands, crop, batch)
    # At least the values of one layer at full resolution, and less than the machine.
    assert 4 * crop**2 * batch * settings.width < peak < 2**33


def test_without_a_gpu_nothing_is_said_of_its_speed(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device.run()
    assert capsys.readouterr().out == "device: not measured, for there is no GPU here\n"
    assert not record_module.RESULTS.exists()


def test_the_speed_of_training_is_measured_on_whatever_it_is_trained_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(device, "FAST", {"precision": "bf16"})
    study = load_study(Path(__file__).parents[1] / device.DEMO)
    ingest(study, tmp_path / "images.h5")
    split(tmp_path / "images.h5", study, tmp_path / "splits.csv")
    size = device.Size(batch=2, crop=32, steps=2, pix2pix_steps=2, nafnet_steps=2)
    device.measure(study, tmp_path / "images.h5", tmp_path / "splits.csv", size)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].removeprefix("device/") for line in lines] == [
        "networks_share_of_a_step",
        "speed_over_plain_float32",
        "crops_per_second",
        "time_to_the_score_of_pix2pix",
    ]
