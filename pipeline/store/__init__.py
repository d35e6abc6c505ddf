"""Files between steps: written aside and renamed, images and restored items in HDF5."""

from pipeline.store.aside import StoreError, written_aside
from pipeline.store.images import ImageReader, ImageWriter, read_images, write_images
from pipeline.store.restored import RestoredReader, RestoredWriter, read_restored, write_restored
from pipeline.store.scratch_file import Scratch, scratch

__all__ = [
    "ImageReader",
    "ImageWriter",
    "RestoredReader",
    "RestoredWriter",
    "Scratch",
    "StoreError",
    "read_images",
    "read_restored",
    "scratch",
    "write_images",
    "write_restored",
    "written_aside",
]
