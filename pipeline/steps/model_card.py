"""The card of a published model as a page to read, after Mitchell et al. (2019, "Model cards for model reporting")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.config import Defects
from pipeline.image import DISPLAY, unit_in_words
from pipeline.splits import FINAL
from pipeline.steps.card_evidence import difference_in_words, evidence, psnr_in_words
from pipeline.steps.card_front import front_matter
from pipeline.steps.model_scan import example_of, range_of, scan_of

_PURPOSES = {
    "faithful": "Its output is the best estimate of each pixel: use it to measure.",
    "sharp": "Its output looks like real images, with fine texture that is invented: use it to look, not to measure.",
    "mean": "Its output is the mean of scenes that may have been, and near the best estimate of each pixel.",
    "sample": "Its output is one of the scenes that may have been, with fine texture that is invented; another draw "
    "would differ by as much as is not known.",
}
_KNOWN_SOURCES = {
    "hubble": "the Hubble eXtreme Deep Field (NASA, ESA) as scikit-image ships it; public domain",
    "simulated_survey": "drawn by Clearfield with galsim; no licence is needed for what is made",
}


def card_text(card: dict[str, Any], hash: str, weights: int) -> str:
    """A page of Markdown with front matter: the file ``MODEL_CARD.md``, which the model holds too.

    Parameters
    ----------
    card : dict
        With what ``train`` wrote and with ``scores``, ``trained_on`` and ``folds``; ``licence``, ``source``,
        ``sources``, ``intervals``, ``coverage`` and ``audit`` where these are known.
    hash : str
        The model's.
    weights : int
        How many numbers were learned.
    """
    name = f"{card['network']}_{card['output']}"
    sections = [
        front_matter(card, hash),
        f"# {name}, model {hash}",
        f"{_purpose(card)}\n\n    {_use(card, name)}",
        "## What it is",
        _list(_details(card, hash, weights)),
        "## For",
        _list(range_in_words(card)),
        "## Not for",
        _list(_limits(card)),
        "## Trained on",
        _training(card),
        _list(_data(card)),
        "## How it was trained",
        _list(_stages(card["settings"], card)),
        "## How well",
        *evidence(card),
        "## How to cite",
        _citation(card, name, hash),
    ]
    return "\n\n".join(sections) + "\n"


def range_in_words(card: dict[str, Any]) -> list[str]:
    """What images and instruments a model was trained for, a line each."""
    scale = f", pixels of {card['pixel_scale']:.4g} arcsec" if card["pixel_scale"] else ""
    found, unit = card["range"], unit_in_words(card["unit"])
    noise = [f"{name.removeprefix('sigma_')} {_span(*found[name])}" for name in found if name.startswith("sigma_")]
    widths = f"FWHM {_span(*found['fwhm_px'])} px, " if "fwhm_px" in found else ""
    radii = f"80% of the light within {_span(*found['r80_px'])} px" if "r80_px" in found else ""
    images = f"images in {unit}, bands {', '.join(card['bands'])}{scale}"
    scan = scan_of(card)
    if scan is not None:
        return [images, f"scans: {range_of(scan)}", f"noise of the images made of them: {', '.join(noise)} {unit}"]
    return [
        images,
        f"PSF {card['instrument']['psf']['profile']}: {widths}{radii}{_error(card)}",
        f"{card['instrument']['noise']['kind']} noise: {', '.join(noise)} {unit}",
        _repair(card),
    ]


def score_in_words(score: dict[str, Any]) -> str:
    """One condition: PSNR with its interval, and the difference to the best classical method."""
    return (
        f"{score['condition']}: PSNR {psnr_in_words(score)} dB, {difference_in_words(score)} against "
        f"{score['reference']} ({score['space']}, n {score['n']}, {score['scope']})"
    )


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


def _use(card: dict[str, Any], name: str) -> str:
    scan = scan_of(card)
    if scan is None:
        return f"clearfield apply {name}.safetensors IMAGE -o OUT --psf ..."
    return f"clearfield apply-volume {name}.safetensors VOLUME -o OUT --scan {example_of(scan)}"


def _purpose(card: dict[str, Any]) -> str:
    takes = "Takes blur and noise out of images." if scan_of(card) is None else "Restores slices from what a scan left."
    return f"{takes} {_PURPOSES[card['output']]}"


def _details(card: dict[str, Any], hash: str, weights: int) -> Iterator[str]:
    versions = ", ".join(f"{what} {version}" for what, version in card["versions"].items())
    yield f"architecture {card['settings']['architecture']}, {weights:,} weights, output `{card['output']}`"
    yield f"model {hash}, a hash of the weights: results name it in their history"
    yield f"made with {versions}; seed {card['seed']}, data {card['data_hash'][:12]}"
    yield f"licence of the weights: {card.get('licence') or 'not stated by whoever trained it'}"


def _training(card: dict[str, Any]) -> str:
    found = card["trained_on"]
    images, groups = (f"{found[what]} {what if found[what] > 1 else what[:-1]}" for what in ("images", "groups"))
    which = "all groups" if card["fold"] == FINAL else f"the groups that train fold {card['fold']}"
    return (
        f"Study {card['study']} (dataset {found['dataset']}): {images}, {groups}, "
        f"{found['megapixels']:.3g} megapixels per band, {which}."
    )


def _data(card: dict[str, Any]) -> Iterator[str]:
    scale = f"pixels of {card['pixel_scale']:.4g} arcsec" if card["pixel_scale"] else "pixel scale unknown"
    yield f"bands {', '.join(card['bands'])}; {unit_in_words(card['unit'])}; {scale}"
    known = card.get("source") or _KNOWN_SOURCES.get(card["trained_on"]["dataset"])
    yield f"source and licence of the images: {known or 'not stated by whoever trained it'}"
    yield "the truth is an image too: what it lacks, or has wrongly, the model has learned"


def _stages(settings: dict[str, Any], card: dict[str, Any]) -> Iterator[str]:
    """The architecture's settings, and those of each stage that was run."""
    stages = {name: value for name, value in settings.items() if isinstance(value, dict)}
    own = {name: value for name, value in settings.items() if name not in stages and name != "architecture"}
    yield f"{settings['architecture']}: {_settings(own)}"
    for name, stage in stages.items():
        if stage.get("steps"):
            yield f"{name}: {_settings(stage)}"
    if card.get("learned_from") == "pairs":
        yield "crops of real pairs: sharp images, and blurred ones by another instrument, turned alike"
    else:
        yield "crops of the sharp images, blurred and made noisy anew at every step"
    yield f"pixels reach it by the stretch {card['preparation']['stretch']['kind']}, which is undone afterwards"


def _settings(values: dict[str, Any]) -> str:
    shown = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in values.items() if v is not None}
    return "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())


def _citation(card: dict[str, Any], name: str, hash: str) -> str:
    version = card["versions"].get("clearfield", "unknown")
    return (
        f"Name the model, {name} {hash}, and Clearfield {version} (`CITATION.cff` in its repository), and cite the "
        "source of the images above.\nWhere results rest on a comparison with classical methods, cite their papers too."
    )


def _limits(card: dict[str, Any]) -> Iterator[str]:
    if scan_of(card) is not None:
        yield "patients: for research alone, and no medical device"
        yield "other units, and scans beyond the range above: `apply-volume` refuses them"
        yield "reconstructions of another kernel or method than filtered back projection or zero filling"
    else:
        yield "other bands, units or pixel scales, and PSF or noise beyond the range above: `apply` refuses them"
        yield "a PSF that changes across the image, and noise that is not independent from pixel to pixel"
    yield "scenes unlike those of the training: what it has not seen, it makes look like what it has"
    if card["unit"] == DISPLAY:
        yield "photometry: display units are stretched for the eye, and no flux can be measured on them"
    if card["output"] in ("sharp", "sample"):
        yield "detection, photometry or shapes at the limit of the image: fine texture is plausible, not observed"
    if card["settings"]["architecture"] == "pix2pix":
        yield "comparison across tiles: pix2pix sees a whole tile at once, so seams can show"
    if card["unit"] != DISPLAY and not card.get("sources"):
        yield "claims about flux, size or shape before these were measured: its scores are about pixels"


def _list(lines: Iterator[str] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _span(low: float, high: float) -> str:
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
