"""The scanner that a model was trained for, as its card has it."""

from __future__ import annotations

from typing import Any

from pipeline.config import Ct, Mri, Scan

SCANS: dict[str, type[Scan]] = {"ct": Ct, "mri": Mri}


def scan_of(card: dict[str, Any]) -> Scan | None:
    """The scanner, with the values of all conditions; None for a model of blurs."""
    for kind, settings in SCANS.items():
        if card["instrument"].get(kind):
            return settings.model_validate(card["instrument"][kind])
    return None


def example_of(scan: Scan) -> str:
    """What ``apply-volume --scan`` may be told: the first condition, as ``dose=0.25,views=180``."""
    return ",".join(f"{axis}={getattr(scan, axis)[0]:g}" for axis in scan.axes)


def range_of(scan: Scan) -> str:
    """What it was trained for, in words: ``dose 0.1 to 0.25, views 180``."""
    ends = {axis: (min(getattr(scan, axis)), max(getattr(scan, axis))) for axis in scan.axes}
    return ", ".join(f"{axis} {a:g}" if a == b else f"{axis} {a:g} to {b:g}" for axis, (a, b) in ends.items())
