"""A slice of a drawn head as computed tomography would have it without noise."""

from __future__ import annotations

from pipeline.datasets.head_phantom.anatomy import Head
from pipeline.datasets.head_phantom.tissues import Section, Tissue, seen_by_scanner
from pipeline.image import Pixels
from pipeline.physics.hounsfield import AIR_HU

FAT, SKIN, BONE, MARROW, FLUID, WHITE, GREY, EYE = -90.0, 45.0, 1250.0, 450.0, 8.0, 27.0, 38.0, 15.0
"""Hounsfield units (Kalender 2011, Computed Tomography, table 1.1, within what is found)."""


def hounsfield_units(head: Head, seen: Section) -> Pixels:
    """A slice, shape (H, W), in HU."""
    soft, brain, bone = head.texture
    values = seen.values(
        {
            Tissue.AIR: AIR_HU,
            Tissue.SKIN: SKIN,
            Tissue.FAT: FAT + soft * seen.fine,
            Tissue.BONE: BONE + bone * seen.fine,
            Tissue.MARROW: MARROW + 2 * bone * seen.fine,
            Tissue.FLUID: FLUID,
            Tissue.GREY: GREY + brain * seen.coarse,
            Tissue.WHITE: WHITE + brain * seen.coarse,
            Tissue.NUCLEUS: GREY,
            Tissue.ORBIT: FAT,
            Tissue.EYE: EYE,
        }
    )
    for lesion, where in seen.lesions:
        values[where] += lesion.contrast
    return seen_by_scanner(values)
