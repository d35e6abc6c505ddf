"""What `inspect` says of generators of fields and of the fields that they painted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.fields.field_file import read_field, tiles_of
from pipeline.model_file import Model
from pipeline.networks.build_generator import build_generator
from pipeline.store.hdf5 import attributes_of, opened

BENCHMARK = "benchmark"
"""What a file of labelled patches of real and synthetic sky says that it holds."""


def generator_in_words(model: Model) -> Iterator[tuple[str, str]]:
    """What a generator is, as pairs of a name and some words."""
    card = model.card
    made = build_generator(card["settings"], len(card["bands"]))
    weights = sum(tensor.numel() for tensor in model.tensors.values())
    yield "generator", f"{card['generator']} {model.hash} ({card['settings']['generator']}, {weights:,} weights)"
    yield "paints", f"bands {', '.join(card['bands'])} in {card['unit']}"
    yield "grid", f"{made.stride} px for each latent cell, {made.halo} cells of halo on each side"
    where = "a place on the sky near its training image" if card["wcs"] else "no place on the sky"
    yield "sky", f"noise {', '.join(f'{s:.3g}' for s in card['sky_sigma'])}; {where}"
    yield "trained on", f"study {card['study']}, outside of fold {card['fold']}; data {card['data_hash'][:12]}"
    yield "made with", ", ".join(f"{what} {version}" for what, version in card["versions"].items())


def field_in_words(path: Path) -> Iterator[tuple[str, str]]:
    """What a field is, as pairs of a name and some words; its pixels are not read."""
    with read_field(path) as reader:
        about, shape = reader.about, reader.shape
        tiles = tiles_of(reader.area, reader.tile)
        written = int(reader.digests.any((0, 3)).sum())
        yield "field", f"{' x '.join(map(str, shape))} (bands x height x width), bands {', '.join(about['bands'])}"
        yield "synthetic", f"painted by {about['generator']} {about['model'][:12]}, seed {about['seed']}"
        yield "unit", str(about["unit"])
        if "mark" in about:
            yield "mark", f"{about['mark']['strength']:g} of the sky's noise, by the key {about['mark']['key']}"
        yield "place", f"row {reader.area.y0}, column {reader.area.x0} of the endless field"
        yield "tiles", f"{written} of {len(tiles)} written, {reader.tile} px; `verify-field` compares their checksums"


def benchmark_in_words(path: Path) -> Iterator[tuple[str, str]]:
    """What a benchmark of labelled patches is, as pairs of a name and some words."""
    with opened(path, BENCHMARK) as file:
        about, shape = attributes_of(file), file["pixels"].shape
    yield "benchmark", f"{' x '.join(map(str, shape))} (patches x bands x height x width), study {about['study']}"
    yield "bands", f"{', '.join(about['bands'])} in {about['unit']}"
    yield "generators", ", ".join(about["generators"])
    for line in about["readme"].splitlines():
        yield "", line
