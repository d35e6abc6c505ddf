"""A whole study in one process, step by step as the rules have it: for tests of what a study promises as a whole."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from pipeline.config import Study
from pipeline.steps.calibrate import calibrate
from pipeline.steps.collect import collect
from pipeline.steps.degrade import degrade
from pipeline.steps.detect import detect
from pipeline.steps.discern import discern
from pipeline.steps.evaluate import evaluate
from pipeline.steps.gallery import gallery
from pipeline.steps.gauge import gauge
from pipeline.steps.implant import implant
from pipeline.steps.ingest import ingest
from pipeline.steps.measure import measure
from pipeline.steps.pair import pair
from pipeline.steps.publish import publish
from pipeline.steps.rank import rank
from pipeline.steps.report import report
from pipeline.steps.restore import restore
from pipeline.steps.split import split
from pipeline.steps.summarise import summarise
from pipeline.steps.tally import tally
from pipeline.steps.train import train
from pipeline.steps.tune import tune


class WholeStudy:
    """Paths of a study's results in a folder, and its steps in the order of the rules."""

    def __init__(self, study: Study, folder: Path) -> None:
        self.study, self.folder = study, folder
        self.images, self.splits = folder / "images.h5", folder / "splits.csv"
        self.metrics, self.summary, self.page = folder / "metrics.csv", folder / "summary.csv", folder / "report.html"
        self.sources, self.intervals = folder / "sources.csv", folder / "intervals.csv"
        self.lesions = folder / "lesions.csv"
        self.comparisons, self.ranking = folder / "comparisons.csv", folder / "ranking.csv"

    def run(self) -> WholeStudy:
        """From images to report and published models."""
        return self.prepare().learn().judge()

    def prepare(self) -> WholeStudy:
        """ingest and split."""
        ingest(self.study, self.images)
        split(self.images, self.study, self.splits)
        return self

    def learn(self) -> WholeStudy:
        """degrade, tune and train: all that a fold may learn from."""
        for condition in self.conditions:
            if self.study.pairs:
                pair(self.images, self.splits, self.study, self.degraded(condition))
            else:
                degrade(self.images, self.study, condition, self.degraded(condition))
            for method in self.study.methods:
                out = self.tuned(condition, method)
                tune(self.images, self.splits, self.degraded(condition), self.study, method, out)
        for network in self.study.models:
            for fold in range(self.study.split.folds):
                train(
                    self.images,
                    self.splits,
                    self.study,
                    network,
                    fold,
                    self.models(network, fold),
                    self.folder / "work",
                    self.degraded(self.conditions[0]) if self.study.pairs else None,
                )
        return self

    def judge(self) -> WholeStudy:
        """From calibrate and restore to report and publish."""
        for network in self.study.interval_networks:
            for model in self.study.models_of(network):
                observed = [self.degraded(c.name) for c in self.study.seen_by(model)[1].conditions]
                out, models = self.calibration(model), self.interval_models([model])
                calibrate(self.images, self.splits, observed, models, self.study, model, out)
        tuned = {(c, m): self.tuned(c, m) for c in self.conditions for m in self.study.methods}
        for condition in self.conditions:
            for method in self.study.all_methods:
                degraded, restored = self.degraded(condition), self.restored(condition, method)
                models = self.models_of(condition, method)
                restore(degraded, self.splits, self.study, method, tuned.get((condition, method)), models, restored)
                out = self.scores(condition, method)
                evaluate(self.images, self.splits, degraded, restored, self.study, condition, method, out)
            of_condition = [self.restored(condition, m) for m in self.study.all_methods]
            if self.study.interval_methods:
                models = [self.study.model_for(n, condition) for n in self.study.interval_networks]
                bounded = [self.restored(condition, m) for m in self.study.interval_methods]
                files = (bounded, self.interval_models(models), [self.calibration(m) for m in models])
                given = (self.images, self.splits, self.degraded(condition), *files, self.study, condition)
                gauge(*given, self.gauged(condition))
            if self.study.evaluate.classifiers:
                settings = [self.tuned(condition, m) for m in self.study.methods]
                out = self.discerned(condition)
                discern(self.images, self.splits, of_condition, settings, self.study, condition, out)
            if self.study.evaluate.shapes:
                out = self.folder / "sources" / condition
                measure(self.images, self.splits, self.degraded(condition), of_condition, self.study, condition, out)
            if self.study.evaluate.lesion:
                for method in self.study.all_methods:
                    settings, models = tuned.get((condition, method)), self.models_of(condition, method)
                    out = self.folder / "lesions" / condition / f"{method}.parquet"
                    implant(self.images, self.splits, self.study, condition, method, settings, models, out)
            scored = [self.scores(condition, m) for m in self.study.all_methods]
            gallery(self.images, self.splits, of_condition, scored, self.folder / "gallery" / condition)
        if self.study.evaluate.shapes:
            measured = [p for c in self.conditions for p in sorted((self.folder / "sources" / c).iterdir())]
            tally(measured, self.study, self.sources)
        if self.study.evaluate.lesion:
            read = [p for c in self.conditions for p in sorted((self.folder / "lesions" / c).iterdir())]
            detect(read, self.study, self.lesions)
        if self.study.interval_methods:
            collect([self.gauged(c) for c in self.conditions], self.study, self.intervals)
        scores = [self.scores(c, m) for c in self.conditions for m in self.study.all_methods]
        summarise(scores, list(tuned.values()), self.study, self.metrics, self.summary)
        rank(scores, self.summary, self.study, self.comparisons, self.ranking)
        self._tell(list(tuned.values()))
        return self

    def _tell(self, tuned: list[Path]) -> None:
        shown = [self.folder / "gallery" / c / f"{m}.h5" for c in self.conditions for m in self.study.all_methods]
        folds = range(self.study.split.folds)
        histories = [self.models(n, fold) / "history.csv" for n in self.study.models for fold in folds]
        discerned = [self.discerned(c) for c in self.conditions if self.study.evaluate.classifiers]
        figures, provenance = self.folder / "figures", self.folder / "provenance.json"
        given = (self.images, self.splits, shown, self.metrics, self.summary, self.comparisons, self.ranking)
        given += (histories, tuned, discerned)
        given += ([self.sources] if self.study.evaluate.shapes else [],)
        given += ([self.lesions] if self.study.evaluate.lesion else [],)
        given += ([self.intervals] if self.study.interval_methods else [],)
        report(self.study, *given, self.page, figures, provenance)
        for network, settings in self.study.networks.items():
            for model, output in product(self.study.models_of(network), settings.outputs):
                out = self.folder / "published" / f"{model}_{output}.safetensors"
                models = [self.models(model, 0) / f"{output}.safetensors"]
                bounded = f"{network}_{output}" in self.study.interval_methods
                models += [self.models(model, 0) / "spread.safetensors"] if bounded else []
                tables = [self.sources] if self.study.evaluate.shapes else []
                given = (model, output, models, self.summary, self.metrics, out)
                calibration = self.calibration(model) if bounded else None
                publish(self.study, self.images, self.splits, *given, calibration, tables)

    @property
    def conditions(self) -> list[str]:
        return [condition.name for condition in self.study.conditions]

    def degraded(self, condition: str) -> Path:
        return self.folder / "degraded" / f"{condition}.h5"

    def tuned(self, condition: str, method: str) -> Path:
        return self.folder / "tuned" / condition / f"{method}.json"

    def models(self, network: str, fold: int) -> Path:
        return self.folder / "models" / network / f"fold{fold}"

    def models_of(self, condition: str, method: str) -> list[Path]:
        if method in self.study.methods:
            return []
        network, output = method.rsplit("_", 1)
        model = self.study.model_for(network, condition)
        return [self.models(model, fold) / f"{output}.safetensors" for fold in range(self.study.split.folds)]

    def interval_models(self, models: list[str]) -> list[Path]:
        return [
            self.models(model, fold) / f"{output}.safetensors"
            for model in models
            for fold in range(self.study.split.folds)
            for output in ("faithful", "sharp", "spread")
        ]

    def calibration(self, model: str) -> Path:
        return self.folder / "calibration" / f"{model}.json"

    def gauged(self, condition: str) -> Path:
        return self.folder / "intervals" / f"{condition}.parquet"

    def restored(self, condition: str, method: str) -> Path:
        return self.folder / "restored" / condition / f"{method}.h5"

    def discerned(self, condition: str) -> Path:
        return self.folder / "discerned" / f"{condition}.parquet"

    def scores(self, condition: str, method: str) -> Path:
        return self.folder / "metrics" / condition / f"{method}.parquet"
