import json

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from made_intervals import make_spread
from made_model import SETTINGS, make_card
from made_spectrum import made_preparation
from made_training import made_study, sky, write_sky

from pipeline.config import Audit, ConfigError
from pipeline.evaluation.calibration import ALL, Calibration, CalibrationError
from pipeline.evaluation.interval_summary import COLUMNS
from pipeline.model_file import read_model, write_model
from pipeline.networks.build import build_network
from pipeline.splits import read_splits
from pipeline.steps.calibrate import calibrate
from pipeline.steps.collect import collect
from pipeline.steps.degrade import degrade
from pipeline.steps.examine import examine
from pipeline.steps.gauge import gauge
from pipeline.steps.interval_models import IntervalModelError
from pipeline.steps.publish import publish
from pipeline.steps.restore import restore
from pipeline.steps.split import split
from pipeline.stretch import Stretch

CONDITION = "fwhm2px_sigma0.05"
NET = SETTINGS.model_dump(mode="json")
STUDY = made_study(
    {"net": NET},
    degrade={"psf": {"fwhm": ["2px"]}, "noise": {"sigma": [0.05]}},
    split={"folds": 2, "calibrate": 0.45, "tune": 0.05},
    publish={"final": "fold0"},
    images={"dataset": "folder", "path": "{id}.fits", "unit": "nanomaggy"},
    evaluate={"shapes": True, "apertures": [4.0]},
    restore={"data_consistency": False},
)


class Whole:
    """Twenty-four skies, restored by a network that gives the Wiener estimate, with a spread that knows nothing."""

    def __init__(self, folder):
        self.folder = folder
        skies = [sky(72, 72, seed=k) for k in range(24)]
        self.images = write_sky(folder / "images.h5", *skies, unit="nanomaggy")
        self.splits, self.degraded = folder / "splits.csv", folder / f"{CONDITION}.h5"
        split(self.images, STUDY, self.splits)
        degrade(self.images, STUDY, CONDITION, self.degraded)
        self.models = [path for fold in range(2) for path in self._models(fold)]
        self.calibration = folder / "calibration" / "net.json"
        calibrate(self.images, self.splits, [self.degraded], self.models, STUDY, "net", self.calibration)
        self.restored = [self._restored(output) for output in ("faithful", "sharp")]
        self.gauged, self.table = folder / "intervals" / "c.parquet", folder / "intervals.csv"
        given = (self.degraded, self.restored, self.models, [self.calibration], STUDY, CONDITION, self.gauged)
        gauge(self.images, self.splits, *given)
        collect([self.gauged], STUDY, self.table)

    def _models(self, fold):
        preparation = made_preparation(Stretch("asinh", (0.1, 0.1), (0.1, 0.1)), (0.01, 0.01))
        with torch.random.fork_rng():
            torch.manual_seed(fold)
            tensors = build_network(NET, 2, 2).state_dict()
        for output, weights in (("faithful", tensors), ("sharp", tensors), ("spread", make_spread(2, fold))):
            path = self.folder / "models" / "net" / f"fold{fold}" / f"{output}.safetensors"
            path.parent.mkdir(parents=True, exist_ok=True)
            card = make_card(("r", "g"), settings=NET, preparation=preparation.to_dict(), fold=fold, network="net")
            write_model(path, weights, card | {"output": output})
            yield path

    def _restored(self, output):
        out = self.folder / "restored" / CONDITION / f"net_{output}.h5"
        models = [path for path in self.models if path.stem == output]
        restore(self.degraded, self.splits, STUDY, f"net_{output}", None, models, out)
        return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pipeline.steps.gauge.TRIED", (4, 4))
        return Whole(tmp_path_factory.mktemp("intervals"))


@pytest.fixture(scope="module")
def table(whole):
    return pd.read_csv(whole.table)


def rows(table, statistic, measure="pixels", psf="as it is", method="net_faithful"):
    chosen = (table.statistic == statistic) & (table.measure == measure) & (table.psf == psf) & (table.method == method)
    return table[chosen].set_index("bin")


def test_intervals_hold_the_truth_of_new_groups_as_often_as_they_say(table):
    for level in (68, 95):
        found = rows(table, f"coverage_{level}")
        assert found.value[ALL] == pytest.approx(level / 100, abs=0.03)
        assert found.value["under 3"] == pytest.approx(level / 100, abs=0.03)
        assert (found.low <= found.value).all()
        assert (found.value <= found.high).all()
    assert found.groups[ALL] == 24


def test_sources_have_intervals_too(table):
    assert {"flux_total", "flux_r4", "colour_r4", "half_light_radius"} <= set(table.measure)
    flux = rows(table, "coverage_95", "flux_r4")
    assert flux.value[ALL] > 0.8
    assert flux.groups[ALL] <= 24


def test_the_shares_of_the_transform_sum_to_one(table):
    pit = [rows(table, f"pit_{k}").value[ALL] for k in range(20)]
    assert sum(pit) == pytest.approx(1)
    assert max(pit) < 0.09


def test_a_mistaken_psf_is_judged_beside_the_true_one(table):
    assert set(table.psf) == {"as it is", "10% too narrow", "10% too wide"}
    narrow, wide = (rows(table, "coverage_95", psf=f"10% too {what}") for what in ("narrow", "wide"))
    assert 0.5 < wide.value[ALL] <= 1
    assert narrow.value[ALL] != wide.value[ALL]
    assert tuple(table) == COLUMNS


def test_the_calibration_rests_on_the_calibrate_role_alone_and_counts_groups(whole):
    written = json.loads(whole.calibration.read_text())
    assert written["counted"] == "groups"
    for fold in range(2):
        groups = {i.group for i in read_splits(whole.splits) if i.fold == fold and i.role == "calibrate"}
        notes = written["folds"][str(fold)]["faithful"]["pixels"]["notes"]
        assert notes[ALL]["groups"] == len(groups) == 5
    final = Calibration.from_dict(written["folds"]["final"]["faithful"]["pixels"])
    assert final.notes[ALL]["groups"] > 5
    assert (np.diff(final.quantiles) >= 0).all()


def test_a_published_file_carries_spread_and_calibration(whole, tmp_path):
    summary, metrics = tmp_path / "summary.csv", tmp_path / "metrics.csv"
    score = {"condition": CONDITION, "method": "net_faithful", "space": "linear", "metric": "psnr"}
    more = dict.fromkeys(("median", "low", "high", "difference", "difference_low", "difference_high"), 1.0)
    pd.DataFrame([score | more | {"n": 9, "scope": "population", "reference": "degraded"}]).to_csv(summary)
    pd.DataFrame([score | {"fold": 0, "value": 1.0}]).to_csv(metrics)
    model = whole.folder / "models" / "net" / "fold0"
    study = STUDY.model_copy(update={"study": "made"})
    from pipeline.steps.train import digest

    for path in model.iterdir():
        made = read_model(path)
        kept = {k: v for k, v in made.card.items() if k != "hash"}
        write_model(tmp_path / path.name, made.tensors, kept | {"data_hash": digest(whole.images)})
    files = [tmp_path / "faithful.safetensors", tmp_path / "spread.safetensors"]
    out = tmp_path / "published.safetensors"
    given = (study, whole.images, whole.splits, "net", "faithful", files, summary, metrics, out, whole.calibration)
    publish(*given)
    published, trained = read_model(out), [read_model(path) for path in files]
    assert published.hash == trained[0].hash
    assert all(torch.equal(published.spread[name], value) for name, value in trained[1].tensors.items())
    assert {"pixels", "flux_r4", "half_light_radius"} <= set(published.card["intervals"]["calibrated"])


def test_the_spread_of_another_fold_is_refused(whole, tmp_path):
    swapped = tmp_path / "net" / "fold0"
    swapped.mkdir(parents=True)
    for output in ("faithful", "sharp"):
        (swapped / f"{output}.safetensors").write_bytes(
            (whole.folder / f"models/net/fold0/{output}.safetensors").read_bytes()
        )
    (swapped / "spread.safetensors").write_bytes((whole.folder / "models/net/fold1/spread.safetensors").read_bytes())
    models = [*swapped.iterdir(), *(path for path in whole.models if "fold1" in str(path))]
    with pytest.raises(IntervalModelError, match=r"belongs to another model than .* by its fold"):
        calibrate(whole.images, whole.splits, [whole.degraded], models, STUDY, "net", tmp_path / "out.json")


def test_a_network_without_spread_is_calibrated_for_nothing(whole, tmp_path):
    study = made_study({"net": NET | {"spread": {"steps": 0}}})
    with pytest.raises(ConfigError, match=r"net gets no intervals; set its spread.steps and split.calibrate above 0"):
        calibrate(whole.images, whole.splits, [whole.degraded], whole.models, study, "net", tmp_path / "out.json")
    assert study.interval_methods == []
    assert made_study({"net": NET}, split={"folds": 2, "calibrate": 0}).interval_methods == []


def test_an_audit_says_how_the_intervals_widen_where_input_is_strange(whole, tmp_path):
    faithful = [path for path in whole.models if path.stem == "faithful"]
    few = {"fields": 20, "fields_with_mistakes": 1, "psf_errors": [0.1], "snr": [10.0], "items": 1, "field_size": 32}
    study = STUDY.model_copy(update={"audit": Audit(**few)})
    bounds = [faithful[0].with_name("spread.safetensors"), whole.calibration]
    with h5py.File(whole.images, "a") as images:
        # As `ingest` notes it.
        images.attrs["sky"] = json.dumps([0.1, 0.1])
    given = (study, "net_faithful", None, faithful, tmp_path / "net.parquet", tmp_path / "net.npz", bounds)
    examine(whole.images, whole.splits, whole.degraded, *given)
    table = pd.read_parquet(tmp_path / "net.parquet")
    wider = table[table["measure"] == "interval_widens"].set_index("case")["value"]
    assert wider["as it is"] == pytest.approx(1)
    assert {"saturated star", "cosmic ray", "gap"} <= set(wider.index)
    assert np.isfinite(wider).all()
    other = tmp_path / "other.json"
    other.write_text("{}")
    with pytest.raises(CalibrationError, match="no calibration of net, faithful"):
        examine(whole.images, whole.splits, whole.degraded, *given[:-1], [bounds[0], other])
