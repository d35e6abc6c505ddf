"""Names that a study can ingest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.folder import folder
from pipeline.datasets.head_phantom import head_phantom
from pipeline.datasets.hubble import hubble
from pipeline.datasets.mni152 import mni152
from pipeline.datasets.simulated_survey import simulated_survey
from pipeline.datasets.volumes import volumes

__all__ = ["DATASETS", "Dataset", "DatasetError", "open_dataset"]

DATASETS: dict[str, Any] = {
    "hubble": hubble,
    "folder": folder,
    "simulated_survey": simulated_survey,
    "head_phantom": head_phantom,
    "mni152": mni152,
    "volumes": volumes,
}


def open_dataset(settings: Images, seed: int = 0, rendered: Path | None = None) -> Dataset:
    """The images that a study names, read one at a time as they are iterated over.

    Parameters
    ----------
    settings : Images
        The dataset, where it lies and how its files are read.
    seed : int
        From which a dataset that is made follows.
    rendered : Path, optional
        Folder in which a dataset that is made lies already.

    Raises
    ------
    DatasetError, SurveyError
        If there is nothing to read, or files or groups are missing. What is wrong inside a file shows when it is read.
    """
    if settings.dataset == "simulated_survey":
        return simulated_survey(settings, seed, rendered)
    if settings.dataset == "head_phantom":
        return head_phantom(settings, seed)
    return DATASETS[settings.dataset](settings)
