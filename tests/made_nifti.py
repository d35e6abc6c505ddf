"""Small NIfTI files with known contents."""

import gzip

import nibabel as nib
import numpy as np

OBLIQUE = np.array([[-0.9, 0.1, 0.2, 80.1], [0.12, 1.1, -0.3, -70.3], [0.05, 0.2, 2.5, -33.7], [0, 0, 0, 1]])


def save_nifti(path, values=None, affine=OBLIQUE, kind=nib.Nifti1Image, dtype=np.int16, slope=None, intercept=0.0):
    """Save stored values, by default all different, shape (5, 4, 3) in NIfTI's order; return them."""
    if values is None:
        values = np.arange(60, dtype=dtype).reshape(5, 4, 3)
    image = kind(values, affine)
    image.header.set_xyzt_units("mm")
    data = bytearray(image.to_bytes())
    if slope is not None:
        header = type(image.header)(bytes(data[: image.header.sizeof_hdr]), check=False)
        header["scl_slope"], header["scl_inter"] = slope, intercept
        data[: image.header.sizeof_hdr] = header.binaryblock
    path.write_bytes(gzip.compress(bytes(data)) if path.suffix == ".gz" else bytes(data))
    return values


def patched(path, **fields):
    """Overwrite fields of the header of a plain file."""
    data = bytearray(path.read_bytes())
    header = (nib.Nifti1Header if data[0] == 92 else nib.Nifti2Header)(
        bytes(data[: 348 if data[0] == 92 else 540]), check=False
    )
    for name, value in fields.items():
        header[name] = value
    data[: header.sizeof_hdr] = header.binaryblock
    path.write_bytes(bytes(data))
    return path


def stored(path):
    """Values as they lie in a file, before scaling."""
    return nib.load(path).dataobj.get_unscaled()
