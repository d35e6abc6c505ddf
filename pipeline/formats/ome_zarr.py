"""OME-Zarr 0.4 (Moore et al. 2023, https://ngff.openmicroscopy.org/0.4): an image of any size at several scales.

Version 0.4, because every reader knows it; its arrays are of Zarr's format 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.formats.extras import of_extra
from pipeline.progress import progress
from pipeline.pyramid import level_of, pyramid
from pipeline.store.aside_folder import folder_aside
from pipeline.windowed import WindowedImage

CHUNK = 512
"""Width in px of what is stored as a file."""
MARK = ".zattrs"
"""A file that each such folder has."""
AXES = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]


class Channel(NamedTuple):
    """How a viewer shows a band at first."""

    colour: str
    """Six hexadecimal digits, RGB."""
    active: bool
    window: tuple[float, float]
    """Values that are black and of the full colour."""
    range: tuple[float, float]
    """Values between which that window can be moved."""


def write_ome_zarr(
    image: WindowedImage, name: str, origin: tuple[int, int], channels: Sequence[Channel], about: dict[str, Any],
    folder: Path,
) -> None:  # fmt: skip
    """Write an image that may be larger than memory, at its own scale and halved until it fits into a chunk.

    Parameters
    ----------
    image : WindowedImage
    name : str
        What a viewer calls it.
    origin : tuple of int
        Row and column of its first pixel, in the coordinates that a viewer shows.
    channels : sequence of Channel
        One for each band.
    about : dict
        What else there is to know, as the attribute ``clearfield``.
    folder : path
        What is there is written over.

    Raises
    ------
    MissingExtraError
        If zarr is not installed.
    """
    with of_extra("view", "OME-Zarr"):
        import zarr
        from numcodecs import Blosc
    last = (-(-max(image.shape[-2:]) // CHUNK) - 1).bit_length()
    with folder_aside(folder) as aside:
        group = zarr.create_group(aside, zarr_format=2)
        levels = [
            group.create_array(
                str(halvings), dtype="<f4", chunks=(1, CHUNK, CHUNK), fill_value=0,
                shape=(len(image.bands), *_size(image, halvings)),
                compressors=Blosc("zstd", 5, Blosc.SHUFFLE),
                chunk_key_encoding={"name": "v2", "separator": "/"},
            )
            for halvings in range(last + 1)
        ]  # fmt: skip
        count = sum(-(-height // CHUNK) * -(-width // CHUNK) for _, height, width in (level.shape for level in levels))
        for part in progress(pyramid(image, CHUNK, last), "ome-zarr", count, "tile"):
            levels[part.halvings][(slice(None), *part.window.slices)] = part.pixels
        # At the end: what lacks these is no image to any reader.
        group.attrs.update(
            {
                "multiscales": [_multiscale(name, origin, last)],
                "omero": _shown(image.bands, name, channels),
                "clearfield": about,
            }
        )


def _size(image: WindowedImage, halvings: int) -> tuple[int, int]:
    level = level_of(image.area, halvings)
    return level.height, level.width


def _multiscale(name: str, origin: tuple[int, int], last: int) -> dict[str, Any]:
    def placed(halvings: int) -> list[dict[str, Any]]:
        # A coarse pixel lies in the middle of those that it stands for.
        size, middle = float(2**halvings), (2**halvings - 1) / 2
        return [
            {"type": "scale", "scale": [1.0, size, size]},
            {"type": "translation", "translation": [0.0, *(start + middle for start in origin)]},
        ]

    return {
        "version": "0.4",
        "name": name,
        "axes": AXES,
        "datasets": [
            {"path": str(halvings), "coordinateTransformations": placed(halvings)} for halvings in range(last + 1)
        ],
        "type": "mean",
        "metadata": {"description": "each pixel is the mean of the pixels of level 0 that it covers"},
    }


def _shown(bands: Sequence[str], name: str, channels: Sequence[Channel]) -> dict[str, Any]:
    return {
        "version": "0.4",
        "name": name,
        "channels": [
            {
                "label": band,
                "color": channel.colour,
                "active": channel.active,
                "coefficient": 1.0,
                "family": "linear",
                "inverted": False,
                "window": {
                    **dict(zip(("start", "end"), channel.window)),
                    **dict(zip(("min", "max"), channel.range)),
                },
            }
            for band, channel in zip(bands, channels)
        ],
        "rdefs": {"model": "color" if len(bands) > 1 else "greyscale"},
    }
