"""publish: the model file that a user applies, with its scores on images that it never saw and a card to read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.evaluation.calibration import CONSTANT, read_calibration
from pipeline.model_file import Model, read_model, write_model
from pipeline.splits import FINAL, Item, read_splits
from pipeline.steps.card_evidence import gathered
from pipeline.steps.interval_models import SPREAD, with_spread
from pipeline.steps.model_card import card_text
from pipeline.steps.train import digest
from pipeline.store import written_aside

log = logging.getLogger("clearfield")

SCORE = [
    *("condition", "space", "median", "low", "high", "n", "scope"),
    *("reference", "difference", "difference_low", "difference_high"),
]
"""What a score takes over of ``summary.csv``."""


class PublishError(ClearfieldError):
    """A model that is not the one to be published, or that nobody has judged."""


def publish(
    study: Study,
    images: Path,
    splits: Path,
    network: str,
    output: str,
    models: list[Path],
    summary_csv: Path,
    metrics_csv: Path,
    out: Path,
    calibration: Path | None = None,
    evidence: Sequence[Path] = (),
) -> None:
    """Write the tensors of a trained model once more, under a card that says how well it did and on what.

    The card gains ``scores`` (PSNR of each condition and space, on items that the network of their fold never saw),
    ``trained_on`` and ``text``, a page to read, which is written beside the model too, as ``MODEL_CARD.md``. The
    model's hash is that of its tensors, and stays.

    Parameters
    ----------
    study : Study
    images, splits : path
        ``images.h5`` and ``splits.csv``.
    network, output : str
        Which model; a specialist, ``<network>@<condition>``, is published with the scores of its condition.
    models : list of path
        One file: the network that was trained on all groups, or fold 0's, as ``publish.final`` asks. With it, where
        there is a calibration, ``spread.safetensors`` from the same folder.
    summary_csv, metrics_csv : path
        What ``summarise`` wrote.
    out : path
        ``published/<network>_<output>.safetensors``, where the network of a specialist is ``<network>@<condition>``;
        ``<network>_<output>.MODEL_CARD.md`` lies beside it.
    calibration : path, optional
        ``calibration/<network>.json``. With it the card gains ``intervals``: what was calibrated, on how many groups.
        The network that was trained on all groups takes what all folds' networks were calibrated by.
    evidence : sequence of path
        What else was measured, for the card: any of ``sources.csv``, ``intervals.csv`` and an audit's ``verdicts.csv``.

    Raises
    ------
    PublishError
        If the file holds another model, one that was trained on other images, or one without scores.
    """
    spreads = [path for path in models if path.stem == SPREAD]
    models = [path for path in models if path not in spreads]
    if len(models) != 1:
        raise PublishError(f"{out}: {len(models)} models; one file is needed, that of publish.final")
    if (calibration is None) != (not spreads):
        raise PublishError(f"{out}: intervals need a spread network and its calibration; give both, or neither")
    model = with_spread(models[0], spreads[0]) if spreads else read_model(models[0])
    _refuse_another(models[0], model, study, network, output, images)
    name, seen = study.seen_by(network)
    scores = _scores(summary_csv, metrics_csv, f"{name}_{output}", [condition.name for condition in seen.conditions])
    trained_on = _trained_on(read_splits(splits), model.card["fold"]) | {"dataset": study.images.dataset}
    card = model.card | {"scores": scores, "trained_on": trained_on, "folds": study.split.folds}
    if calibration is not None:
        card |= {"intervals": _intervals(calibration, network, output, model.card["fold"])}
    card |= {"licence": study.publish.licence, "source": study.publish.source}
    card |= gathered(evidence, f"{name}_{output}", [condition.name for condition in seen.conditions])
    text = card_text(card, model.hash, sum(tensor.numel() for tensor in model.tensors.values()))
    with written_aside(card_beside(out)) as aside:
        aside.write_text(text, encoding="utf-8")
    write_model(out, model.tensors, card | {"text": text}, model.spread)
    best = max(scores, key=lambda score: score["median"])
    log.info(
        "publish %s_%s %s: PSNR up to %.2f dB (%s)", network, output, model.hash, best["median"], best["condition"]
    )


def card_beside(model: Path) -> Path:
    """Where the card of a published model lies."""
    return model.with_name(f"{model.name.removesuffix('.safetensors')}.MODEL_CARD.md")


def _refuse_another(path: Path, model: Model, study: Study, network: str, output: str, images: Path) -> None:
    fold = FINAL if study.publish.final == "retrain" else 0
    for what, found, wanted in (
        ("study", model.card["study"], study.study),
        ("network", model.card["network"], network),
        ("output", model.card["output"], output),
        ("fold", model.card["fold"], fold),
    ):
        if found != wanted:
            raise PublishError(f"{path}: a model of {what} {found}, and {wanted} is to be published; give its file")
    if model.card["data_hash"] != digest(images):
        raise PublishError(f"{path}: was trained on other images than {images}; delete it, and `train` runs again")


def _intervals(path: Path, network: str, output: str, fold: int | str) -> dict[str, Any]:
    written = read_calibration(path)
    try:
        found, model = written["folds"][str(fold)][output], written["network"]
    except (KeyError, TypeError):
        raise PublishError(f"{path}: no calibration of {output}, fold {fold}; the step `calibrate` writes it") from None
    if model != network:
        raise PublishError(f"{path}: a calibration of {model}, and {network} is to be published; give its file")
    own = {what: values for what, values in found.items() if not what.startswith(CONSTANT)}
    return {"counted": written["counted"], "calibrated": own}


def _scores(summary_csv: Path, metrics_csv: Path, method: str, conditions: list[str]) -> list[dict[str, Any]]:
    table = pd.read_csv(summary_csv, dtype={"condition": str})
    served = table["condition"].isin(conditions)
    rows = table.loc[served & (table["method"] == method) & (table["metric"] == "psnr"), SCORE]
    if rows.empty:
        raise PublishError(f"{summary_csv}: no PSNR of {method}; the steps `evaluate` and `summarise` write it")
    by_fold = _by_fold(metrics_csv, method)
    # JSON has no NaN: what could not be measured is null.
    plain: list[Any] = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return [row | {"by_fold": by_fold.get((row["condition"], row["space"]), {})} for row in plain]


def _by_fold(metrics_csv: Path, method: str) -> dict[tuple[str, str], dict[str, float]]:
    """Mean PSNR of each fold, by condition and space."""
    keys = ["condition", "space", "fold"]
    # In parts: the table has millions of rows in a large study.
    parts = pd.read_csv(
        metrics_csv, usecols=[*keys, "method", "metric", "value"], dtype={"condition": str}, chunksize=500_000
    )
    psnr = pd.concat([part[(part["method"] == method) & (part["metric"] == "psnr")] for part in parts])
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in psnr.groupby(keys)["value"].mean().dropna().reset_index().itertuples():
        found.setdefault((str(row.condition), str(row.space)), {})[str(row.fold)] = round(float(str(row.value)), 4)
    return found


def _trained_on(splits: list[Item], fold: int | str) -> dict[str, Any]:
    """How many images, groups and pixels the network learned from."""
    number = 0 if fold == FINAL else fold
    items = [i for i in splits if i.fold == number and (fold == FINAL or i.role == "train")]
    return {
        "images": len({item.image for item in items}),
        "groups": len({item.group for item in items}),
        "megapixels": round(sum(item.window.height * item.window.width for item in items) / 1e6, 3),
    }
