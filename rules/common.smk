# The study, checked before anything else, and what the rules ask of it.
import re
import sys

from snakemake.logging import logger

from pipeline.code_hash import code_hash
from pipeline.step_settings import settings_for
from pipeline.workflow import (
    files_of_images,
    files_of_pairs,
    lock_or_exit,
    resolved_config,
    study_or_exit,
    translated_or_exit,
)

STUDY = study_or_exit(config, workflow.configfiles, bool(workflow.config_settings.config))
CONFIG = resolved_config(STUDY)
CONDITIONS = [condition.name for condition in STUDY.conditions]
CLASSICAL = list(STUDY.methods)
METHODS = list(STUDY.all_methods)
FOLDS = [f"fold{fold}" for fold in range(STUDY.split.folds)]
FINAL = "final" if STUDY.publish.final == "retrain" else "fold0"
SURVEY = "results/{study}/survey"
MADE = STUDY.images.dataset == "simulated_survey"
PSF_FILE = sorted(
    {path.replace("{band}", band) for path in [STUDY.degrade.psf.file] if path for band in STUDY.images.bands or [""]}
)
PAIRED = [f"results/{STUDY.study}/degraded/{CONDITIONS[0]}.h5"] if STUDY.pairs else []
DISCERNED = (
    [f"results/{{study}}/discerned/{condition}.parquet" for condition in CONDITIONS]
    if STUDY.evaluate.classifiers
    else []
)
SOURCES = ["results/{study}/sources.csv"] if STUDY.evaluate.shapes else []
LESIONS = ["results/{study}/lesions.csv"] if STUDY.evaluate.lesion else []
INTERVALS = ["results/{study}/intervals.csv"] if STUDY.interval_methods else []
GENERATORS = list(STUDY.painters)
FIELD_PART = "rows/{part}" if STUDY.field.jobs > 1 else "field"
HALVES = ["half0", "half1"]
TRANSLATION = "results/{study}/translation"
TRANSLATING = STUDY.translation_methods
AUDITED = [
    *[
        f"results/{STUDY.study}/audit/{condition}/{method}.{kind}"
        for condition in CONDITIONS
        for method in STUDY.audited_methods
        for kind in ("parquet", "npz")
    ],
    *[
        f"results/{STUDY.study}/audit/{condition}/{method}.halves.parquet"
        for condition in CONDITIONS
        for method in STUDY.audited_methods
        if STUDY.audit.halves and method in STUDY.network_methods
    ],
]
held = []  # the lock on the study, for as long as Snakemake runs


wildcard_constraints:
    study=STUDY.study,
    condition="|".join(map(re.escape, CONDITIONS)),
    method="|".join(METHODS),
    network="|".join(map(re.escape, [*STUDY.models, *STUDY.trained])) or "none",
    output="faithful|sharp|mean|sample",
    fold="fold[0-9]+|final|half[01]",
    generator="|".join(map(re.escape, GENERATORS)),
    part="[0-9]+",
    domain="into|truth",
    translator="|".join(map(re.escape, STUDY.translators)) or "none",
    translating="|".join(map(re.escape, TRANSLATING)) or "none",


def tells_something(record):
    """Whether a message of Snakemake's is shown; what a job did, or why it failed, it says itself in one line."""
    message = str(record.msg)
    return "returned non-zero exit status 1." not in message and not message.startswith(
        ("Select jobs", "Execute ", "Finished job", "Using shell", "Conda env", "Complete log")
    )


logger.addFilter(tells_something)


def needs(step, **fixed):
    """The settings that a job of a step depends on, as a parameter: the job is run again when one changes."""

    def settings(wildcards):
        return settings_for(STUDY, step, **{**dict(wildcards.items()), **fixed})

    return settings


def growing(amount):
    """A resource of which each further attempt gets more."""

    def at(wildcards, attempt):
        return amount * attempt

    return at


def kept(kind, path):
    """A file that is deleted when all that needs it is done, unless the study keeps its kind."""
    return path if kind in STUDY.keep else temp(path)


def user_images(wildcards):
    """The files that hold the images, or the table of those that are made; none where a package ships them."""
    return [f"{SURVEY}/catalogue.csv"] if MADE else files_of_images(STUDY)


def per_model(pattern, folds):
    """A path for each network or specialist, output and fold."""
    return [
        path
        for name, network in STUDY.networks.items()
        for path in expand(
            pattern, study=STUDY.study, network=STUDY.models_of(name), output=network.outputs, fold=folds
        )
    ]


def models_for(wildcards, folds=FOLDS):
    """The models of all folds that restore a condition: a network's, or those of its specialist."""
    return expand(
        "results/{study}/models/{network}/{fold}/{output}.safetensors",
        study=wildcards.study,
        network=STUDY.model_for(wildcards.network, wildcards.condition),
        fold=folds,
        output=wildcards.output,
    )


def denoisers_for(wildcards):
    """The denoisers of all folds, for a method that needs them."""
    if wildcards.method != "plug_and_play":
        return []
    return expand("results/{study}/models/denoiser/{fold}/denoised.safetensors", study=wildcards.study, fold=FOLDS)


def trained_models():
    """Model files of every fold, and those that are to be published."""
    return per_model(
        "results/{study}/models/{network}/{fold}/{output}.safetensors",
        sorted({*FOLDS, FINAL}),
    )


def published_models():
    """The files that a user applies."""
    return per_model("results/{study}/published/{network}_{output}.safetensors", FINAL)


def intervals_of(model):
    """The models of all folds that intervals of a network or a specialist are made by."""
    name, _ = STUDY.seen_by(model)
    return expand(
        "results/{study}/models/{network}/{fold}/{output}.safetensors",
        study=STUDY.study,
        network=model,
        fold=FOLDS,
        output=[*STUDY.networks[name].with_intervals, "spread"],
    )


def models_with_intervals(condition):
    """The networks or specialists that restore a condition and have intervals."""
    return [STUDY.model_for(name, condition) for name in STUDY.interval_networks]


def bounds_for_audit(wildcards):
    """What the width of a network's intervals follows from on the first fold, which is audited; none without any."""
    if f"{wildcards.network}_{wildcards.output}" not in STUDY.interval_methods:
        return []
    model = STUDY.model_for(wildcards.network, wildcards.condition)
    return [
        f"results/{STUDY.study}/models/{model}/fold0/spread.safetensors",
        f"results/{STUDY.study}/calibration/{model}.json",
    ]


def for_publication(wildcards):
    """The spread network and the calibration that go into a published file; none where it has no intervals."""
    name, _ = STUDY.seen_by(wildcards.network)
    if f"{name}_{wildcards.output}" not in STUDY.interval_methods:
        return []
    return [
        f"results/{STUDY.study}/models/{wildcards.network}/{FINAL}/spread.safetensors",
        f"results/{STUDY.study}/calibration/{wildcards.network}.json",
    ]


def painted_fields():
    """The synthetic field of each generator, and the page in which it is looked about."""
    return expand(
        "results/{study}/field/{generator}/{file}",
        study=STUDY.study,
        generator=GENERATORS,
        file=["field.h5", "field.html"],
    )


def images_of_domain(wildcards):
    """The files that hold the images of a domain; none where a package ships them."""
    return files_of_images(STUDY.of_domain(wildcards.domain))


def domains_of_translation(wildcards):
    """Images and splits of both domains, and the truth where anybody knows it."""
    known = ["truth.h5"] if STUDY.translate.truth else []
    own, other = f"results/{wildcards.study}", expand(TRANSLATION, study=wildcards.study)[0]
    return [f"{own}/images.h5", f"{own}/splits.csv", *(f"{other}/{file}" for file in ["into.h5", "into.csv", *known])]


def model_of_translator(wildcards):
    """What a network translates by; histogram matching needs none."""
    if wildcards.translating not in STUDY.translators:
        return []
    return f"results/{wildcards.study}/translation/{wildcards.translating}/translator.safetensors"


def translation_page(wildcards):
    """The page of a translation, of a study that has one."""
    return f"results/{translated_or_exit(STUDY).study}/translation/report.html"
