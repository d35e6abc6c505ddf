"""The average head of 152 people in magnetic resonance (T1) that nilearn ships: 197 x 233 x 189 voxels of 1 mm."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Images
from pipeline.datasets.dataset import Dataset
from pipeline.datasets.volumes import volumes_of


def mni152(settings: Images) -> Dataset:
    """Slices of the MNI152 2009 template (Fonov et al. 2011, NeuroImage 54, 313). No network is needed."""
    from nilearn.datasets.struct import MNI152_FILE_PATH  # here, since it takes seconds

    return volumes_of({"mni152": Path(MNI152_FILE_PATH)}, settings)
