"""audit of one model file: on empty sky, on a user's own image, or on held-out items of its study."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from pipeline.audit.empty_sky import EmptySky
from pipeline.audit.examination import examine
from pipeline.audit.lesions import Body
from pipeline.audit.maps import maps_of
from pipeline.audit.specimen import Specimen, Width
from pipeline.audit.table import table_of
from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.image import Image
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.model_file import Model
from pipeline.observation import Observation, read_observations, write_observations
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import Profile, draw_psf
from pipeline.restorers.network import NetworkRestorer
from pipeline.restorers.restorer import Restorer
from pipeline.restorers.spread import SpreadEstimator
from pipeline.splits import FINAL, read_splits
from pipeline.steps.audit import OF_SLICES, write_audit
from pipeline.steps.degrade import observe
from pipeline.steps.instrument import guard_for, read_stamp
from pipeline.steps.interval_models import interval_width
from pipeline.steps.interval_planes import calibration_of, has_intervals
from pipeline.steps.model_scan import scan_of
from pipeline.steps.operator_words import instrument_from_words, operator_words
from pipeline.steps.restore import corrected
from pipeline.steps.specimens import chosen, ground_of, specimens_of
from pipeline.steps.user_image import MaskWords, open_user_image
from pipeline.store import read_images
from pipeline.tiling import Window, tiles
from pipeline.windowed import Plane, WindowedImage

PIECE = 192
"""Width in px of a piece of a user's image."""
OWN = "the user’s image"

Material = tuple[str, list[Specimen], EmptySky | Body]
"""What is called a condition, its specimens, and the ground that holds nothing."""


class ModelAuditError(ClearfieldError):
    """Files beside a model that are neither an image nor a study."""


def audit_model(
    model: Path,
    files: Sequence[Path],
    study: Study,
    out: Path,
    psf: str | None = None,
    noise: str | None = None,
    again: Sequence[Path] = (),
) -> None:
    """Write the audit of a model file to a folder; see :func:`pipeline.steps.audit.write_audit`.

    Parameters
    ----------
    model : path
        What ``publish`` or ``train`` wrote.
    files : sequence of path
        None: empty sky alone, as the model's card has instrument and sky. An image as ``apply`` takes it: also its
        consistency, light put into it, a mistaken instrument and strange input; its truth is not known. ``images.h5``
        and ``splits.csv`` of the model's study: all that the study's own audit asks of one method.
    study : Study
        For the settings of the audit; with ``images.h5``, the model's study.
    out : path
    psf, noise : str, optional
        The instrument of an image, as for ``apply``; by default the model's own PSF, and noise as measured.
    again : sequence of path
        Another exposure of the image, by the same instrument and on the same pixels.

    Raises
    ------
    ModelAuditError
        If only one of ``images.h5`` and ``splits.csv`` is given, the study is not the model's, or another exposure is
        given without an image, or of another size; if a model for a scanner is given no held-out slices.
    """
    restorer = NetworkRestorer(model, study.restore.tile)
    card = restorer.model.card
    tables = [path for path in files if path.suffix in (".h5", ".csv")]
    scanned = scan_of(card) is not None
    if scanned and not tables:
        raise ModelAuditError(
            f"{model}: restores scans, which no file of an image holds; give images.h5 and splits.csv of its study, "
            "with --config"
        )
    remarks = [*OF_SLICES] if scanned else []
    judged = corrected(restorer, study)
    if again and (tables or not files):
        raise ModelAuditError(f"--again {again[0]}: is another exposure of an image; give the image too")
    if not files:
        material: Iterator[Material] = iter([_of_card(card, study)])
        remarks.append("No image was given: empty sky alone was looked at.")
    elif tables:
        material = _held_out(tables, card, study)
        if card["fold"] == FINAL:
            remarks.append("This model was trained on all images, these among them: its audit is better than it is.")
    else:
        material = iter([_of_image(files, again, card, study, psf, noise)])
        instead = ", but with that of the other exposure" if again else ""
        remarks.append(
            f"The scene of a user’s image is not known, so its detail was not compared with a truth{instead}."
        )
    method, found, maps = f"{card['network']}_{card['output']}", [], {}
    width = _width(judged, restorer.model, study) if has_intervals(restorer.model) else None
    for condition, specimens, ground in material:
        findings, restored = examine(judged, specimens, ground, study.audit, card.get("brightest", []), width)
        found.append(table_of(findings, condition, method))
        if specimens:
            maps[condition, method] = maps_of(specimens[0], restored[0], study.audit.ring_correlation)
    table = pd.concat(found, ignore_index=True)
    write_audit(table, maps, study, f"model {method} {restorer.model.hash}", out, tuple(remarks))


def _width(judged: Restorer, model: Model, study: Study) -> Width:
    """The width of the model's own intervals."""
    return interval_width(judged, SpreadEstimator(model, study.restore.tile), calibration_of(model))


def _of_card(card: dict[str, Any], study: Study) -> Material:
    """Empty sky as the model's card has it: the noisiest and widest instrument that it was trained for."""
    bands, size = tuple(card["bands"]), study.audit.field_size
    if card["psf"] is not None:
        psf = torch.tensor(card["psf"])
    else:
        shape = card["instrument"]["psf"]
        profile: Profile = "gaussian" if shape["profile"] == "file" else shape["profile"]
        kernel = draw_psf(profile, card["range"]["fwhm_px"][1], shape["beta"], shape["obscuration"])
        psf = kernel.expand(len(bands), -1, -1).contiguous()
    levels = tuple(card["range"][f"sigma_{band}"][1] for band in bands)
    pixels = np.zeros((len(bands), size, size), np.float32)
    sigma = np.broadcast_to(np.array(levels, np.float32)[:, None, None], pixels.shape).copy()
    like = Image("empty sky", pixels, np.zeros(pixels.shape, bool), card["unit"], bands, sigma=sigma)
    sky = card["preparation"]["stretch"]["offset"]
    seen = Observation(like, Blur(psf.float(), GaussianNoise(levels)))
    return "empty sky", [], EmptySky(seen, sky, size, (study.seed, "card"))


def _of_image(
    files: Sequence[Path],
    again: Sequence[Path],
    card: dict[str, Any],
    study: Study,
    psf: str | None,
    noise: str | None,
) -> Material:
    """Pieces of a user's image, those with most light first."""
    with ExitStack() as opened:
        seen, operator = _seen(files, card, psf, noise, opened)
        other = _seen(again, card, psf, noise, opened)[0] if again else None
        if other is not None and other.shape != seen.shape:
            raise ModelAuditError(
                f"--again {again[0]}: of shape {other.shape}, and {files[0]} of {seen.shape}; an exposure on the same "
                "pixels is needed"
            )
        specimens = list(_pieces(seen, other, operator, study.audit.items))
        sky = [_level(seen, band) for band in range(len(seen.bands))]
    own = EmptySky(specimens[0].seen, sky, study.audit.field_size, (study.seed, "image"))
    return OWN, specimens, own


def _seen(
    files: Sequence[Path], card: dict[str, Any], psf: str | None, noise: str | None, opened: ExitStack
) -> tuple[WindowedImage, Blur]:
    """A user's image with its noise, and its instrument."""
    image = open_user_image(files, MaskWords(None, None), card, opened).image
    instrument = opened.enter_context(instrument_from_words(operator_words(psf or "model", noise, None), image, card))

    def with_noise(band: int, window: Window, plane: Plane) -> Plane:
        sigma, without, _ = instrument.noise.read(band, window)
        return Plane(plane.pixels, plane.mask | without, sigma)

    return image.changed(with_noise), instrument.operator


def _pieces(seen: WindowedImage, other: WindowedImage | None, operator: Blur, count: int) -> Iterator[Specimen]:
    guard = guard_for(2 * operator.halo + 1)
    every = [w for w in tiles(seen.area, PIECE) if min(w.height, w.width) >= PIECE // 2] or [seen.area]
    brightest = sorted(every, key=lambda w: -float(np.std(seen.part(w).pixels)))[:count]
    for core in brightest:
        context = core.grown(guard).clipped(seen.area)
        again = None if other is None else Observation(other.part(context), operator)
        yield Specimen(Observation(seen.part(context), operator), core.relative_to(context), again=again)


def _level(seen: WindowedImage, band: int) -> float:
    values = np.concatenate([plane.pixels[~plane.mask] for plane in seen.strips(band)])
    return sky_level_and_sigma(values)[0]


def _held_out(tables: Sequence[Path], card: dict[str, Any], study: Study) -> Iterator[Material]:
    by_ending = {path.suffix: path for path in tables}
    if set(by_ending) != {".h5", ".csv"}:
        raise ModelAuditError(f"{tables[0]}: images.h5 and splits.csv go together; give both, from one study")
    if card["study"] != study.study:
        raise ModelAuditError(
            f"--config is that of the study {study.study}, and the model is of {card['study']}; give the model's"
        )
    if study.pairs is not None:
        raise ModelAuditError(
            f"the study {study.study} has real pairs, which no other step can make anew; its audit is `snakemake audit`"
        )
    fold = 0 if isinstance(card["fold"], str) else int(card["fold"])
    items = chosen(read_splits(by_ending[".csv"]), fold, study.audit.items)
    _, served = study.seen_by(card["network"])
    with read_images(by_ending[".h5"]) as truths, tempfile.TemporaryDirectory() as folder:
        stamp = read_stamp(study, truths.image(truths.ids[0], Window(0, 0, 1, 1)).bands)
        for condition in served.conditions:
            path = Path(folder, f"{condition.name}.h5")
            with write_observations(path, condition=condition.name) as writer:
                for id in dict.fromkeys(item.image for item in items):
                    writer.append(observe(truths.image(id), study, condition.name, stamp))
            with read_observations(path) as observations:
                specimens = specimens_of(items, truths, observations)
            yield condition.name, specimens, ground_of(specimens, truths, study, condition.name)
