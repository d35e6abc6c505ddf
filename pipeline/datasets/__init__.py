"""Names that a study can ingest."""

from __future__ import annotations

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset, DatasetError
from pipeline.datasets.folder import folder
from pipeline.datasets.hubble import hubble

__all__ = ["DATASETS", "Dataset", "DatasetError", "open_dataset"]

DATASETS = {"hubble": hubble, "folder": folder}


def open_dataset(settings: Images) -> Dataset:
    """The images that a study names, read one at a time as they are iterated over.

    Parameters
    ----------
    settings : Images
        The dataset, where it lies and how its files are read.

    Raises
    ------
    DatasetError
        If there is nothing to read, or files or groups are missing. What is wrong inside a file shows when it is read.
    """
    return DATASETS[settings.dataset](settings)
