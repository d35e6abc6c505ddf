"""The conditions of a study: every PSF with every noise level, or every scan, each by its name."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from pipeline.config.ct import Ct
from pipeline.config.degrade import Degrade, Noise, Psf
from pipeline.config.mri import Mri
from pipeline.config.settings import Settings
from pipeline.config.width import plain_number


class Condition(Settings):
    """One PSF with one noise level: one column of the study."""

    name: str
    psf: Psf
    noise: Noise

    @property
    def in_degrade(self) -> dict[str, Settings]:
        """The settings of `degrade` that make this the only condition."""
        return {"psf": self.psf, "noise": self.noise}


class ScanCondition(Settings):
    """One scan of slices: one column of a study of a scanner."""

    name: str
    scan: Ct | Mri

    @property
    def in_words(self) -> str:
        """What the scan is like."""
        return self.scan.in_words

    @property
    def in_degrade(self) -> dict[str, Settings]:
        """The settings of `degrade` that make this the only condition."""
        return {type(self.scan).__name__.lower(): self.scan}


def conditions_of(degrade: Degrade) -> list[Condition | ScanCondition]:
    """Every PSF with every noise level, or every scan, in the order of the configuration, named as it says."""
    if degrade.scan is not None:
        scans = degrade.scan.one_by_one()
        names = degrade.names or [scan.name for scan in scans]
        return [ScanCondition(name=name, scan=scan) for name, scan in zip(names, scans)]
    cells = grid(degrade)
    names = degrade.names or ["_".join(filter(None, (_psf_name(psf), _noise_name(noise)))) for psf, noise in cells]
    return [Condition(name=name, psf=psf, noise=noise) for name, (psf, noise) in zip(names, cells)]


def grid(degrade: Degrade) -> list[tuple[Psf, Noise]]:
    """Every PSF of one width with every noise of one level, PSF outside, noise inside."""
    psf, noise = degrade.psf, degrade.noise
    return list(
        itertools.product(_one_by_one(psf, ("fwhm", "fwhm_final")), _one_by_one(noise, ("sigma", "ratio", "gain")))
    )


def _one_by_one(settings: Any, axes: tuple[str, ...]) -> list[Any]:
    for axis in axes:
        values = getattr(settings, axis)
        if values is not None:
            return [settings.model_copy(update={axis: [value]}) for value in values]
    return [settings]


def _psf_name(psf: Psf) -> str:
    widths = psf.fwhm or psf.fwhm_final
    # The name of a condition becomes the name of a file: only what is safe in one is taken over.
    return f"fwhm{widths[0]}" if widths else "psf" + re.sub(r"[^A-Za-z0-9_.]+", "_", Path(psf.file or "").stem)


def _noise_name(noise: Noise) -> str:
    for axis in ("sigma", "ratio", "gain"):
        values = getattr(noise, axis)
        if values:
            return f"{axis}{plain_number(values[0])}"
    return ""
