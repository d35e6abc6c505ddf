"""What a study was run with: versions, machine, threads, seed and every setting."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pipeline
from pipeline.config import Study

PACKAGES = (
    "torch", "numpy", "scipy", "pandas", "h5py", "astropy", "galsim", "sep", "photutils", "scikit-image",
    "lightning-fabric", "torchmetrics", "safetensors", "snakemake", "pydantic", "matplotlib",
)  # fmt: skip
"""Packages on which numbers or pictures depend."""


WITHHELD = "withheld"
"""In the place of a path to files of patients."""


def provenance(study: Study) -> dict[str, Any]:
    """Everything that is needed to run the study again, as plain values."""
    return {
        "clearfield": pipeline.__version__,
        "commit": _commit(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "accelerators": _accelerators(),
        "threads": study.threads,
        "seed": study.seed,
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "study": _settings(study),
    }


def _settings(study: Study) -> dict[str, Any]:
    """Every setting, but for where volumes lie: names of folders may be those of people."""
    values = study.model_dump(mode="json", exclude_none=True)
    if study.images.dataset == "volumes":
        held_back = {name: WITHHELD for name in ("path", "groups") if values["images"].get(name)}
        key = {"key": WITHHELD} if values["images"]["volumes"].get("key") else {}
        values["images"] |= held_back | {"volumes": values["images"]["volumes"] | key}
    return values


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    # Of the checkout that holds the code; an installed wheel lies in none of ours.
    root = Path(pipeline.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "pipeline")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit[:12]} with local changes" if changed.strip() else commit[:12]


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=20
    ).stdout


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _accelerators() -> list[str]:
    # Imported here: torch takes seconds to load, and the rest of the report can do without it.
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
