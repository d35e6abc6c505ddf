"""One image out of what its files hold: bands in order and named, one grid, one unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Images
from pipeline.formats.checks import FormatError, refuse_other_shape
from pipeline.image import UNKNOWN
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage


class BandsError(FormatError):
    """Files that hold other bands than were asked for.

    Parameters
    ----------
    found : str
        The file and what is wrong with its bands.
    """

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"{found}: set images.bands")


@dataclass(frozen=True)
class Planes:
    """What one file holds.

    Parameters
    ----------
    source : Path
        The file, for messages.
    shape : tuple of int
        (C, H, W).
    read : callable
        ``read(plane, window)``: finite values, a mask that is True where they are not to be trusted, and the noise
        where the file has it.
    bands : tuple of str
        Names of the planes; empty where the file gives none.
    named : bool
        True where the file names its planes as bands, so that a configuration that names others is wrong. Otherwise the
        names are a likely guess, and the configuration is right.
    unit : str, optional
    pixel_scale : float, optional
        Width of a pixel in arcsec.
    header : str, optional
        FITS header as text.
    """

    source: Path
    shape: tuple[int, ...]
    read: Callable[[int, Window], Plane]
    bands: tuple[str, ...] = ()
    named: bool = False
    unit: str | None = None
    pixel_scale: float | None = None
    header: str | None = None


def assembled(files: Sequence[Planes], settings: Images, id: str | None = None) -> WindowedImage:
    """Put one image together, from one file with all bands or from one file per band.

    Parameters
    ----------
    files : sequence of Planes
        Several hold one band each, in the order of ``settings.bands``; or in any order, where each says which of these
        it holds and ``settings.path`` does not tell them apart by name.
    settings : Images
        Names of the bands, and unit and pixel scale where the files give none.
    id : str, optional
        By default the name of the first file.

    Raises
    ------
    FormatError
        If files differ in shape or unit, or the bands are not those that were asked for, or a file holds another one
        than its name says.
    """
    first = files[0]
    for file in files[1:]:
        refuse_other_shape(file.source, file.shape, first.source, first.shape)
    if len(files) > 1:
        for file in files:
            if file.shape[0] != 1:
                raise FormatError(f"{file.source}: {file.shape[0]} planes; one is needed where each band has a file")
    bands, order, planes = _bands(files, settings)
    # Which file holds a band, and in which of its planes.
    places = [(file, number) for file in files for number in range(file.shape[0])]
    leading, _ = places[order[0]]

    def read(band: int, window: Window) -> Plane:
        file, number = places[order[band]]
        return file.read(number, window)

    return WindowedImage(
        id=id if id is not None else first.source.name.split(".")[0],
        shape=(len(bands), *first.shape[-2:]),
        unit=_unit(files) or settings.unit or UNKNOWN,
        bands=bands,
        read=read,
        pixel_scale=leading.pixel_scale or settings.pixel_scale,
        header=leading.header,
        planes=planes,
    )


def numbered(count: int) -> tuple[str, ...]:
    """Names for bands of which nobody says what they are."""
    return tuple(f"band{n + 1}" for n in range(count))


def planes_for(
    source: str | Path, count: int, names: Sequence[str], bands: Sequence[str], planes: Sequence[str] = ()
) -> list[int]:
    """Which plane of a noise map, a mask or a PSF holds for each band of an image.

    Parameters
    ----------
    source : path
        Where its planes lie, for messages.
    count : int
        How many there are.
    names : sequence of str
        Their bands; empty where they are not named. Then one plane holds for every band, and as many as the files of
        the image have lie in the order of these.
    bands : sequence of str
        Those of the image.
    planes : sequence of str
        What the planes of the image's files are, in their order; by default its bands.

    Raises
    ------
    FormatError
        If it names other bands, or it is not clear which plane is which.
    """
    planes = planes or bands
    names = names or (planes if count == len(planes) else ())
    if names:
        missing = [band for band in bands if band not in names]
        if missing:
            raise FormatError(
                f"{source}: no band {missing[0]!r}; it holds {', '.join(names)}, and the image {', '.join(bands)}: "
                "give a plane for each of these, or correct its BAND1, BAND2, ..."
            )
        return [names.index(band) for band in bands]
    if count == 1:
        return [0] * len(bands)
    if count == len(bands):
        raise FormatError(
            f"{source}: {count} planes without names, of an image whose file has {len(planes)} ({', '.join(planes)}); "
            "name them by BAND1, BAND2, ..."
        )
    raise FormatError(f"{source}: {_planes(count)} for {len(bands)} bands; one for all is needed, or one for each")


def sources(files: Sequence[Planes]) -> str:
    """The files of an image, for messages."""
    return str(files[0].source) if len(files) == 1 else f"{files[0].source} and {len(files) - 1} more"


def _bands(files: Sequence[Planes], settings: Images) -> tuple[tuple[str, ...], list[int], tuple[str, ...]]:
    # The names, the planes that carry them in that order, and what every plane is.
    wanted = settings.bands
    count = sum(file.shape[0] for file in files)
    found = tuple(band for file in files for band in file.bands)
    everything = list(range(count))
    if wanted is None:
        distinct = len(set(found)) == count
        known = found if distinct and all(file.named for file in files) else ()
        return found if distinct else numbered(count), everything, known
    if len(files) == 1 and files[0].named:
        missing = [band for band in wanted if band not in found]
        if missing:
            raise BandsError(f"{files[0].source}: no band {missing[0]!r}; the file has {', '.join(found)}")
        return tuple(wanted), [found.index(band) for band in wanted], found
    if len(wanted) != count:
        names = ", ".join(wanted)
        raise BandsError(f"{sources(files)}: {_planes(count)}, but the bands are to be {len(wanted)} ({names})")
    # A FILTER is a likely guess only, but not where the files have exactly the bands that are wanted, each once.
    sure = len(files) > 1 and sorted(found) == sorted(wanted)
    if sure and "{band}" not in (settings.path or ""):
        return tuple(wanted), [found.index(band) for band in wanted], found
    for file, band in zip(files, wanted):
        if (sure or file.named) and file.bands[0] != band:
            raise BandsError(f"{file.source}: holds band {file.bands[0]!r}, but stands in the place of {band!r}")
    return tuple(wanted), everything, tuple(wanted)


def _unit(files: Sequence[Planes]) -> str | None:
    first = files[0]
    for file in files[1:]:
        if file.unit != first.unit:
            raise FormatError(
                f"{file.source}: in {file.unit or 'no unit'}, but {first.source} is in {first.unit or 'no unit'}; "
                "the bands of an image must share one unit"
            )
    return first.unit


def _planes(count: int) -> str:
    return "1 plane" if count == 1 else f"{count} planes"
