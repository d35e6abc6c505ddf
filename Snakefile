# A cross-validated restoration study, from images to a report. `snakemake` makes what `rule all` names:
#
# results/<study>/
#   survey/                                     of a simulated survey: images/*.fits, survey.json, catalogue.csv (the truth)
#   images.h5                                   ingested: physical units, identity, groups, geometry
#   splits.csv                                  who judges whom: item, group, fold, role
#   degraded/<condition>.h5                     what the instrument would have seen, or, of real pairs, did see (kept if
#                                               `keep` says so)
#   tuned/<condition>/<method>.json             settings of a classical restorer, for each fold
#   models/<network>/<fold>/                    faithful.safetensors, sharp.safetensors, history.csv; where a network has
#                                               `conditions: each`, <network> is <network>@<condition>, as in published/
#                                               and calibration/; spread.safetensors says how far `faithful` is off
#   calibration/<network>.json                  quantiles of its errors on items that neither training nor tuning saw
#   models/denoiser/<fold>/                     denoised.safetensors, for the method plug_and_play
#   restored/<condition>/<method>.h5            every item, restored by the fold that never saw it (kept if `keep` says so)
#   intervals/<condition>.parquet               whether intervals hold the truth, group by group; intervals.csv: what they
#                                               are worth (none where spread.steps or split.calibrate is 0)
#   discerned/<condition>.parquet               whether classifiers can tell what was restored from real images
#   gallery/<condition>/<method>.h5             a few of these, for the report
#   metrics/<condition>/<method>.parquet        scores, one a row
#   sources/<condition>/<method>.parquet        what was measured on every source; truth.parquet of the truth itself
#   sources.csv                                 bias and scatter of these (both only if `evaluate.shapes` asks for them)
#   lesions/<condition>/<method>.parquet        what a reader sees of lesions that were put into slices
#   lesions.csv                                 how well it tells them (both only if `evaluate.tissue.lesion` asks for them)
#   metrics.csv  summary.csv                    all scores; what may be concluded
#   comparisons.csv  ranking.csv                every two methods compared, with effect sizes; who ranks above whom
#   report.html  figures/  provenance.json      the page, its figures, what was run on what
#   published/<network>_<output>.safetensors    the files that a user applies; <network>_<output>.MODEL_CARD.md beside each
#   audit/report.html  verdicts.csv  findings.csv  whether methods contradict their data or invent (`snakemake audit` alone)
#   field/report.html  compare.csv              synthetic fields beside the real sky (`snakemake field` alone)
#   field/traces.csv  benchmark.h5 benchmark.csv  whether local correlations give fields away; patches, with their labels
#   field/<generator>/                          generator.safetensors, history.csv, field.h5, catalogue.parquet; with `field.jobs` above
#                                               1, rows/<part>.h5, which field.h5 refers to; field.html, to look about in the
#                                               field, with field.dzi and field_files/ beside it
#   translation/report.html  scores.csv          what translation into another domain is worth; items.csv: slice by slice,
#                                               lesions.csv: each lesion (`snakemake translation` alone)
#   translation/into.h5 into.csv truth.h5       images of the other domain, their roles, and what slices should become
#   translation/<method>/                       translator.safetensors, history.csv, translated.h5
# logs/<study>/<rule>/...                       a log file for each job
# work/<study>/                                 checkpoints and the like: nothing that has to be kept
from snakemake.utils import min_version

from pipeline.workflow import config_or_exit

min_version("9.10")

# A study that `--configfile` names inherits nothing from the demo; `--config` alone changes the demo.
if not workflow.configfiles:

    configfile: config_or_exit("config/config.yaml")


include: "rules/common.smk"
include: "rules/simulate.smk"
include: "rules/ingest.smk"
include: "rules/split.smk"
include: "rules/pair.smk" if STUDY.pairs else "rules/degrade.smk"
include: "rules/tune.smk"
include: "rules/train.smk"
include: "rules/restore.smk"
include: "rules/evaluate.smk"
include: "rules/measure.smk"
include: "rules/tally.smk"
include: "rules/implant.smk"
include: "rules/detect.smk"
include: "rules/calibrate.smk"
include: "rules/gauge.smk"
include: "rules/collect.smk"
include: "rules/discern.smk"
include: "rules/gallery.smk"
include: "rules/summarise.smk"
include: "rules/rank.smk"
include: "rules/report.smk"
include: "rules/publish.smk"
include: "rules/audit.smk"
include: "rules/train_field.smk"
include: "rules/generate.smk"
include: "rules/catalogue.smk"
include: "rules/compare.smk"
include: "rules/traces.smk"
include: "rules/deep_zoom.smk"
include: "rules/field_report.smk"


if STUDY.translate:

    include: "rules/ingest_domain.smk"
    include: "rules/train_translation.smk"
    include: "rules/translate.smk"
    include: "rules/judge_translation.smk"
    include: "rules/translation_report.smk"


if STUDY.field.jobs > 1:

    include: "rules/join_field.smk"


rule all:
    """The report, and the model files."""
    default_target: True
    input:
        f"results/{STUDY.study}/report.html",
        published_models(),


rule models:
    """Every network of every fold."""
    input:
        trained_models(),


rule scores:
    """The tables, without the report."""
    input:
        f"results/{STUDY.study}/summary.csv",


rule field:
    """Synthetic fields beside the real sky: `snakemake field`, no part of `all`."""
    input:
        painted_fields(),
        # Slices through a body have no sources to count.
        [] if STUDY.evaluate.tissue else f"results/{STUDY.study}/field/report.html",


rule translation:
    """Slices in another domain, beside the truth where it is known: `snakemake translation`, no part of `all`."""
    input:
        translation_page,


onstart:
    held.append(lock_or_exit(STUDY))
