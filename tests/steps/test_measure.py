import numpy as np
import pandas as pd
import pytest
from made_scene import SIZE, made_item

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
def files(tmp_path):
    """Two images, each tested by one fold; ``wiener`` has nine tenths of the truth's light."""
    with (
        write_images(tmp_path / "images.h5", data_range=1.0) as images,
        write_observations(tmp_path / "degraded.h5") as observations,
        write_restored(tmp_path / "wiener.h5") as restored,
        write_restored(tmp_path / "degraded_method.h5") as degraded,
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


def measured(files, method, restored):
    out = files / "sources" / CONDITION / f"{method}.parquet"
    out.parent.mkdir(parents=True, exist_ok=True)
    path = None if restored is None else files / restored
    measure(files / "images.h5", files / "splits.csv", files / "degraded.h5", path, STUDY, CONDITION, method, out)
    return out


def test_the_table_is_tidy_and_the_same_sources_stand_in_that_of_every_method(files):
    truth, wiener = (pd.read_parquet(measured(files, m, r)) for m, r in (("truth", None), ("wiener", "wiener.h5")))
    key = ["item", "source", "band", "measure"]
    for table in (truth, wiener):
        assert list(table.columns) == SCHEMA.names
        assert not table.duplicated(key).any()
        assert set(table["item"]) == {"i0", "i1"}
    assert set(truth["method"]) == {"truth"}
    both = truth.merge(wiener, on=key)
    of_truth = truth[~truth["measure"].isin(["purity", "magnitude_listed"])]
    assert len(both) >= len(of_truth)
    flux = both[both["measure"] == "flux_r6"]
    np.testing.assert_allclose(flux["value_y"] / flux["value_x"], 0.9, rtol=1e-4)
    np.testing.assert_array_equal(flux["snr_x"], flux["snr_y"])


def test_the_same_files_give_the_same_bytes(files):
    first = measured(files, "wiener", "wiener.h5").read_bytes()
    assert measured(files, "wiener", "wiener.h5").read_bytes() == first


def test_the_summary_says_what_was_lost_and_how_the_blur_rounded_the_sources(files):
    paths = [
        measured(files, m, r) for m, r in (("truth", None), ("wiener", "wiener.h5"), ("degraded", "degraded_method.h5"))
    ]
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


def test_what_another_fold_restored_is_refused_and_a_tally_asks_for_the_truth(files):
    with write_restored(files / "leaky.h5") as restored:
        for image in (0, 1):
            restored.append(f"i{image}", made_item()[0].pixels, fold=0)
    with pytest.raises(EvaluationError, match="item 'i1' was restored by fold 0"):
        measured(files, "wiener", "leaky.h5")
    with pytest.raises(TallyError, match="no measurements of the truth"):
        tally([measured(files, "wiener", "wiener.h5")], STUDY, files / "sources.csv")


def test_a_hundred_items_at_random_are_measured_with_statmorph_the_same_for_all():
    item = made_item()[2]
    items = [type(item)(**{**vars(item), "item": f"i{i}"}) for i in range(300)]
    chosen = sampled(items, 0)
    assert len(chosen) == 100
    assert chosen == sampled(items[::-1], 0)
    assert chosen != sampled(items, 1)
    assert len(sampled(items[:7], 0)) == 7
