"""A study that is run for a benchmark, and its tables."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from pipeline.config import Study, load_study

STUDIES = Path(__file__).with_name("studies")


@dataclass(frozen=True)
class Finished:
    """The results of a study that has run to its end."""

    study: Study

    @property
    def folder(self) -> Path:
        """Where the results lie."""
        return Path("results", self.study.study)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Rows of ``summary.csv`` in linear space, by condition, method and metric."""
        table = pd.read_csv(self.folder / "summary.csv")
        return table[table["space"] == "linear"].set_index(["condition", "method", "metric"])

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """``metrics.csv`` in linear space."""
        table = pd.read_csv(self.folder / "metrics.csv")
        return table[table["space"] == "linear"]

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions, in the order of the study."""
        return [condition.name for condition in self.study.conditions]

    def reference(self, condition: str) -> str:
        """The classical method that was best on the tune role."""
        return str(self.summary.loc[condition]["reference"].iloc[0])

    def paired(self, condition: str, method: str, other: str, metric: str = "psnr") -> pd.Series:
        """Difference of two methods, item by item."""
        table = self.metrics[(self.metrics["condition"] == condition) & (self.metrics["metric"] == metric)]
        wide = table.pivot_table(index="item", columns="method", values="value")
        return wide[method] - wide[other]

    def training_seconds(self, model: str, stages: tuple[str, ...] = ()) -> dict[str, float]:
        """Time that training took, by fold, over all stages or those that are named."""
        found = {}
        for path in sorted((self.folder / "models" / model).glob("fold*/history.csv")):
            table = pd.read_csv(path)
            chosen = table[table["stage"].isin(stages)] if stages else table
            found[path.parent.name] = float(chosen.groupby(["stage", "start"])["seconds"].max().sum())
        return found


def finished(config: Path, *targets: str) -> Finished:
    """Run a study, or what is left of it, on all cores; by default what `all` names."""
    subprocess.run([sys.executable, "-m", "snakemake", *targets, "--configfile", str(config)], check=True)
    return Finished(load_study(config))


def ingredients(config: Path) -> tuple[Path, Path]:
    """The images of a study and its splits, made if they are missing."""
    folder = Path("results", load_study(config).study)
    images, splits = folder / "images.h5", folder / "splits.csv"
    if images.is_file() and splits.is_file():  # carried to a machine that has no Snakemake, perhaps
        return images, splits
    command = [sys.executable, "-m", "snakemake", "--configfile", str(config), "--", str(images), str(splits)]
    subprocess.run(command, check=True)
    return images, splits
