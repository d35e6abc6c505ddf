"""Small slices and studies of a scanner, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from made_training import NAFNET
from scipy.ndimage import gaussian_filter

from pipeline.config import Study, study_from
from pipeline.image import Image
from pipeline.store import write_images

CT: dict[str, Any] = {"ct": {"dose": [0.5, 0.1], "views": [48], "photons": 1e5, "electronic": 5, "noisy_source": False}}
MRI: dict[str, Any] = {"mri": {"acceleration": [2, 3], "sigma": [10, 40], "calibration": 6}}


def scanned_study(degrade: dict[str, Any], **sections: Any) -> Study:
    """A study of slices in a scanner."""
    return study_from(
        {
            "study": "scans",
            "threads": 1,
            "images": {"dataset": "folder", "path": "{id}.fits", "unit": "HU", "pixel_mm": 4.0, "smallest": 32},
            "split": {"folds": 2},
            "degrade": degrade,
            "train": {"stretch": "linear", "validate_every": 2, "checkpoint_every": 1, "ema": 0.9},
            "restore": {"data_consistency": False},
            "networks": {"net": NAFNET},
            **sections,
        }
    )


def slice_of(seed: int, height: int = 48, width: int = 48) -> Image:
    """A soft body with an organ or two, values from 0 in air to about 1000."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    plane = 1000.0 * (((y - height / 2) / (0.4 * height)) ** 2 + ((x - width / 2) / (0.4 * width)) ** 2 < 1)
    for _ in range(3):
        row, column = random.uniform(0.35, 0.65, 2) * (height, width)
        plane += random.uniform(-300, 300) * ((y - row) ** 2 + (x - column) ** 2 < 16) * (plane > 0)
    pixels = gaussian_filter(plane, 1.0)[None].astype(np.float32)
    return Image(f"s{seed}", pixels, np.zeros(pixels.shape, bool), "HU", ("ct",), f"s{seed}", pixel_mm=4.0)


def write_slices(path: Path, count: int = 8, **size: int) -> Path:
    """A file of slices, a group each."""
    with write_images(path, data_range=1000.0, sky=[0.0], sky_sigma=[0.0]) as images:
        for seed in range(count):
            images.append(slice_of(seed, **size))
    return path
