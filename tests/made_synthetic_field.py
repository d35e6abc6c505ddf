"""A study of one drawn sky, and synthetic fields beside it, as the steps find them on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from made_sky import BANDS, drawn_sky

from pipeline.config import Study, study_from
from pipeline.fields.field_file import digests_shape, number_of, tiles_of
from pipeline.fields.tile_digest import key_of, tile_digest
from pipeline.image import Image
from pipeline.steps.catalogue import catalogue
from pipeline.steps.split import split
from pipeline.store import write_images
from pipeline.store.hdf5 import created
from pipeline.tiling import Window

UNIT, TILE = "nJy", 512


@dataclass
class MadeField:
    """Where the files lie."""

    study: Study
    images: Path
    splits: Path
    sky: Path
    fields: list[Path]
    catalogues: list[Path]


def make_field_study(folder: Path, skies: dict[str, np.ndarray], size: tuple[int, int] = (400, 480)) -> MadeField:
    """Write ``images.h5``, ``splits.csv``, a field by each name, and the catalogues of all."""
    study = study_from(
        {
            "study": "made",
            "images": {"dataset": "folder", "path": "{id}.fits", "unit": UNIT},
            "split": {"folds": 2},
            "degrade": {"psf": {"fwhm": ["2px"]}},
            "evaluate": {"detection": 5.0},
        }
    )
    pixels = drawn_sky(0, size)
    noted = {"data_range": 500.0, "sky": [0.0, 0.0], "sky_sigma": [1.0, 1.0]}
    with write_images(folder / "images.h5", **noted) as writer:
        writer.append(Image("sky", pixels, np.zeros(pixels.shape, bool), UNIT, BANDS, group="sky"))
    made = MadeField(study, folder / "images.h5", folder / "splits.csv", folder / "sky.parquet", [], [])
    split(made.images, study, made.splits)
    catalogue(made.images, made.splits, None, study, made.sky)
    for name, values in skies.items():
        path = write_field(folder / name / "field.h5", values)
        made.fields.append(path)
        made.catalogues.append(path.with_name("catalogue.parquet"))
        catalogue(made.images, made.splits, path, study, made.catalogues[-1])
    return made


def write_field(path: Path, pixels: np.ndarray, **about: object) -> Path:
    """A field's file with what is known about it."""
    about = {"bands": BANDS, "unit": UNIT, "reach": 50, "pixel_scale": None, "tile": TILE, "seed": 0, **about}
    area, size = Window(0, 0, *pixels.shape[1:]), about["tile"]
    digests = np.zeros(digests_shape(area, len(pixels), size), np.uint8)
    for tile in tiles_of(area, size):
        digests[:, *number_of(area, tile, size)] = tile_digest(key_of(about), tile, pixels[:, *tile.slices])
    with created(path, "field", {"about": about, "area": [0, 0, area.height, area.width]}) as (file, _):
        file.create_dataset("pixels", data=pixels)
        file.create_dataset("digests", data=digests)
    return path
