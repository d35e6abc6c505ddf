"""Small slices and studies of a scanner, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_spectrum import made_preparation
from made_training import NAFNET
from scipy.ndimage import gaussian_filter
from torch import Tensor

from pipeline.config import Study, study_from
from pipeline.image import Image
from pipeline.networks.preparation import Preparation
from pipeline.physics.noise import addressed_generator
from pipeline.physics.operator import Operator
from pipeline.physics.scanners import scanner_for
from pipeline.store import write_images
from pipeline.stretch import Stretch
from pipeline.tiling import whole
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes
from pipeline.training.slices import Slices

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
    return write_each(path, [slice_of(seed, **size) for seed in range(count)])


def write_each(path: Path, slices: Sequence[Image]) -> Path:
    """A file of some slices."""
    with write_images(path, data_range=1000.0, sky=[0.0], sky_sigma=[0.0]) as images:
        for one in slices:
            images.append(one)
    return path


def slices_of(
    folder: Path,
    degrade: dict[str, Any],
    sizes: Sequence[tuple[int, int]],
    widths: Sequence[float] = (),
    light: Callable[[int, int], float] | None = None,
) -> Slices:
    """Slices of some sizes in a scanner, with pixels of 4 mm or as wide as said, maybe each of one value."""
    pictures = {f"s{k}": slice_of(k, *size) for k, size in enumerate(sizes)}
    for picture, width in zip(list(pictures.values()), widths):
        pictures[picture.id] = replace(picture, pixel_mm=width)
    for picture in list(pictures.values()) if light else ():
        pictures[picture.id] = picture.with_pixels(np.full_like(picture.pixels, light(*picture.shape[1:])))
    images = write_each(folder / "images.h5", list(pictures.values()))
    scenes = Scenes(images, [Region(name, whole(*size)) for name, size in zip(pictures, sizes)])
    return Slices(scenes, scanned_study(degrade).degrade.scan, pictures)


def preparation_for(slices: Slices) -> Preparation:
    """How a network may see scans of them."""
    stretch = Stretch("linear", (0.0,), (1000.0,))
    return made_preparation(stretch, (1e5,), slices.kinds[0].scanner.descriptors)


def measured(degrade: dict[str, Any], seed: int = 0) -> tuple[Operator, Tensor, Tensor, Tensor]:
    """The scanner of the last condition, a slice, its data and their noise."""
    scan, truth = scanned_study(degrade).degrade.scan, slice_of(seed)
    operator = scanner_for(scan, truth).of(scan.one_by_one()[-1], 0)
    scene = torch.from_numpy(truth.pixels)[None]
    data = operator.noise.draw(operator.forward(scene), [addressed_generator("scanned", seed)])
    return operator, scene, data, operator.noise.told_sigma(data)
