"""What each step needs of a study, so that an edit of the configuration reruns what it concerns and nothing else."""

from __future__ import annotations

from typing import Any

from pipeline.config import DENOISER, Psf, Study, parse_width


def settings_for(study: Study, step: str, /, **which: Any) -> dict[str, Any]:
    """The settings that a step's results depend on, as plain values with dotted names.

    Parameters
    ----------
    study : Study
    step : str
        Name of the step.
    **which
        What the step is asked for: ``condition``, ``method``, ``network``, where it has them. Of a specialist, which is
        called ``<network>@<condition>``, training depends on its own condition and on no other.
    """
    values = study.model_dump(mode="json", exclude_none=True)
    if step == "simulate":
        drawn = _leaves(values, "seed", "images.survey", "images.bands")
        return {name: value for name, value in drawn.items() if name != "images.survey.truth"}
    if step == "ingest":
        # The background of a single image is measured in the bands of sky that it will be cut into.
        folds = _BANDS_OF_SKY if study.images.background in ("constant", "mesh") else ()
        # Images in display units are refused where photons are to be counted.
        photons = {"degrade.noise.kind": "poisson"} if study.degrade.noise.kind == "poisson" else {}
        # A survey that is made follows from the seed.
        seed = ("seed",) if study.images.dataset in ("simulated_survey", "head_phantom") else ()
        # The k-space of slices for a magnet is looked at.
        magnet = {"degrade.mri": True} if study.degrade.mri else {}
        return _leaves(values, "images", *seed, *folds) | photons | magnet
    if step == "split":
        return _leaves(values, "seed", "split", "degrade.psf", *_GRID) | _widest(study.degrade.psf)
    if step == "degrade":
        return _condition(study, which["condition"]) | _leaves(values, "seed", "images.pixel_mm", *_BANDS_OF_SKY)
    if step == "pair":
        return _leaves(values, "pairs", "images.bands", *_GRID)
    if step == "tune":
        return _condition(study, which["condition"]) | _leaves(values, "seed", *_SPACES)
    if step == "train":
        wanted = ("seed", "threads", *_INSTRUMENT, *_SCANS, "degrade.psf", "degrade.noise", "pairs", "train", *_GRID)
        network, seen = study.seen_by(which["network"])
        own = DENOISER if network == DENOISER else f"networks.{network}"
        return _leaves(seen.model_dump(mode="json", exclude_none=True), *wanted, own)
    if step == "restore":
        return _leaves(values, "threads", "restore.data_consistency") if "network" in which else {}
    if step == "evaluate":
        judged = (*_SPACES, "evaluate.apertures", "evaluate.detection", "evaluate.tissue")
        return _condition(study, which["condition"]) | _leaves(values, *judged)
    if step == "implant":
        threads = ("threads",) if "network" in which else ()
        return _condition(study, which["condition"]) | _leaves(
            values, "seed", "images.pixel_mm", "evaluate.tissue.lesion", "degrade.ct", "degrade.mri", *threads
        )
    if step == "measure":
        return _condition(study, which["condition"]) | _leaves(
            values, "seed", "evaluate.apertures", "evaluate.detection"
        )
    if step in ("calibrate", "gauge"):
        # With shapes, sources are measured too, and get intervals of their own.
        shapes = ("evaluate.shapes", "evaluate.apertures", "evaluate.detection") if study.evaluate.shapes else ()
        return _leaves(values, "restore.data_consistency", *shapes)
    if step == "collect":
        return _leaves(values, "seed")
    if step in ("tally", "detect"):
        return _leaves(values, "seed")
    if step == "discern":
        return _leaves(values, "seed")
    if step in ("summarise", "rank"):
        return _leaves(values, "seed", "evaluate.spaces", "evaluate.bootstrap")
    if step in ("gallery", "deep_zoom"):
        return {}
    if step == "catalogue":
        return _leaves(values, "evaluate.apertures", "evaluate.detection")
    if step in ("compare", "traces", "field_report"):
        return _leaves(values, "seed")
    if step == "examine":
        examined = ("seed", "threads", "restore.data_consistency", "audit")
        lesions = ("evaluate.tissue.lesion",) if study.degrade.scan else ()
        found = _condition(study, which["condition"]) | _leaves(values, *examined, *lesions)
        return {name: value for name, value in found.items() if name not in _OF_THE_AUDIT_AS_A_WHOLE}
    if step == "train_field":
        painter = study.painters[which["generator"]].model_dump(mode="json", exclude_none=True)
        named = {f"fields.{which['generator']}.{name}": value for name, value in painter.items()}
        return named | _leaves(values, "seed", "threads", *_OF_THE_LOOP, *_GRID)
    if step == "ingest_domain":
        own_images = study.of_domain(which["domain"])
        return settings_for(own_images, "ingest") | settings_for(own_images, "split")
    if step == "train_translation":
        own = f"translate.networks.{which['translator']}"
        return _leaves(values, "seed", "threads", *_OF_THE_LOOP, own)
    if step == "translate":
        return {}
    if step in ("judge_translation", "translation_report"):
        return _leaves(values, "seed")
    if step in ("generate", "join_field"):
        return _leaves(values, "field")
    # The report and the model's card show the whole study, but for what has pages of its own.
    apart = {"fields", "field", "translate"} | ({"audit"} if step != "audit" else set())
    return _leaves(values, *(name for name in values if name not in apart))


def threads_for(study: Study, step: str, method: str | None = None) -> int:
    """Cores that a step uses: the study's to train, restore, paint or draw a survey; else one, for steps abreast."""
    return study.threads if step in _SHARED_OUT or method in study.network_methods else 1


_OF_THE_LOOP = (
    *("train.softening", "train.validate_every", "train.checkpoint_every", "train.clip"),
    *("train.devices", "train.accelerator", "train.precision"),
)
"""What a generator's training has in common with that of networks."""

_SHARED_OUT = ("train", "simulate", "train_field", "generate", "train_translation", "translate")
"""Steps that use all of a study's cores."""

_GRID = ("images.pixel_scale", "images.psf_fwhm")
"""What turns a width in arcsec into pixels, and a final width into one that is added."""

_BANDS_OF_SKY = ("split.folds",)
"""What says where a single image is cut into bands of sky."""

_INSTRUMENT = ("degrade.protocol", "degrade.defects")
"""What all conditions share beside the grid."""

_SCANS = ("degrade.ct", "degrade.mri", "images.pixel_mm")
"""Scanners that take the place of a PSF and a noise, and what they go by."""

_OF_THE_AUDIT_AS_A_WHOLE = ("audit.methods", "audit.halves")
"""What says which jobs an audit has, and changes none."""

_SPACES = ("evaluate.spaces", "train.softening")
"""Scalings in which images are judged; the softening of asinh is that of training."""


def _condition(study: Study, name: str) -> dict[str, Any]:
    whole, condition = (part.model_dump(mode="json", exclude_none=True) for part in (study, study.condition(name)))
    return _leaves(condition, *condition) | _leaves(whole, *_INSTRUMENT, *_GRID)


def _widest(psf: Psf) -> dict[str, Any]:
    """The one width that a split depends on, since its guard is as wide as the widest PSF.

    Another width below it then concerns no split, and nothing that rests on one.
    """
    for axis in ("fwhm", "fwhm_final"):
        widths = [parse_width(text) for text in getattr(psf, axis) or []]
        # Pixels and arcsec cannot be compared before there are images: all widths count then.
        if widths and len({width.unit for width in widths}) == 1:
            return {f"degrade.psf.{axis}": [str(max(widths))]}
    return {}


def _leaves(values: dict[str, Any], *parts: str) -> dict[str, Any]:
    flat = dict(_flat(values))
    return {name: flat[name] for name in flat if any(name == part or name.startswith(f"{part}.") for part in parts)}


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            pairs.append((f"{prefix}{name}", value))
    return pairs
