"""FITS, the files of astronomy: images in with mask, noise and unit; results out with the input's header."""

from pipeline.formats.fits.extensions import Extension, file_and_extension, list_extensions
from pipeline.formats.fits.flags import open_flags
from pipeline.formats.fits.header import with_finer_pixels
from pipeline.formats.fits.psf import read_psf
from pipeline.formats.fits.read import open_fits, read_fits
from pipeline.formats.fits.sky import centre_of, footprint_of, wcs_of
from pipeline.formats.fits.write import refuse_unwritable_fits, write_fits

__all__ = [
    "Extension",
    "centre_of",
    "file_and_extension",
    "footprint_of",
    "list_extensions",
    "open_fits",
    "open_flags",
    "read_fits",
    "read_psf",
    "refuse_unwritable_fits",
    "wcs_of",
    "with_finer_pixels",
    "write_fits",
]
