"""NIfTI, the files of brain imaging: volumes in with affine and scaling; results out on the same grid."""

from pipeline.formats.nifti.file import NiftiSizeError, UnpackedSizeError, VoxelTypeError
from pipeline.formats.nifti.identity import FACE, identifying_fields
from pipeline.formats.nifti.read import NotThreeDError, open_nifti, read_nifti
from pipeline.formats.nifti.write import write_nifti

__all__ = [
    "FACE",
    "NiftiSizeError",
    "NotThreeDError",
    "UnpackedSizeError",
    "VoxelTypeError",
    "identifying_fields",
    "open_nifti",
    "read_nifti",
    "write_nifti",
]
