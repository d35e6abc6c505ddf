"""Small skies and studies, so that tests can train and restore in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from made_spectrum import made_preparation
from scipy.ndimage import gaussian_filter

from pipeline.config import Augment, Study, study_from
from pipeline.display import Scaling
from pipeline.image import Image
from pipeline.networks.inputs import RestorationInput
from pipeline.store import write_images
from pipeline.stretch import Stretch
from pipeline.training.degradation import UNCHANGED, Degrader
from pipeline.training.instruments import Instruments
from pipeline.training.regions import Region
from pipeline.training.scenes import Scenes

CPU = torch.device("cpu")
SKY, SKY_SIGMA, NOISE = 0.1, 0.01, 0.05
SCALING = Scaling("display", ("r", "g"), [SKY] * 2, [SKY_SIGMA] * 2, 1.0)
"""How pictures of such skies are shown."""

NAFNET: dict[str, Any] = {
    "architecture": "nafnet",
    "width": 4,
    "encoder_blocks": [1],
    "decoder_blocks": [1],
    "regression": {"steps": 6, "batch": 2, "crop": 16},
    "adversarial": {"steps": 4, "batch": 2, "crop": 32, "base_channels": 4},
    "spread": {"steps": 0},
}
LINEAR: dict[str, Any] = {"dataset": "folder", "path": "{id}.fits", "unit": "nanomaggy"}
"""Images in which photons can be counted, where a test writes them itself."""
PIX2PIX: dict[str, Any] = {"architecture": "pix2pix", "base_channels": 4, "crop": 32, "batch": 2, "steps": 6}


def made_study(networks: dict[str, Any] | None = None, **sections: Any) -> Study:
    """A study of display images with one or two narrow PSFs; sections of the configuration replace these."""
    return study_from(
        {
            "study": "made",
            "threads": 1,
            "split": {"folds": 2, "block": 80},
            "degrade": {"psf": {"fwhm": ["2px", "3px"]}, "noise": {"sigma": [NOISE]}},
            "train": {"stretch": "linear", "validate_every": 2, "checkpoint_every": 1, "ema": 0.9},
            "networks": {"net": NAFNET} if networks is None else networks,
            **sections,
        }
    )


def sky(height: int, width: int, bands: int = 2, seed: int = 0) -> np.ndarray:
    """Galaxies on a noisy sky, shape (bands, height, width)."""
    random = np.random.default_rng(seed)
    shape = (bands, height, width)
    points = (random.random(shape) < 1 / 800) * random.pareto(1.5, shape).clip(max=30) * 10
    light = gaussian_filter(points, (0, 1.5, 1.5))
    return (SKY + light + SKY_SIGMA * random.standard_normal(shape)).astype(np.float32)


def write_sky(path: Path, *skies: np.ndarray, masks: dict[int, np.ndarray] | None = None, **fields: Any) -> Path:
    """Write images called ``field0``, ``field1``, ..., each a group of its own."""
    with write_images(path) as writer:
        for index, pixels in enumerate(skies):
            mask = (masks or {}).get(index, np.zeros(pixels.shape, bool))
            bands = tuple("rgbiz"[: len(pixels)])
            given = {"unit": "display", "group": f"field{index}", **fields}
            writer.append(Image(f"field{index}", pixels, mask, bands=bands, **given))
    return path


def degrader(
    path: Path,
    regions: list[Region],
    study: Study | None = None,
    clipped: bool = False,
    augment: Augment = UNCHANGED,
    device: torch.device = CPU,
) -> Degrader:
    """A degrader of regions, with a stretch that changes nothing."""
    scenes = Scenes(path, regions, device)
    study = study or made_study()
    instruments = Instruments(study, scenes.bands, None, None, device)
    stretch = Stretch("linear", (0.0,) * scenes.bands, (1.0,) * scenes.bands)
    preparation = made_preparation(stretch, (0.01,) * scenes.bands, instruments.names)
    return Degrader(scenes, instruments, preparation, clipped, device, study.degrade.defects, augment)


def network_input(height: int, width: int, bands: int = 2, count: int = 1, seed: int = 0) -> RestorationInput:
    """What a network might see: random planes and two descriptors."""
    random = torch.Generator().manual_seed(seed)

    def planes(channels: int) -> torch.Tensor:
        return torch.randn(count, channels, height, width, generator=random)

    described = torch.rand(count, 2, generator=random)
    valid = torch.ones(count, bands, height, width)
    return RestorationInput(planes(bands), planes(bands), planes(bands).abs(), valid, described)


def awakened(module: torch.nn.Module, seed: int = 0, size: float = 0.3) -> torch.nn.Module:
    """The module with random weights throughout, so that no branch is closed."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=random))
    return module.eval()
