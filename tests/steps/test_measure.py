import numpy as np
import pandas as pd
import pytest
from made_scene import SIZE, made_item

import pipeline.steps.measure as step
from pipeline.config import study_from
from pipeline.observation import write_observations
from pipeline.splits import COLUMNS
from pipeline.steps.evaluate import EvaluationError
from pipeline.steps.measure import SCHEMA, measure, sampled
from pipeline.steps.tally import TallyError, tally
from pipeline.store import write_images, write_restored

CONDITION = "fwhm3px_sigma0.5"
STUDY = study_from(
    {
        "images": {"dataset": "folder", "path": "{id}.fits", "unit": "nanomaggy"},
        "evaluate": {"apertures": [6.0], "shapes": True},
        "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.5]}},
    }
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two images, each tested by one fold; ``wiener`` has nine tenths of the truth's light."""
    monkeypatch.setattr(step, "WITH_MORPHOLOGY", 0)  # seconds each; its own test has it
    with (
        write_images(tmp_path / "images.h5", data_range=1.0) as images,
        write_observations(tmp_path / "degraded.h5") as observations,
        write_restored(tmp_path / "restored" / "wiener.h5") as restored,
        write_restored(tmp_path / "restored" / "degraded.h5") as degraded,
    ):
        for fold, seed in enumerate((0, 1)):
            truth, observation, _ = made_item(seed=seed)
            named = {"id": f"i{fold}", "group": f"g{fold}"}
            images.append(type(truth)(**{**vars(truth), **named}))
            preview = type(truth)(**{**vars(observation.preview), **named})
            observations.append(type(observation)(preview, observation.operator))
            restored.append(f"i{fold}", 0.9 * truth.pixels, fold=fold)
            degraded.append(f"i{fold}", preview.pixels, fold=fold)
    rows = [
        (f"i{i}", f"i{i}", 0, 0, *SIZE, f"g{i}", f, "test" if f == i else "train", 0) for i in (0, 1) for f in (0, 1)
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "splits.csv", index=False)
    return tmp_path


def measured(files, restored=("wiener.h5", "degraded.h5")):
    out = files / "sources" / CONDITION
    given = [files / "restored" / name for name in restored]
    measure(files / "images.h5", files / "splits.csv", files / "degraded.h5", given, STUDY, CONDITION, out)
    return {path.stem: path for path in sorted(out.iterdir())}


def test_the_tables_are_tidy_and_the_same_sources_stand_in_that_of_every_method(files):
    tables = {name: pd.read_parquet(path) for name, path in measured(files).items()}
    assert sorted(tables) == ["degraded", "truth", "wiener"]
    key = ["item", "source", "band", "measure"]
    for name, table in tables.items():
        assert list(table.columns) == SCHEMA.names
        assert set(table["method"]) == {name}
        assert not table.duplicated(key).any()
        assert set(table["item"]) == {"i0", "i1"}
    truth, both = tables["truth"], tables["truth"].merge(tables["wiener"], on=key)
    assert len(both) >= len(truth[~truth["measure"].isin(["purity", "magnitude_listed"])])
    flux = both[both["measure"] == "flux_r6"]
    np.testing.assert_allclose(flux["value_y"] / flux["value_x"], 0.9, rtol=1e-4)
    np.testing.assert_array_equal(flux["snr_x"], flux["snr_y"])


def test_the_same_files_give_the_same_bytes_whatever_other_methods_there_are(files):
    first = measured(files)["wiener"].read_bytes()
    assert measured(files, ["wiener.h5"])["wiener"].read_bytes() == first


def test_the_summary_says_what_was_lost_and_how_the_blur_rounded_the_sources(files):
    paths = list(measured(files).values())
    tally(paths, STUDY, files / "sources.csv")
    table = pd.read_csv(files / "sources.csv")
    found = table[table["bin"] == "all"].set_index(["method", "measure", "statistic"])["value"]
    assert found["wiener", "flux_r6", "bias"] == pytest.approx(-0.1, abs=1e-4)
    assert found["wiener", "flux_r6", "scatter"] == pytest.approx(0, abs=1e-4)
    assert found["wiener", "shear", "m1"] == pytest.approx(0, abs=0.01)
    assert found["degraded", "shear", "m1"] < -0.1
    assert found["degraded", "half_light_radius", "bias"] > 0.05
    tally(paths[::-1], STUDY, files / "again.csv")
    assert (files / "again.csv").read_bytes() == (files / "sources.csv").read_bytes()


@pytest.mark.parametrize(
    ("fold", "scale", "says"), [(0, 1, "item 'i1' was restored by fold 0"), (None, np.nan, "item i0 holds NaN")]
)
def test_what_cannot_be_measured_is_refused_and_leaves_no_file(files, fold, scale, says):
    with write_restored(files / "restored" / "leaky.h5") as restored:
        for image in (0, 1):
            restored.append(f"i{image}", scale * made_item()[0].pixels, fold=image if fold is None else fold)
    with pytest.raises(EvaluationError, match=says):
        measured(files, ["leaky.h5"])
    assert not list(files.glob("sources/*/*"))


def test_a_tally_asks_for_the_truth(files):
    with pytest.raises(TallyError, match="no measurements of the truth"):
        tally([measured(files)["wiener"]], STUDY, files / "sources.csv")


def test_one_source_of_a_sampled_item_is_measured_with_statmorph_by_every_method(files, monkeypatch):
    monkeypatch.setattr(step, "WITH_MORPHOLOGY", 1)
    tables = [pd.read_parquet(path) for path in measured(files, ["wiener.h5"]).values()]
    places = [t[t["measure"] == "gini"][["item", "source", "band"]].to_numpy().tolist() for t in tables]
    assert places[0] == places[1]
    assert len(places[0]) == 1


def test_a_hundred_items_at_random_are_measured_with_statmorph_the_same_for_all():
    item = made_item()[2]
    items = [type(item)(**{**vars(item), "item": f"i{i}"}) for i in range(300)]
    chosen = sampled(items, 0)
    assert len(chosen) == 100
    assert chosen == sampled(items[::-1], 0)
    assert chosen != sampled(items, 1)
    assert len(sampled(items[:7], 0)) == 7
