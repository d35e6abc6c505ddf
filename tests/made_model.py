"""A model file with a full card and an untrained network, for tests of what is done with models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from astropy.io import fits
from made_spectrum import made_preparation
from scipy.ndimage import gaussian_filter

from pipeline.config import Nafnet
from pipeline.model_file import write_model
from pipeline.networks.build import build_network
from pipeline.physics.psf import draw_psf
from pipeline.stretch import Stretch

BANDS, UNIT, NOISE, FWHM, PIXEL_SCALE = ("g", "r", "i"), "nanomaggy", 0.05, 3.0, 0.2
SETTINGS = Nafnet(width=4, encoder_blocks=[1, 1], decoder_blocks=[1, 1])


def make_card(bands: tuple[str, ...] = BANDS, **changes: Any) -> dict[str, Any]:
    """What `train` writes of a network for one PSF and one noise level."""
    sky = (0.0,) * len(bands)
    stretch = Stretch("asinh", sky, (3 * NOISE,) * len(bands))
    preparation = made_preparation(stretch, (0.16,) * len(bands))
    return {
        "network": "nafnet",
        "output": "faithful",
        "settings": SETTINGS.model_dump(mode="json"),
        "preparation": preparation.to_dict(),
        "bands": list(bands),
        "unit": UNIT,
        "pixel_scale": PIXEL_SCALE,
        "range": {"fwhm_px": [3.0, 4.0], "r80_px": [2.12, 2.85]} | {f"sigma_{band}": [NOISE, NOISE] for band in bands},
        "brightest": [1e4] * len(bands),
        "psf": draw_psf("gaussian", FWHM).expand(len(bands), -1, -1).tolist(),
        "psf_error": 0.0,
        "instrument": {
            "protocol": "physical",
            "psf": {"profile": "gaussian", "beta": 2.5, "obscuration": 0.0},
            "noise": {"kind": "gaussian"},
        },
        "reading": {
            **{"science": None, "noise": None, "noise_kind": "sigma", "mask": None, "mask_bits": None},
            **{"unit": None, "background": "none", "background_box": 64},
        },
        "learned_from": "simulation",
        "study": "made",
        "fold": "final",
        "seed": 0,
        "versions": {"clearfield": "0", "torch": "2", "python": "3"},
        "data_hash": "0" * 64,
        **changes,
    }


def make_model(path: Path, bands: tuple[str, ...] = BANDS, wild: float = 0.03, **changes: Any) -> Path:
    """Write a model whose network does something to every input, though it has learned nothing.

    The larger ``wild``, the more; at 0 the result is the Wiener estimate.
    """
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(SETTINGS.model_dump(), len(bands), 2)
        tensors = {
            name: wild * torch.randn_like(tensor) + tensor * (wild > 0 or not name.startswith("last"))
            for name, tensor in network.state_dict().items()
        }
    write_model(path, tensors, make_card(bands, **changes))
    return path


def make_sky(
    height: int = 90, width: int = 110, bands: int = 3, noise: float = NOISE, sources: int | None = None
) -> np.ndarray:
    """Sources blurred by a Gaussian of 3 px and buried in noise, shape (C, H, W), float32."""
    random = np.random.default_rng(5)
    scene = np.zeros((bands, height, width))
    for _ in range(height * width // 600 + 1 if sources is None else sources):
        scene[:, random.integers(height), random.integers(width)] = random.uniform(5, 40)
    blurred = gaussian_filter(scene, (0, FWHM / 2.3548, FWHM / 2.3548))
    return (blurred + noise * random.standard_normal(blurred.shape)).astype(np.float32)


def make_header(bands: tuple[str, ...] = BANDS, unit: str = UNIT, scale: float = PIXEL_SCALE) -> fits.Header:
    """A rotated tangential projection, bands and unit."""
    header = fits.Header()
    cos, sin = np.cos(0.3) * scale / 3600, np.sin(0.3) * scale / 3600
    for name, value in {
        **{"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg"},
        **{"CRVAL1": 150.1192875, "CRVAL2": 2.2058261, "CRPIX1": 40.25, "CRPIX2": 51.75},
        **{"CD1_1": -cos, "CD1_2": sin, "CD2_1": sin, "CD2_2": cos},
        **{"BUNIT": unit, "TELESCOP": "Test 1 m", "EXPTIME": 42.5},
    }.items():
        header[name] = value
    for number, band in enumerate(bands, 1):
        header[f"BAND{number}"] = band
    return header


def make_fits(path: Path, pixels: np.ndarray | None = None, header: fits.Header | None = None) -> Path:
    """Write an image that the model of :func:`make_model` takes."""
    pixels = make_sky() if pixels is None else pixels
    fits.writeto(
        path, pixels[0] if len(pixels) == 1 else pixels, make_header() if header is None else header, overwrite=True
    )
    return path
