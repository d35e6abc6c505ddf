"""The card of a published model as a page to read: what it does, how well, and what it is not for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.config import Defects
from pipeline.evaluation.summary import FIELD
from pipeline.image import DISPLAY, unit_in_words
from pipeline.splits import FINAL

_PURPOSES = {
    "faithful": "Its output is the best estimate of each pixel: use it to measure.",
    "sharp": "Its output looks like real images, with fine texture that is invented: use it to look, not to measure.",
    "mean": "Its output is the mean of scenes that may have been, and near the best estimate of each pixel.",
    "sample": "Its output is one of the scenes that may have been, with fine texture that is invented; another draw "
    "would differ by as much as is not known.",
}


def card_text(card: dict[str, Any], hash: str) -> str:
    """A page of Markdown.

    Parameters
    ----------
    card : dict
        With what ``train`` wrote and with ``scores``, ``trained_on`` and ``folds``.
    hash : str
        The model's.
    """
    name = f"{card['network']}_{card['output']}"
    versions = ", ".join(f"{what} {version}" for what, version in card["versions"].items())
    sections = [
        f"# {name}, model {hash}",
        f"{_purpose(card)}\n\n    clearfield apply {name}.safetensors IMAGE -o OUT --psf ...",
        "## Trained on",
        _training(card),
        "## For",
        "\n".join(f"- {line}" for line in range_in_words(card)),
        "## How well",
        _judgement(card),
        "\n".join(_table(card)),
        "## Not for",
        "\n".join(f"- {line}" for line in _limits(card)),
        f"Made with {versions}; seed {card['seed']}, data {card['data_hash'][:12]}.",
    ]
    return "\n\n".join(sections) + "\n"


def range_in_words(card: dict[str, Any]) -> list[str]:
    """What images and instruments a model was trained for, a line each."""
    scale = f", pixels of {card['pixel_scale']:.4g} arcsec" if card["pixel_scale"] else ""
    found, unit = card["range"], unit_in_words(card["unit"])
    noise = [f"{name.removeprefix('sigma_')} {_span(*found[name])}" for name in found if name.startswith("sigma_")]
    widths = f"FWHM {_span(*found['fwhm_px'])} px, " if "fwhm_px" in found else ""
    radii = f"80% of the light within {_span(*found['r80_px'])} px" if "r80_px" in found else ""
    return [
        f"images in {unit}, bands {', '.join(card['bands'])}{scale}",
        f"PSF {card['instrument']['psf']['profile']}: {widths}{radii}{_error(card)}",
        f"{card['instrument']['noise']['kind']} noise: {', '.join(noise)} {unit}",
        _repair(card),
    ]


def _error(card: dict[str, Any]) -> str:
    # Cards written before PSFs were mistaken in training do not name it.
    error = card.get("psf_error", 0)
    return f"; trained for a width that is known to {100 * error:.2g}%" if error else ""


def _repair(card: dict[str, Any]) -> str:
    # Cards written before there were defects do not name them.
    lost = Defects.model_validate(card["instrument"].get("defects", {})).in_words()
    if lost:
        return f"repair of masked pixels: trained with {lost}"
    return "no repair: masked pixels are filled from their neighbours, and it was not trained to restore them"


def score_in_words(score: dict[str, Any]) -> str:
    """One condition: PSNR with its interval, and the difference to the best classical method."""
    return (
        f"{score['condition']}: PSNR {_psnr(score)} dB, {_difference(score)} against {score['reference']} "
        f"({score['space']}, n {score['n']}, {score['scope']})"
    )


def _purpose(card: dict[str, Any]) -> str:
    return f"Takes blur and noise out of images. {_PURPOSES[card['output']]}"


def _training(card: dict[str, Any]) -> str:
    found = card["trained_on"]
    images, groups = (f"{found[what]} {what if found[what] > 1 else what[:-1]}" for what in ("images", "groups"))
    which = "all groups" if card["fold"] == FINAL else f"the groups that train fold {card['fold']}"
    return (
        f"Study {card['study']} (dataset {found['dataset']}): {images}, {groups}, "
        f"{found['megapixels']:.3g} megapixels per band, {which}."
    )


def _judgement(card: dict[str, Any]) -> str:
    whose = f"{card['folds']} networks, one per fold, judged on images that the network had never seen"
    if card["fold"] == FINAL:
        how = f"Scores are those of {whose}. This file is a network trained in the same way on all of them."
    else:
        how = f"Scores are those of {whose}. This file is the network of fold {card['fold']}."
    field = any(score["scope"] == FIELD for score in card["scores"])
    scope = "They hold for this one field, not for others." if field else "They hold for images such as these."
    return f"{how} {scope} Medians over n items with 95% intervals; the difference is paired, against the reference."


def _table(card: dict[str, Any]) -> Iterator[str]:
    yield "| condition | space | PSNR (dB) | difference (dB) | reference | n |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for score in card["scores"]:
        cells = (score["condition"], score["space"], _psnr(score), _difference(score), score["reference"], score["n"])
        yield f"| {' | '.join(map(str, cells))} |"


def _psnr(score: dict[str, Any]) -> str:
    return f"{_decibel(score['median'])} [{_decibel(score['low'])}, {_decibel(score['high'])}]"


def _difference(score: dict[str, Any]) -> str:
    value, low, high = (_decibel(score[key], "+") for key in ("difference", "difference_low", "difference_high"))
    return f"{value} [{low}, {high}]"


def _limits(card: dict[str, Any]) -> Iterator[str]:
    yield "other bands, units or pixel scales, and PSF or noise beyond the range above: `apply` refuses them"
    yield "a PSF that changes across the image, and noise that is not independent from pixel to pixel"
    yield "scenes unlike those of the training: what it has not seen, it makes look like what it has"
    if card["unit"] == DISPLAY:
        yield "photometry: display units are stretched for the eye, and no flux can be measured on them"
    if card["output"] in ("sharp", "sample"):
        yield "detection, photometry or shapes at the limit of the image: fine texture is plausible, not observed"
    if card["settings"]["architecture"] == "pix2pix":
        yield "comparison across tiles: pix2pix sees a whole tile at once, so seams can show"


def _span(low: float, high: float) -> str:
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"


def _decibel(value: float | None, sign: str = "") -> str:
    return "unknown" if value is None else f"{value:{sign}.2f}"
