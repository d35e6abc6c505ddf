"""inspect: what is in an image, in a model or in a file between two steps, in about ten lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py

from pipeline.fields.field_file import KIND as FIELD
from pipeline.fields.model import FIELD_GENERATOR
from pipeline.fill import FILL_HALO
from pipeline.formats import is_fits, read_image
from pipeline.formats.fits import centre_of, file_and_extension, list_extensions
from pipeline.formats.identifying import first_file, identifying, warnings
from pipeline.formats.volumes import open_volume
from pipeline.image import Image, Mask, Pixels, unit_in_words
from pipeline.measures.noise import NoiseEstimateError, white_noise_sigma
from pipeline.measures.sky import sky_level_and_sigma
from pipeline.model_file import Model, ModelFileError, read_model
from pipeline.observation import read_observations
from pipeline.physics.blur import INVERSE_HALO
from pipeline.restorers.network import NetworkRestorer
from pipeline.splits import FINAL
from pipeline.steps.choose_extension import choose_extension
from pipeline.steps.inspect_field import BENCHMARK, benchmark_in_words, field_in_words, generator_in_words
from pipeline.steps.model_card import range_in_words, score_in_words
from pipeline.steps.model_scan import example_of, scan_of
from pipeline.store import ImageReader, RestoredReader, read_images, read_restored


def inspect(path: Path) -> list[str]:
    """Say what is in a file.

    Parameters
    ----------
    path : path
        A model (``.safetensors``), one of our HDF5 files (``.h5``), FITS, a picture, NIfTI, or DICOM (a file, or a
        folder with a series).

    Returns
    -------
    list of str
        Lines of text.

    Raises
    ------
    ModelFileError, StoreError, FormatError
        If the file is missing, damaged or of no kind that is known.
    """
    if path.suffix == ".safetensors":
        return list(_of_model(read_model(path)))
    if path.suffix in (".h5", ".hdf5"):
        return list(_of_store(path))
    if first_file(path) is not None:
        return list(_of_volume(path))
    return list(_of_image(path))


def model_card(path: Path) -> list[str]:
    """The card of a published model, line by line.

    Raises
    ------
    ModelFileError
        If the file is no model, or one that was not published.
    """
    text = read_model(path).card.get("text")
    if text is None:
        raise ModelFileError(f"{path}: has no card to read; `publish` adds it to a model that was judged")
    return str(text).splitlines()


def _of_image(path: Path) -> Iterator[str]:
    file = file_and_extension(path)[0]
    # The part that `apply` would take.
    part = choose_extension(path, None).word if is_fits(file) else path
    image = read_image(part)
    size = f"{image.shape[-2]} x {image.shape[-1]} px"
    if is_fits(file):
        yield _line("extensions", "; ".join(_extensions(file)))
    yield _line("image", f"{size}, {'bands' if len(image.bands) > 1 else 'band'} {', '.join(image.bands)}")
    yield _line("centre", _centre(file, image))
    yield from _values(image)


def _of_volume(path: Path) -> Iterator[str]:
    volume, file = open_volume(path, "the volume"), first_file(path) or path
    channels, depth, height, width = volume.shape
    yield _line("volume", f"{depth} slices of {height} x {width} px, {channels} channel{'s' if channels > 1 else ''}")
    yield _line("spacing", " x ".join(f"{mm:.4g}" for mm in volume.spacing) + " mm (slices, rows, columns)")
    yield _line("placed", "yes" if volume.placed else "no: the file does not say where it lies")
    yield _line("unit", unit_in_words(volume.unit))
    middle = volume.read(depth // 2)
    trusted = middle.pixels[~middle.mask]
    if trusted.size:
        yield _line("values", f"{trusted.min():.5g} to {trusted.max():.5g} in the middle slice")
    told = identifying(file, "the volume")
    yield _line("identifying", ", ".join(told) or "nothing that is known to be")
    for warning in warnings(file, "the volume"):
        yield _line("beware", warning)


def _of_model(model: Model) -> Iterator[str]:
    if model.card.get("kind") == FIELD_GENERATOR:
        yield from (_line(name, words) for name, words in generator_in_words(model))
        return
    card, restorer = model.card, NetworkRestorer(model)
    weights = sum(tensor.numel() for tensor in model.tensors.values())
    trained = card.get("trained_on", {})
    material = f", {_count(trained['images'], 'image')} in {_count(trained['groups'], 'group')}" if trained else ""
    architecture = f"{card['settings']['architecture']}, {weights:,} weights"
    yield _line("model", f"{card['network']}_{card['output']} {model.hash} ({architecture})")
    for name, words in zip(("for", "", "", ""), range_in_words(card)):
        yield _line(name, words)
    scan = scan_of(card)
    if scan is None:
        one = "yes" if card["psf"] is not None else "no, there are several: give a width or a file"
        yield _line("--psf model", one)
    else:
        yield _line("apply-volume", f"--scan {example_of(scan)}")
    yield _line("stretch", _stretch(card["preparation"]["stretch"]))
    halo = f"{restorer.halo} px for the network, {INVERSE_HALO} px for the inverse, {FILL_HALO} px for masked pixels"
    yield _line("halo", f"{halo}; stride {restorer.stride} px")
    yield _line("trained on", f"study {card['study']}, fold {card['fold']}{material}; data {card['data_hash'][:12]}")
    scores = card.get("scores", [])
    for name, score in zip(("scores", *[""] * len(scores)), scores):
        yield _line(name, score_in_words(score))
    if not scores:
        yield _line("scores", "none: `publish` adds them")
    yield _line("intervals", _intervals(card) if model.spread else "none")
    yield _line("made with", ", ".join(f"{what} {version}" for what, version in card["versions"].items()))


def _intervals(card: dict[str, Any]) -> str:
    if "intervals" not in card:
        return "none: `publish` adds them"
    found = card["intervals"]
    groups = found["calibrated"]["pixels"]["notes"]["all"]["groups"]
    return f"ERR, LOWER95 and UPPER95, calibrated on {groups} {found['counted']}"


def _of_store(path: Path) -> Iterator[str]:
    kind = _kind(path)
    if kind == FIELD:
        yield from (_line(name, words) for name, words in field_in_words(path))
    elif kind == BENCHMARK:
        yield from (_line(name, words) for name, words in benchmark_in_words(path))
    elif kind == "restored":
        with read_restored(path) as items:
            yield from _of_items(items)
    elif kind == "observations":
        with read_observations(path) as observations:
            yield from _of_images(observations, kind)
            for id in observations.ids[:1]:
                described = observations.observation(id, None, FINAL).operator.descriptor()
                yield _line("instrument", _noted({name: round(value, 3) for name, value in described.items()}))
    else:
        with read_images(path) as images:
            yield from _of_images(images, kind)


def _kind(path: Path) -> str:
    try:
        with h5py.File(path, "r") as file:
            return json.loads(file.attrs["kind"])
    except (OSError, KeyError, TypeError, ValueError):
        return "images"  # whose reader says in words what is wrong


def _of_items(items: RestoredReader) -> Iterator[str]:
    yield _line("restored", f"{len(items.items)} items: {_some(items.items)}")
    for item in items.items[:1]:
        shape = " x ".join(map(str, items.pixels(item).shape))
        yield _line("first", f"{shape} (bands x height x width), {_noted(items.attributes(item))}")


def _of_images(images: ImageReader, kind: str) -> Iterator[str]:
    yield _line(kind, f"{len(images)}: {_some(images.ids)}")
    yield _line("noted", _noted(images.attributes))
    for id in images.ids[:1]:
        first = images.image(id)
        size = " x ".join(map(str, first.shape))
        yield _line("first", f"{size} (bands x height x width), bands {', '.join(first.bands)}")
        yield from _values(first)


def _values(image: Image) -> Iterator[str]:
    """What any image has: unit, scale, trust and values."""
    yield _line("unit", unit_in_words(image.unit))
    yield _line("pixel scale", f"{image.pixel_scale:.6g} arcsec" if image.pixel_scale else "unknown")
    yield _line("trusted", f"{100 * (1 - image.mask.mean()):.2f}% of the pixels")
    yield _line("range", _per_band(image, _range))
    yield _line("sky", _per_band(image, _sky))
    yield _line("white noise", _per_band(image, _noise))


def _per_band(image: Image, words: Callable[[Pixels, Mask], str]) -> str:
    bands = zip(image.bands, image.pixels, image.mask)
    return "; ".join(f"{band} {'nothing trusted' if mask.all() else words(plane, mask)}" for band, plane, mask in bands)


def _range(plane: Pixels, mask: Mask) -> str:
    values = plane[~mask]
    return f"{values.min():.4g} to {values.max():.4g}"


def _sky(plane: Pixels, mask: Mask) -> str:
    level, sigma = sky_level_and_sigma(plane[~mask])
    return f"{level:.4g} +- {sigma:.3g}"


def _noise(plane: Pixels, mask: Mask) -> str:
    try:
        return f"{white_noise_sigma(plane, mask):.3g}"
    except NoiseEstimateError:
        return "not measurable"


def _extensions(path: Path) -> Iterator[str]:
    for number, extension in enumerate(list_extensions(path)):
        size = " x ".join(map(str, extension.shape))
        yield " ".join(filter(None, (str(number), extension.name, size, extension.kind)))


def _centre(path: Path, image: Image) -> str:
    """Where the middle of an image lies on the sky, by its header."""
    position = centre_of(path, image) if is_fits(path) else None
    if position is None:
        return "unknown, without a WCS"
    longitude, latitude = position.spherical.lon.deg, position.spherical.lat.deg
    return f"{longitude:.6f}, {latitude:+.6f} deg ({position.frame.name})"


def _stretch(stretch: dict[str, Any]) -> str:
    planes = zip(stretch["offset"], stretch["softening"])
    return f"{stretch['kind']}, " + "; ".join(f"about {offset:.4g}, softened by {by:.4g}" for offset, by in planes)


def _noted(attributes: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_rounded(value)}" for name, value in attributes.items()) or "nothing"


def _rounded(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_rounded, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _line(name: str, words: str) -> str:
    return f"{name:<12} {words}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
