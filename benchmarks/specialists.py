"""One network for a grid of three widths and three noise levels, against nine specialists."""

from __future__ import annotations

from benchmarks.record import record
from benchmarks.study import STUDIES, finished


def run() -> None:
    """Within 0.3 dB of the specialist in each cell, at a ninth of the training."""
    done = finished(STUDIES / "specialists.yaml")
    for condition in done.conditions:
        gap = done.paired(condition, "one_faithful", "each_faithful").mean()
        record(f"specialists/one_minus_specialist/{condition}", gap, ">= -0.3", "dB")
    one, each = (done.study.networks[name] for name in ("one", "each"))
    steps = one.regression.steps / (len(done.study.models_of("each")) * each.regression.steps)
    record("specialists/steps_of_one_over_all_specialists", steps, f"<= {1 / 9 + 1e-9}")
    seconds = sum(sum(done.training_seconds(model).values()) for model in done.study.models_of("each"))
    record("specialists/time_of_one_over_all_specialists", sum(done.training_seconds("one").values()) / seconds)
