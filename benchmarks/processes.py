"""Two processes that share each batch, over gloo, against one: the curves of their losses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

from benchmarks.record import record
from benchmarks.study import ingredients

STEPS = 50
WORK = Path("work", "bench_processes")


def run() -> None:
    """To 1e-4, relative, over 50 steps of the demo's first stage."""
    study = {"study": "bench_processes", "train": {"stretch": "linear"}, "publish": {"final": "fold0"}}
    base = _written("base", study)
    wanted = [str(path) for path in ingredients(Path(base))]
    histories = []
    for devices in (1, 2):
        training = {**study["train"], "devices": devices, "accelerator": "cpu", "validate_every": 1}
        stages = {"regression": {"steps": STEPS}, "adversarial": {"steps": 0}, "spread": {"steps": 0}}
        network = {"architecture": "nafnet", **stages}
        config = _written(f"{devices}", {**study, "threads": 1, "train": training, "networks": {"nafnet": network}})
        out = WORK / f"model{devices}"
        step = ["train", *wanted, "--network", "nafnet", "--fold", "fold0", "--config", config, "-o", str(out)]
        subprocess.run([sys.executable, "-m", "pipeline", *step], check=True)
        histories.append(pd.read_csv(out / "history.csv")["generator_total"])
    record(
        "processes/worst_difference_of_a_loss", ((histories[1] - histories[0]) / histories[0]).abs().max(), "<= 1e-4"
    )


def _written(name: str, study: dict[str, object]) -> str:
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / f"{name}.json"
    path.write_text(json.dumps(study))
    return str(path)
