"""What the parts of a study must agree on: each agreement is a function that refuses a study in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.config.denoiser import DENOISER
from pipeline.config.grid import conditions_of
from pipeline.config.methods import METHODS_OF_SCANS, SLOWER_METHODS, USUAL_METHODS
from pipeline.config.networks.unrolled import Unrolled
from pipeline.config.translate import HISTOGRAM_MATCHING
from pipeline.config.width import parse_width

if TYPE_CHECKING:
    from pipeline.config.study import Study

OF_FILES = ("groups", "science", "noise", "noise_kind", "mask", "mask_bits", "unit")
"""Settings of `images` that say how a user's own files are read."""


def methods_can_be_compared(study: Study) -> None:
    """The degraded image is always there, and names mean one thing."""
    if "degraded" not in study.methods:
        raise ValueError("methods: `degraded` is missing; it is what every other method is compared with")
    if study.denoises and DENOISER in study.networks:
        raise ValueError(
            f"networks.{DENOISER}: is the name of what plug_and_play is trained on; give the network another name"
        )
    for method in study.audit.methods or ():
        if method not in study.all_methods:
            raise ValueError(f"audit.methods: {method} is none of the study's, {', '.join(study.all_methods)}")


def final_widths_can_be_reached(study: Study) -> None:
    """Images do not get sharper by a blur."""
    if study.degrade.psf.fwhm_final and study.images.psf_fwhm is None:
        raise ValueError("degrade.psf.fwhm_final: needs images.psf_fwhm, the width that the images have already")
    own = parse_width(study.images.psf_fwhm) if study.images.psf_fwhm else None
    for final in map(parse_width, study.degrade.psf.fwhm_final or []):
        if own and final.unit == own.unit and final.value <= own.value:
            raise ValueError(f"degrade.psf.fwhm_final: {final} is not above images.psf_fwhm, which is {own}")


def conditions_have_names(study: Study) -> None:
    """As many names as conditions, all different."""
    unnamed = study.degrade.model_copy(update={"names": None})
    count, names = len(conditions_of(unnamed)), study.degrade.names
    if names is not None and (len(names) != count or len(set(names)) != count):
        raise ValueError(f"degrade.names: {len(names)} names for {count} conditions; one different name each is needed")
    made = [condition.name for condition in study.conditions]
    twice = [name for name in made if made.count(name) > 1]
    if twice:
        raise ValueError(f"degrade: two conditions are called {twice[0]}; name each width and each level once")


def noise_is_there_to_go_by(study: Study) -> None:
    """A truth without noise gives no multiple of it, and softens no stretch."""
    if not study.noise_free_truth:
        return
    instead = "and a survey's truth: noise_free has none; take {}, or images.survey.truth: exposure"
    if study.degrade.noise.ratio:
        raise ValueError(
            f"degrade.noise.ratio: multiplies the noise of the images, {instead.format('sigma, or kind: poisson')}"
        )
    if "asinh" in study.evaluate.spaces:
        raise ValueError(f"evaluate.spaces: asinh is softened by the truth's noise, {instead.format('linear')}")


def photons_can_be_counted(study: Study) -> None:
    """Light that was stretched for the eye counts no photons."""
    display = study.images.dataset == "hubble" or study.images.unit == "display"
    if display and study.degrade.noise.kind == "poisson":
        raise ValueError(
            "degrade.noise.kind: poisson counts photons, and images in `display` units, as that of the dataset "
            "hubble, were stretched for the eye; take gaussian, or images in a unit that is linear in the light"
        )


def images_are_read_so(study: Study) -> None:
    """Refuse settings of files where no file is read by them."""
    # Not asked of Images alone: `apply` reads a user's file by those of a study, as far as it has such extensions.
    images = study.images
    if images.dataset == "hubble":
        images.refuse_unread(*OF_FILES, because="of hubble", instead="set dataset: folder", section="images.")
    if images.dataset == "simulated_survey":
        images.refuse_unread(
            *OF_FILES, "pixel_scale", because="of a survey", instead="set dataset: folder", section="images."
        )
    for name, whole in (("noise_kind", "noise"), ("mask_bits", "mask")):
        if getattr(images, whole) is None:
            images.refuse_unread(name, because="alone", instead=f"set images.{whole}", section="images.")
    if images.background != "mesh":
        because = f"with background: {images.background}"
        images.refuse_unread("background_box", because=because, instead="set background: mesh", section="images.")


def batches_can_be_shared(study: Study) -> None:
    """Every process of a training gets as many crops."""
    devices = study.train.devices
    for name, network in study.trained.items():
        for stage, batch in network.batches.items():
            if batch % devices:
                section = name if name == DENOISER else f"networks.{name}"
                raise ValueError(
                    f"{section}.{stage}: {batch} crops cannot be shared evenly by train.devices, which is "
                    f"{devices}; take a multiple of it"
                )


def crops_of_fields_can_be_shared(study: Study) -> None:
    """The same of the generators of fields."""
    devices = study.train.devices
    for name, painter in (study.fields or {}).items():
        for width in painter.crops:
            count = painter.crops_of(width)
            if count % (devices * painter.pack):
                raise ValueError(
                    f"fields.{name}.batch: {count} crops of {width} px cannot be shared evenly by train.devices, "
                    f"which is {devices}, in packs of {painter.pack}; take a larger batch"
                )


def translators_can_be_trained(study: Study) -> None:
    """They have names of their own, and a device for themselves: the pool of translated images is not shared."""
    if HISTOGRAM_MATCHING in study.translators:
        raise ValueError(
            f"translate.networks.{HISTOGRAM_MATCHING}: is the name of what networks are compared with; take another"
        )
    if study.translate and study.train.devices > 1:
        raise ValueError(
            f"train.devices: {study.train.devices} cannot share the training of a translator; take 1 where the study "
            "has the section translate"
        )


def there_is_what_is_learned_from(study: Study) -> None:
    """A network learns from pairs where there are any, and goes by data where there is a scan."""
    for name, network in study.networks.items():
        if isinstance(network, Unrolled) and study.degrade.scan is None:
            raise ValueError(
                f"networks.{name}.architecture: unrolled goes by the data of a scan; take nafnet where the "
                "instrument blurs"
            )
        if network.learns_from == "pairs" and study.pairs is None:
            raise ValueError(f"networks.{name}.learns_from: the study has no pairs; name them, or take simulation")


def methods_suit_the_instrument(study: Study) -> None:
    """Scans and blurs have methods and judgements of their own."""
    scanned = study.degrade.scan is not None
    suited = METHODS_OF_SCANS if scanned else USUAL_METHODS + SLOWER_METHODS
    for method in study.methods:
        if method not in suited:
            what = "scans" if scanned else "blurs"
            raise ValueError(f"methods: {method} does not restore {what}; {', '.join(suited)} do")
    if not scanned:
        if study.evaluate.lesion:
            raise ValueError(
                "evaluate.tissue.lesion: lesions are put into slices that are scanned; leave it out where the "
                "instrument blurs"
            )
        return
    if study.restore.data_consistency and study.degrade.mri and study.degrade.mri.motion:
        raise ValueError(
            "restore.data_consistency: data of a head that moved contradict the truth itself, since restorers are told "
            "of one that lay still; set false, or leave degrade.mri.motion out"
        )
    if study.audit.halves:
        raise ValueError(
            "audit.halves: looks for sources that both halves invent; set false where a scanner is the instrument"
        )
    if study.evaluate.shapes:
        raise ValueError("evaluate.shapes: measures sources of light; set false where a scanner is the instrument")
    for name, network in study.networks.items():
        for stage in ("regression", "adversarial"):
            if getattr(getattr(network, stage, None), "reblur_weight", 0):
                raise ValueError(
                    f"networks.{name}.{stage}.reblur_weight: crops of a slice cannot be scanned; set 0 where a scanner "
                    "is the instrument"
                )


AGREEMENTS: tuple[Callable[[Study], None], ...] = (
    methods_can_be_compared,
    images_are_read_so,
    final_widths_can_be_reached,
    noise_is_there_to_go_by,
    photons_can_be_counted,
    batches_can_be_shared,
    crops_of_fields_can_be_shared,
    translators_can_be_trained,
    there_is_what_is_learned_from,
    methods_suit_the_instrument,
    conditions_have_names,
)
"""In the order in which they are asked for: the first that fails is what a user reads."""
