"""The image that a user hands to `apply`: read as the model's study would have, flags masked, background taken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.config import Images
from pipeline.errors import ClearfieldError
from pipeline.formats import BandsError, is_fits, open_image
from pipeline.formats.bands import planes_for
from pipeline.formats.checks import ExtensionError, refuse_other_shape, refuse_without_trust
from pipeline.formats.fits import file_and_extension, open_flags
from pipeline.measures.background import Background, measure_background
from pipeline.steps.choose_extension import Choice, choose_extension, remarks
from pipeline.tiling import Window
from pipeline.windowed import Plane, WindowedImage

MASK_WORDS = "a FITS file such as flags.fits or image.fits[DQ], or an extension of the image's own files, such as DQ"


class UserImageError(ClearfieldError):
    """An image of which it is not clear which one is meant, or with other bands than the model restores."""


class MaskWords(NamedTuple):
    """What a user said of flagged pixels."""

    mask: str | None
    """A FITS file, or an extension of the image's own files."""
    bits: int | None
    """Sum of the bits that flag a pixel; by default any value but 0 does."""


class UserImage(NamedTuple):
    """An image as it goes to a model."""

    image: WindowedImage
    background: Background | None
    """What was taken off, to be given back."""
    files: list[Path]
    """All that was read."""
    origin: list[str]
    """What it was read from, a line each, for a history."""
    remarks: list[str]
    """What its files hold besides, and a user should know of."""


def open_user_image(images: Sequence[Path], mask: MaskWords, card: dict[str, Any], opened: ExitStack) -> UserImage:
    """Open an image as a model's study would have read it.

    Parameters
    ----------
    images : sequence of path
        One file, or one per band; of FITS, ``FILE[EXT]`` names an extension.
    mask : MaskWords
        What is flagged, in place of what the study read.
    card : dict
        The model's.
    opened : ExitStack
        Keeps the files open.

    Raises
    ------
    UserImageError, ExtensionChoiceError, FormatError
        If it cannot be read, it is not clear which one it is, or its bands are not the model's.
    """
    reading = card["reading"]
    files = [file_and_extension(path)[0] for path in images]
    choices = [choose_extension(path, reading["science"]) for path in images] if all(map(is_fits, files)) else []
    own, other = _flags(mask, files, choices, reading["mask"])
    noise = _of_study(choices, reading["noise"])
    if own is None and other is None and mask.bits is not None:
        raise UserImageError(f"--mask-bits {mask.bits}: no mask is read; add --mask, which takes {MASK_WORDS}")
    bits = mask.bits if mask.bits is not None or mask.mask is not None else reading["mask_bits"]
    settings = Images(
        bands=card["bands"],
        unit=reading["unit"],
        **({"mask": own, "mask_bits": bits} if own is not None else {}),
        **({"noise": noise, "noise_kind": reading["noise_kind"]} if noise is not None else {}),
    )
    image = _opened([choice.word for choice in choices] or images, settings, str(files[0]), opened)
    if other is not None:
        image = _flagged(image, other, bits, opened)
    background = measure_background(image, reading["background"], reading["background_box"])
    return UserImage(
        image if background is None else lit(image, lambda band, window: -background(band, window)),
        background,
        files if other is None else [*files, file_and_extension(other)[0]],
        list(_origin(choices, files, own if own is not None else other, bits, noise)),
        list(remarks(choices, masked=own is not None or other is not None)),
    )


def lit(image: WindowedImage, light: Background) -> WindowedImage:
    """An image with a background added to it."""
    return image.changed(lambda band, window, plane: plane._replace(pixels=plane.pixels + light(band, window)))


def _flags(
    mask: MaskWords, files: Sequence[Path], choices: Sequence[Choice], usual: str | int | None
) -> tuple[str | int | None, str | None]:
    """The extension of the image's own files that holds the flags, or the other file that does."""
    if mask.mask is None:
        return _of_study(choices, usual), None
    file, extension = file_and_extension(mask.mask)
    if file.is_file():
        within = len(files) == 1 and file.samefile(files[0])
        if within and extension is None:
            part = choices[0].flags if choices and choices[0].flags is not None else "DQ"
            raise UserImageError(
                f"--mask {mask.mask}: is the image itself; say which part flags pixels, as {file.name}[{part}]"
            )
        return (extension, None) if within and extension is not None else (None, mask.mask)
    if extension is not None or file.suffix or not choices:
        raise UserImageError(f"--mask {mask.mask}: no such file; it takes {MASK_WORDS}")
    return (int(mask.mask) if mask.mask.isdecimal() else mask.mask), None


def _of_study(choices: Sequence[Choice], key: str | int | None) -> str | int | None:
    """An extension of the study, if the files have it: a user's need not be built as those of the study."""
    return key if key is not None and choices and all(choice.has(key) for choice in choices) else None


def _opened(paths: Sequence[str | Path], settings: Images, id: str, opened: ExitStack) -> WindowedImage:
    try:
        return opened.enter_context(open_image(paths, settings, id=id))
    except BandsError as error:
        bands = ", ".join(settings.bands or ())
        raise UserImageError(f"{error.found}; the model restores {bands}, in this order") from None
    except ExtensionError as error:
        what = "flags pixels" if error.role == "mask" else f"holds the {'noise' if error.role == 'noise' else 'image'}"
        raise UserImageError(f"{error.found}; name the one that {what}") from None


def _flagged(image: WindowedImage, mask: str, bits: int | None, opened: ExitStack) -> WindowedImage:
    """The image, masked where another file flags it."""
    flags = opened.enter_context(open_flags(mask, bits))
    refuse_other_shape(mask, flags.shape, image.id, image.shape)
    order = planes_for(mask, flags.shape[0], flags.bands, image.bands, image.planes)

    def masked(band: int, window: Window, plane: Plane) -> Plane:
        return plane._replace(mask=plane.mask | flags.read(order[band], window))

    masked_image = image.changed(masked)
    refuse_without_trust(f"{image.id} under --mask {mask}", masked_image)
    return masked_image


def _origin(
    choices: Sequence[Choice], files: Sequence[Path], mask: str | int | None, bits: int | None, noise: str | int | None
) -> Iterator[str]:
    names = [Path(choice.word).name for choice in choices] or [file.name for file in files]
    yield f"from {', '.join(names)}"
    if mask is not None:
        which = "whatever it flags" if bits is None else f"what it flags by the bits of {bits}"
        yield f"mask {mask}: {which}"
    if noise is not None:
        yield f"noise map {noise}: read for where it has none, which is masked"
