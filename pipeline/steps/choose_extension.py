"""Which part of a user's FITS file is the image, and what is said of the parts that are not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ClearfieldError
from pipeline.formats.fits import Extension, file_and_extension, list_extensions

SCIENCE = "SCI"
"""What observatories call the extension with the image."""
_FLAGS = re.compile(r"(.*_)?(DQ|MASK|FLAGS?|BPM|BADPIX(ELS?)?|DATA_?QUALITY|QUALITY)", re.IGNORECASE)
"""What they call one with flags ..."""
_BESIDE = re.compile(
    r"(.*_)?(ERR(ORS?)?|SIGMA|RMS|NOISE|UNC(ERT(AINTY)?)?|STD(DEV)?|VAR(IANCE)?|IVAR|INVVAR|WHT|WEIGHTS?|EXP(TIME|OSURE)?"
    r"|CON|CTX|CONTEXT|SAMP|TIME|AREA|BKG|BACKGROUND|PSF|MODEL|RESIDUALS?|D2IMARR|WCSDVARR)(_.*)?|VAR_.*",
    re.IGNORECASE,
)
"""... and such as belong to an image and are none."""


class ExtensionChoiceError(ClearfieldError):
    """A file of which it is not clear which part is the image."""


class Choice(NamedTuple):
    """The part of a file that is the image."""

    file: Path
    key: str | int | None
    """Its name, ``NAME,VERSION`` or number; None where the file holds no other image."""
    flags: str | int | None
    """A part with flags that goes with it, if there is one."""
    others: list[str | int]
    """Parts that may be images just as well, where nobody named one."""
    parts: list[Extension]
    """All that the file holds."""

    @property
    def word(self) -> str:
        """The file and the part as a user writes them."""
        return str(self.file) if self.key is None else f"{self.file}[{self.key}]"

    def has(self, key: str | int) -> bool:
        """Whether the file has a part of the image's size with this name, ``NAME,VERSION`` or number."""
        numbers = _numbers(self.parts, self.key) if self.key is not None else range(len(self.parts))
        own = [self.parts[number].shape[-2:] for number in numbers if self.parts[number].shape]
        return any(self.parts[number].shape[-2:] == own[0] for number in _numbers(self.parts, key)) if own else False


def choose_extension(path: Path, usual: str | int | None) -> Choice:
    """Choose the part of a file that is the image.

    It is the one that is named, as ``FILE[EXT]``; or the study's, if the file has it; or the one called SCI; or the
    first that is neither noise nor flags by its name.

    Parameters
    ----------
    path : path
        A FITS file, or ``FILE[EXT]``.
    usual : str, int or None
        The extension that the model's study read.

    Raises
    ------
    ExtensionChoiceError
        If several parts have the name that was chosen.
    FormatError
        If the file cannot be read.
    """
    file, named = file_and_extension(path)
    parts = list_extensions(file)
    images = [number for number, part in enumerate(parts) if part.shape]
    plain = [n for n in images if not _FLAGS.fullmatch(parts[n].name) and not _BESIDE.fullmatch(parts[n].name)]
    key = named
    if key is None and usual is not None and (usual in plain if isinstance(usual, int) else _numbers(parts, usual)):
        # By its number only an image: the study's files may have been built otherwise.
        key = usual
    if key is not None:
        chosen = _numbers(parts, key)
    else:
        science = [n for n in _numbers(parts, SCIENCE) if n in images]
        first = (science or plain or images)[:1]
        chosen = [n for n in images if parts[n].name == parts[first[0]].name] if first else []
    chosen = [number for number in chosen if number in images]
    if len(chosen) > 1:
        called = f"are called {parts[chosen[0]].name}" if parts[chosen[0]].name else "have no name"
        which = " or ".join(f"{file.name}[{_key(parts, number)}]" for number in chosen[:3])
        raise ExtensionChoiceError(f"{file}: {len(chosen)} extensions with an image {called}; say which, as {which}")
    if not chosen:  # the reader says in words what is wrong
        return Choice(file, key, None, [], parts)
    own = chosen[0]
    flags = [n for n in images if n != own and _FLAGS.fullmatch(parts[n].name)]
    flags.sort(key=lambda n: parts[n].version != parts[own].version)
    others = [n for n in images if n not in (own, *flags) and not _BESIDE.fullmatch(parts[n].name)]
    return Choice(
        file,
        named if named is not None else _key(parts, own) if len(images) > 1 else None,
        _key(parts, flags[0]) if flags else None,
        [_key(parts, n) for n in others] if key is None else [],
        parts,
    )


def remarks(choices: Sequence[Choice], masked: bool) -> Iterator[str]:
    """What a user should know of the parts that are not read, a sentence for each file that has such.

    Parameters
    ----------
    choices : sequence of Choice
    masked : bool
        Whether flags are read.
    """
    for choice in choices:
        if choice.others:
            names = ", ".join(map(str, choice.others))
            yield (
                f"{choice.file}: extension {choice.key} was taken for the image; for another one ({names}) say so, as "
                f"{choice.file.name}[{choice.others[0]}]"
            )
        if choice.flags is not None and not masked:
            word = f"{choice.file}[{choice.flags}]" if len(choices) == 1 else str(choice.flags).partition(",")[0]
            yield (
                f"{choice.file}: extension {choice.flags} was not read, and the pixels that it flags count as good; "
                f"add --mask {word}, with --mask-bits for some of the flags alone"
            )


def _numbers(parts: Sequence[Extension], key: str | int) -> list[int]:
    """The parts that a name, ``NAME,VERSION`` or a number means."""
    if isinstance(key, int):
        return [key] if key < len(parts) else []
    name, _, version = (word.strip() for word in key.upper().partition(","))
    wanted = int(version) if version.isdecimal() else None
    return [n for n, part in enumerate(parts) if part.name.upper() == name and wanted in (None, part.version)]


def _key(parts: Sequence[Extension], number: int) -> str | int:
    """The shortest word that means this part and no other."""
    part = parts[number]
    if not part.name:
        return number
    alike = [other for other in parts if other.name == part.name]
    if len(alike) == 1:
        return part.name
    return f"{part.name},{part.version}" if [other.version for other in alike].count(part.version) == 1 else number
