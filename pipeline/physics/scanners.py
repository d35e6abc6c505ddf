"""The scanner that a section of a study describes."""

from __future__ import annotations

from pipeline.config import Ct, Mri, Scan
from pipeline.image import Image
from pipeline.physics.ct_scanner import CtScanner
from pipeline.physics.mri_scanner import MriScanner
from pipeline.physics.scanner import Scanner

SCANNERS: dict[type[Scan], type[Scanner]] = {Ct: CtScanner, Mri: MriScanner}


def scanner_for(settings: Scan, slice: Image) -> Scanner:
    """The scanner for slices of some size; see :class:`~pipeline.physics.scanner.Scanner`."""
    return SCANNERS[type(settings)](settings, slice)
