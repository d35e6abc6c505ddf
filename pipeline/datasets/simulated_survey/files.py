"""A survey as files: for each image a FITS file with the exposure, the truth, the segmentation and the class map."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from pipeline.datasets.simulated_survey.catalogue import catalogue
from pipeline.datasets.simulated_survey.exposure import exposed
from pipeline.datasets.simulated_survey.field import field
from pipeline.datasets.simulated_survey.place import wcs_of
from pipeline.datasets.simulated_survey.presets import SurveyError
from pipeline.datasets.simulated_survey.rendering import Scene, psf, render
from pipeline.datasets.simulated_survey.sources import SOURCE_CLASSES
from pipeline.datasets.simulated_survey.survey import UNIT, Survey
from pipeline.formats.fits.file import open_hdus
from pipeline.formats.fits.header import companion_of, header_of
from pipeline.image import Image
from pipeline.store import written_aside
from pipeline.windowed import WindowedImage

CATALOGUE = "catalogue.csv"
EXTENSIONS = {"noise_free": "TRUTH", "exposure": "EXPOSURE"}
"""Where the values lie that ``images.survey.truth`` names."""
KEY = "SURVEYID"
"""The keyword that says by which settings, and which code, a file was made."""
_OF_BANDS = re.compile(r"(CTYPE|CRPIX|CRVAL|CDELT)3|WCSAXES|BUNIT|(BAND|MAGZERO|SKY|SEEING)\d+")
"""Keywords that a map without bands has no use for."""
_ABOUT = "survey.json"


def made_image(survey: Survey, id: str, truth: str) -> Image:
    """Draw an image of a survey.

    Parameters
    ----------
    survey : Survey
    id : str
        One of ``survey.ids``.
    truth : {"noise_free", "exposure"}
    """
    number = survey.ids[id]
    pixels = render(survey, field(survey, number)).pixels
    return _image(survey, id, pixels if truth == "noise_free" else exposed(survey, number, pixels))


def image_file(folder: Path, id: str) -> Path:
    """Where the file of an image lies in the folder of a survey."""
    return folder / "images" / f"{id}.fits"


def write_image_file(folder: Path, survey: Survey, id: str, key: str) -> None:
    """Draw an image, expose it, and write both.

    Parameters
    ----------
    folder : Path
        Of the survey.
    survey : Survey
    id : str
    key : str
        What :func:`is_made` will know the file by.
    """
    number = survey.ids[id]
    scene = render(survey, field(survey, number))
    header = header_of(WindowedImage.of(_image(survey, id, scene.pixels)), ())
    header[KEY] = (key, "settings and code that it was made by")
    with written_aside(image_file(folder, id)) as aside:
        _hdus(header, scene, exposed(survey, number, scene.pixels)).writeto(aside)


def is_made(folder: Path, id: str, key: str) -> bool:
    """Whether the file of an image is there, and was made under this key.

    Raises
    ------
    SurveyError
        If a file of that name is there that was not made for a survey.
    """
    path = image_file(folder, id)
    if not path.is_file():
        return False
    found = _key_of(path)
    if found is None:
        raise SurveyError(f"{path}: not of a simulated survey, and would be written over; name another folder")
    return found == key


def remove_others(folder: Path, survey: Survey) -> None:
    """Remove what would be read with the images of this survey: those of one of more images, and half-written files."""
    for path in sorted((folder / "images").glob("*.fits")):
        if path.name.startswith(".part") or (path.stem not in survey.ids and _key_of(path) is not None):
            path.unlink()


def write_tables(folder: Path, survey: Survey) -> int:
    """Write what the survey is, and last of all the truth table; return how many sources it has."""
    preset = survey.preset
    about = _settings(survey) | {
        "unit": UNIT,
        "classes": dict(enumerate(SOURCE_CLASSES)),
        "pixel_scale": preset.pixel_scale,
        "exposure": preset.exposure,
        "gain": preset.gain,
        "read_noise": preset.read_noise,
        "zero_point": {band: preset.zero_point(band) for band in survey.bands},
        "sky": {band: preset.sky(band) for band in survey.bands},
        "psf_fwhm": {band: psf(survey.name, band).calculateFWHM() for band in survey.bands},
    }
    with written_aside(folder / _ABOUT) as aside:
        aside.write_text(json.dumps(about, indent=1) + "\n")
    table = catalogue(survey)
    with written_aside(folder / CATALOGUE) as aside:
        table.to_csv(aside, index=False)
    return len(table)


def refuse_other_survey(folder: Path, survey: Survey) -> None:
    """Refuse a folder that does not hold this survey, whole.

    Raises
    ------
    SurveyError
        If it has no truth table, or was made by other settings.
    """
    path = folder / _ABOUT
    if not path.is_file() or not (folder / CATALOGUE).is_file():
        raise SurveyError(f"{folder}: holds no whole survey; `clearfield simulate` makes or finishes one")
    there, asked = json.loads(path.read_text()), _settings(survey)
    for name, value in asked.items():
        if there.get(name) != value:
            raise SurveyError(
                f"{path}: {name} is {there.get(name)}, and the study asks for {value}; run `clearfield simulate` again"
            )


def _settings(survey: Survey) -> dict[str, Any]:
    return asdict(survey) | {"bands": list(survey.bands)}


def _key_of(path: Path) -> str | None:
    with open_hdus(path) as hdus:
        return hdus[0].header.get(KEY)


def _image(survey: Survey, id: str, pixels: np.ndarray) -> Image:
    header = _header(survey, survey.ids[id]).tostring(sep="\n", endcard=False, padding=False)
    mask = np.zeros(pixels.shape, bool)
    return Image(id, pixels, mask, UNIT, survey.bands, id, pixel_scale=survey.preset.pixel_scale, header=header)


def _header(survey: Survey, number: int) -> fits.Header:
    preset, header = survey.preset, wcs_of(survey, number).to_header()
    header["INSTRUME"] = (preset.instrument, "simulated: no telescope saw this")
    header["EXPTIME"] = (preset.exposure, "s, of each band")
    header["GAIN"] = (preset.gain, "electrons per count")
    header["RDNOISE"] = (preset.read_noise, "electrons")
    header["SEED"] = (survey.seed, "of the survey")
    header["IMAGENUM"] = (number, "of the image in the survey")
    for plane, band in enumerate(survey.bands, 1):
        header[f"MAGZERO{plane}"] = (preset.zero_point(band), f"AB magnitude of one count in {band}")
        header[f"SKY{plane}"] = (preset.sky(band), f"counts per pixel that were taken off in {band}")
        header[f"SEEING{plane}"] = (psf(survey.name, band).calculateFWHM(), f"arcsec, FWHM of the PSF in {band}")
    return header


def _hdus(header: fits.Header, scene: Scene, exposure: np.ndarray) -> fits.HDUList:
    plane = fits.Header([card for card in companion_of(header).cards if not _OF_BANDS.fullmatch(card.keyword)])
    return fits.HDUList(
        [
            fits.PrimaryHDU(header=header),
            fits.ImageHDU(exposure, companion_of(header), name="EXPOSURE"),
            fits.ImageHDU(scene.pixels, companion_of(header), name="TRUTH"),
            fits.ImageHDU(scene.segmentation, plane, name="SEGMENTATION"),
            fits.ImageHDU(scene.classes, plane, name="CLASS"),
        ]
    )
