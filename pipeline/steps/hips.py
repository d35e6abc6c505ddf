"""hips: a field that has a place on the sky, as HiPS, a folder for each band."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

from astropy.io import fits
from astropy.wcs import WCS

from pipeline import __version__
from pipeline.errors import ClearfieldError
from pipeline.fields.field_file import read_field
from pipeline.fields.header import WIDEST, field_header, history_of_field
from pipeline.formats.hips import write_hips
from pipeline.store.aside_folder import folder_aside, refuse_existing, refuse_foreign
from pipeline.tiling import Window

log = logging.getLogger("clearfield")

NOTED = "field.json"
"""Beside the folders of the bands: what the field says of itself."""


class HipsError(ClearfieldError):
    """A field that has no place on the sky."""


def hips(field: Path, out: Path, overwrite: bool = False) -> None:
    """Write a HiPS of FITS tiles for each band, and ``field.json``, which says what the field is.

    Tiles are read one by one and compared with their checksums; memory does not grow with the field.

    Parameters
    ----------
    field : path
        What ``generate`` or ``join_field`` wrote.
    out : path
        A folder.
    overwrite : bool
        Whether an earlier one is written over.

    Raises
    ------
    HipsError
        If the field has no WCS.
    MissingExtraError
        If reproject is not installed.
    FieldFileError
        If a tile is not as it was written; there is then no output.
    StoreError
        If there is something under the name.
    """
    refuse_existing(out, overwrite)
    refuse_foreign(out, out / NOTED)
    with read_field(field) as reader:
        about, area = reader.about, reader.area
        wcs = _wcs(field, about, area)
        with folder_aside(out) as aside:
            for number, band in enumerate(about["bands"]):
                said, folder = _properties(about, area, band), aside / quote(band, safe="")
                write_hips(reader.image, number, wcs, said, _cards(about, band), folder)
            noted = {**about, "area": [area.y0, area.x0, area.height, area.width], "history": history_of_field(about)}
            (aside / NOTED).write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
        log.info("hips %s: %d bands", out, len(about["bands"]))


def _wcs(field: Path, about: dict[str, Any], area: Window) -> WCS:
    if about["wcs"] is None:
        raise HipsError(
            f"{field}: has no place on the sky, since its generator learned from several images or from one without a "
            "WCS; HiPS is of the sky, `clearfield deep-zoom` shows any field"
        )
    header = fits.Header.fromstring(field_header(about, area), sep="\n")
    if "CTYPE1" not in header:
        raise HipsError(
            f"{field}: reaches more than {WIDEST:g} degrees from where its training image lies, where a plane is no "
            "longer the sky; paint a field nearer to row 0 and column 0"
        )
    return WCS(header, naxis=2)


def _cards(about: dict[str, Any], band: str) -> dict[str, Any]:
    return {
        "SYNTHET": (True, "painted by a generator, not observed"),
        "SEED": (about["seed"], "of the field"),
        "GENMODEL": (about["model"][:12], "hash of the generator"),
        "BUNIT": about["unit"],
        "BAND": band,
    }


def _properties(about: dict[str, Any], area: Window, band: str) -> dict[str, str]:
    place = f"{about['model'][:12]}/{about['seed']}/{area.y0}.{area.x0}.{area.height}.{area.width}"
    return {
        # Of what it holds, and not drawn at random.
        "creator_did": f"ivo://clearfield/P/{place}/{quote(band, safe='')}",
        "obs_title": f"Synthetic field {about['generator']}, seed {about['seed']}, band {band}",
        "obs_description": f"{history_of_field(about)[0]}. Nothing in it was observed (SYNTHET = T). Values are in "
        f"{about['unit']} of the field's own pixels.",
        "prov_progenitor": f"generator {about['model']}, seed {about['seed']}, study {about['study']}",
        "hips_builder": f"clearfield {__version__} with astropy/reproject",
        "hips_status": "private master clonableOnce",
    }
