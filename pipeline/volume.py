"""A volume of a patient, in memory or slice by slice: values, mask, unit, bands and where each voxel lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError
from pipeline.image import Image, Mask, Pixels

Affine = NDArray[np.float64]
"""Shape (4, 4): takes a voxel's (slice, row, column, 1), counted from 0 at its middle, to mm in the patient, RAS+."""

_SINGULAR = 1e-6
"""Below this part of a box's volume, three edges of the same lengths are taken to lie in a plane."""


class VolumeError(ClearfieldError):
    """Values, mask, bands and geometry that do not make one volume."""


class Slice(NamedTuple):
    """One slice of a volume, all bands: arrays of shape (C, H, W)."""

    pixels: Pixels
    mask: Mask


@dataclass(frozen=True, eq=False)
class SlicedVolume:
    """A volume whose values are read slice by slice: all else of it is known.

    Patient coordinates are those of NIfTI, in mm: x grows towards the patient’s right, y to the front
    (anterior), z to the head (superior), "RAS+". DICOM's (left, posterior, superior) are turned when a file is read.

    Parameters
    ----------
    id : str
        Name of the volume within its study. What a reader has to say, it says of this name and of no path.
    shape : tuple of int
        (C, D, H, W): bands, slices, rows, columns.
    unit : str
        Unit of the values, such as ``HU``, ``Bq/mL`` or ``signal``.
    bands : tuple of str
        One name per band.
    affine : array, shape (4, 4)
        From (slice, row, column, 1) to mm in the patient.
    read : callable
        ``read(number)`` gives a slice, counted from 0.
    group : str
        Volumes of one group (of one patient) never stand on both sides of a split.
    placed : bool
        False where the file does not say where its voxels lie; the affine then holds their size alone, and 1 mm where
        not even that is known.
    spaced : bool
        Whether the file says how wide its pixels are.
    source : object, optional
        What the writer of the same format needs of the input. It may name files and patients: it is never shown.

    Raises
    ------
    VolumeError
        If there is not one name for each band, or the affine cannot be one.
    """

    id: str
    shape: tuple[int, ...]
    unit: str
    bands: tuple[str, ...]
    affine: Affine
    read: Callable[[int], Slice] = field(repr=False)
    group: str = ""
    placed: bool = True
    spaced: bool = field(default=True, kw_only=True)
    source: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _refuse_other_axes(self.id, self.shape, self.bands)
        refuse_singular(self.id, self.affine)

    @classmethod
    def of(cls, volume: Volume) -> SlicedVolume:
        """A volume that is in memory; nothing is copied."""

        def read(number: int) -> Slice:
            return Slice(volume.pixels[:, number], volume.mask[:, number])

        return cls(
            volume.id, volume.shape, volume.unit, volume.bands, volume.affine, read, volume.group, volume.placed,
            volume.source, spaced=volume.spaced,
        )  # fmt: skip

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm from one slice, row and column to the next."""
        return spacing_of(self.affine)

    def with_unit(self, unit: str) -> SlicedVolume:
        """The same values, said to be in another unit."""
        return replace(self, unit=unit)

    def reading(self, read: Callable[[int], Slice]) -> SlicedVolume:
        """The same volume with other values, which another function reads."""
        return replace(self, read=read)

    def slice(self, number: int) -> Image:
        """A slice, counted from 0, as an image of its own, called ``<id>/<slice>``."""
        pixels, mask = self.read(number)
        return Image(slice_id(self.id, number, self.shape[1]), pixels, mask, self.unit, self.bands, self.group)

    def slices(self) -> Iterator[Image]:
        """Every slice in turn; none is kept."""
        return (self.slice(number) for number in range(self.shape[1]))

    def whole(self) -> Volume:
        """All slices together, in memory."""
        pixels, mask = np.empty(self.shape, np.float32), np.empty(self.shape, bool)
        for number in range(self.shape[1]):
            pixels[:, number], mask[:, number] = self.read(number)
        return Volume(
            self.id, pixels, mask, self.unit, self.bands, self.affine, self.group, self.placed, self.source,
            spaced=self.spaced,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Volume:
    """Values on a grid of voxels, in memory.

    Parameters
    ----------
    pixels : array, shape (C, D, H, W), float32
        Physical values in ``unit``; finite everywhere (masked voxels hold a placeholder).
    mask : array, shape (C, D, H, W), bool
        True where a voxel must not be trusted: padding, or no number.
    id, unit, bands, affine, group, placed, spaced, source
        As those of a :class:`SlicedVolume`.

    Raises
    ------
    VolumeError
        If the values have no four axes, the mask has another shape, there is not one name for each band, or the affine
        cannot be one.
    """

    id: str
    pixels: Pixels
    mask: Mask
    unit: str
    bands: tuple[str, ...]
    affine: Affine
    group: str = ""
    placed: bool = True
    spaced: bool = field(default=True, kw_only=True)
    source: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _refuse_other_axes(self.id, self.pixels.shape, self.bands)
        if self.mask.shape != self.pixels.shape:
            raise VolumeError(f"{self.id}: mask has the shape {self.mask.shape}, the pixels {self.pixels.shape}")
        refuse_singular(self.id, self.affine)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``pixels``, (C, D, H, W)."""
        return self.pixels.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm from one slice, row and column to the next."""
        return spacing_of(self.affine)

    def with_pixels(self, pixels: Pixels) -> Volume:
        """Return the same volume with other values, of the same shape and unit."""
        return replace(self, pixels=pixels)

    def along(self, direction: str) -> Volume:
        """The same volume in other slices: those across the axis that lies nearest to a direction in the patient.

        Rows run from head to foot, or of axial slices from front to back; columns from the patient's right to the left,
        or of sagittal slices from front to back.

        Parameters
        ----------
        direction : {"axial", "coronal", "sagittal"}

        Raises
        ------
        VolumeError
            If the file does not say where the volume lies.
        """
        if not self.placed:
            raise VolumeError(f"{self.id}: its file does not say how it lies; {direction} slices cannot be told")
        nearest = _nearest_axes(self.affine)
        order = [nearest.index(axis) for axis in _AXES[direction]]
        affine = self.affine.copy()
        affine[:, :3] = self.affine[:, order]
        axes = (0, *(1 + axis for axis in order))
        pixels, mask = self.pixels.transpose(axes), self.mask.transpose(axes)
        turned = replace(self, pixels=pixels, mask=mask, affine=affine, source=None)
        # Rows and columns run against x, y and z, which grow to the right, to the front and to the head.
        for axis in (1, 2):
            if affine[_AXES[direction][axis], axis] > 0:
                turned = turned._flipped(axis)
        return turned

    def _flipped(self, axis: int) -> Volume:
        affine, size = self.affine.copy(), self.shape[1 + axis]
        affine[:3, 3] += affine[:3, axis] * (size - 1)
        affine[:3, axis] *= -1
        pixels, mask = np.flip(self.pixels, 1 + axis), np.flip(self.mask, 1 + axis)
        return replace(self, pixels=pixels, mask=mask, affine=affine)

    def slices(self) -> Iterator[Image]:
        """Every slice in turn as an image of its own, called ``<id>/<slice>``; nothing is copied."""
        return SlicedVolume.of(self).slices()

    def with_slices(self, images: Iterable[Image]) -> Volume:
        """The same volume with the values and masks of other slices, such as those restored, in any order.

        Raises
        ------
        VolumeError
            If an image is no slice of this volume, has another shape or unit, or if not every slice comes once.
        """
        pixels, mask = np.empty(self.shape, np.float32), np.empty(self.shape, bool)
        numbers = {slice_id(self.id, number, self.shape[1]): number for number in range(self.shape[1])}
        for image in images:
            number = numbers.pop(image.id, None)
            if number is None:
                raise VolumeError(f"{image.id}: no slice of {self.id}, or one that came before; each is needed once")
            if image.shape != (self.shape[0], *self.shape[2:]) or image.unit != self.unit:
                raise VolumeError(
                    f"{image.id}: a slice of shape {image.shape} in {image.unit}; the volume has slices of shape "
                    f"{(self.shape[0], *self.shape[2:])} in {self.unit}"
                )
            pixels[:, number], mask[:, number] = image.pixels, image.mask
        if numbers:
            raise VolumeError(f"{self.id}: {len(numbers)} of {self.shape[1]} slices are missing, {min(numbers)} first")
        return replace(self, pixels=pixels, mask=mask)


_AXES = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}
"""Of the patient (0: x, 1: y, 2: z): along which slices of a direction follow one another, their rows, and columns."""


def runs_along(affine: Affine, direction: str) -> bool:
    """Whether slices, rows and columns follow the axes that :meth:`Volume.along` gives them, one way or the other."""
    return _nearest_axes(affine) == list(_AXES[direction])


def _nearest_axes(affine: Affine) -> list[int]:
    """For each axis of a volume, the one of the patient (0: x, 1: y, 2: z) along which it runs, each once."""
    steps = np.abs(affine[:3, :3]) / np.linalg.norm(affine[:3, :3], axis=0)
    return list(max(permutations(range(3)), key=lambda order: sum(steps[axis, k] for k, axis in enumerate(order))))


def slice_id(volume: str, number: int, depth: int) -> str:
    """Name of a slice, counted from 0, of a volume of ``depth`` slices; names sort as the slices do."""
    return f"{volume}/{number:0{len(str(depth - 1))}d}"


def spacing_of(affine: Affine) -> tuple[float, float, float]:
    """Distance in mm from one slice, row and column to the next."""
    depth, row, column = np.linalg.norm(affine[:3, :3], axis=0)
    return float(depth), float(row), float(column)


def refuse_singular(id: str, affine: Affine) -> None:
    """Refuse an affine that puts no voxels, or all of them into one plane.

    Raises
    ------
    VolumeError
        If it is not finite, of another shape than (4, 4), has another last row than 0 0 0 1, or is singular.
    """
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or (affine[3] != (0, 0, 0, 1)).any():
        raise VolumeError(
            f"{id}: its affine is no 4 x 4 matrix of numbers that ends in 0 0 0 1; save it with a valid one"
        )
    box = np.prod(np.linalg.norm(affine[:3, :3], axis=0))
    if not abs(np.linalg.det(affine[:3, :3])) > _SINGULAR * box:
        raise VolumeError(
            f"{id}: its affine is singular (it puts all voxels into one plane); save it with a valid sform or qform"
        )


def _refuse_other_axes(id: str, shape: tuple[int, ...], bands: tuple[str, ...]) -> None:
    if len(shape) != 4 or 0 in shape:
        raise VolumeError(f"{id}: values of shape {shape}; bands, slices, rows and columns are needed")
    if len(bands) != shape[0]:
        raise VolumeError(f"{id}: {len(bands)} bands are named, and there are {shape[0]}")
