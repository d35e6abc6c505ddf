import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.source_summary import summarise_sources

N = 400
SNR = np.repeat([1.0, 5.0, 20.0, 50.0], N // 4)


def table(values, flag="ok", snr=SNR):
    """What ``measure`` would write of ``N`` items with one source each, given values by measure."""
    parts = [
        pd.DataFrame(
            {
                "item": [f"i{i}" for i in range(len(value))], "group": [f"g{i // 5}" for i in range(len(value))],
                "fold": [i // 5 % 4 for i in range(len(value))],
                "source": 0, "band": "r", "measure": name, "value": value, "snr": snr[: len(value)], "flag": flag,
            }
        )
        for name, value in values.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def summarised(truth, restored):
    found = summarise_sources(truth, restored, "blurred", "wiener", 0)
    assert set(found["condition"]) == {"blurred"}
    assert set(found["method"]) == {"wiener"}
    return found.set_index(["measure", "statistic", "axis", "bin"])


def test_bias_and_scatter_are_the_median_and_the_sigma_of_relative_errors_in_each_bin():
    random = np.random.default_rng(0)
    flux = random.uniform(10, 100, N)
    error = -0.1 + np.repeat([0.4, 0.2, 0.1, 0.0], N // 4) * random.normal(size=N)
    found = summarised(table({"flux_total": flux}), table({"flux_total": flux * (1 + error)}))
    for bin_, sigma in (("under 3", 0.4), ("3 to 10", 0.2), ("10 to 30", 0.1), ("above 30", 0.0)):
        bias, scatter = (found.loc["flux_total", statistic, "snr", bin_] for statistic in ("bias", "scatter"))
        assert bias["value"] == pytest.approx(-0.1, abs=0.3 * sigma + 1e-9)
        assert scatter["value"] == pytest.approx(sigma, rel=0.3)
        assert scatter["low"] - 1e-9 <= scatter["value"] <= scatter["high"] + 1e-9
        assert (bias["n"], bias["flagged"], bias["left_out"]) == (N // 4, 0, 0)
    assert found.loc["flux_total", "bias", "snr", "all"]["n"] == N


def test_colours_and_morphology_are_compared_by_difference():
    ones = np.ones(N)
    found = summarised(table({"colour_r3": ones, "m20": -ones}), table({"colour_r3": ones + 0.02, "m20": -1.1 * ones}))
    assert found.loc["colour_r3", "bias", "snr", "all"]["value"] == pytest.approx(0.02)
    assert found.loc["m20", "bias", "snr", "all"]["value"] == pytest.approx(-0.1)


def test_the_centroid_is_off_by_the_length_of_its_shift():
    here = {"y": np.zeros(N), "x": np.zeros(N)}
    there = {"y": np.full(N, 0.3), "x": np.full(N, -0.4)}
    assert summarised(table(here), table(there)).loc["centroid", "error", "snr", "all"]["value"] == pytest.approx(0.5)


def test_shear_bias_is_recovered_for_each_component():
    random = np.random.default_rng(1)
    g1, g2 = 0.2 * random.normal(size=(2, N))
    found = summarised(table({"g1": g1, "g2": g2}), table({"g1": 0.9 * g1 + 0.01, "g2": 1.05 * g2}))
    values = {s: found.loc["shear", s, "snr", "all"]["value"] for s in ("m1", "c1", "m2", "c2")}
    assert values == pytest.approx({"m1": -0.1, "c1": 0.01, "m2": 0.05, "c2": 0.0}, abs=1e-9)
    expected = np.median(np.hypot(0.01 - 0.1 * g1, 0.05 * g2))
    assert found.loc["shear", "error", "snr", "all"]["value"] == pytest.approx(expected)


def test_failed_and_doubtful_fits_are_counted_and_what_the_truth_cannot_answer_is_told_apart():
    ones = np.ones(N)
    truth, restored = table({"half_light_radius": ones, "gini": ones}), table({"half_light_radius": ones, "gini": ones})
    size, gini = (restored["measure"] == name for name in ("half_light_radius", "gini"))
    restored.loc[size & (restored["item"] == "i0"), ["value", "flag"]] = [np.nan, "failed"]
    restored.loc[gini & (restored["item"] == "i1"), "flag"] = "doubtful"
    for each in (truth, restored):
        each.loc[each["item"] == "i2", ["value", "flag"]] = [np.nan, "border"]
    found = summarised(truth, restored)
    counts = ["n", "flagged", "left_out"]
    assert list(found.loc["half_light_radius", "bias", "snr", "under 3"][counts]) == [98, 1, 1]
    assert list(found.loc["gini", "bias", "snr", "under 3"][counts]) == [99, 1, 1]


def test_completeness_and_purity_are_shares_by_magnitude():
    magnitude = np.repeat([20.5, 22.5], N // 2)
    truth = table({"magnitude": magnitude})
    found = np.concatenate([np.ones(N // 2), np.tile([1.0, 0.0], N // 4)])
    restored = pd.concat(
        [
            table({"completeness": found, "magnitude": magnitude}),
            table({"purity": found, "magnitude_listed": magnitude}, snr=np.full(N, np.nan)),
        ]
    )
    by = summarised(truth, restored)
    for name in ("completeness", "purity"):
        assert by.loc[name, "share", "magnitude", "20"]["value"] == 1
        assert by.loc[name, "share", "magnitude", "22"]["value"] == 0.5
        assert by.loc[name, "share", "snr", "all"]["value"] == 0.75
        assert by.loc[name, "share", "magnitude", "22"]["n"] == N // 2


def test_an_empty_study_has_no_rows():
    nothing = table({"flux_total": np.ones(0)})
    assert not len(summarise_sources(nothing, nothing, "blurred", "wiener", 0))


def test_r_squared_of_light_and_size_is_given_for_all_and_for_each_fold():
    random = np.random.default_rng(3)
    flux = 10 ** random.uniform(0, 3, N)
    fold = np.arange(N) // 5 % 4
    # Scatter of 0.3 dex in the last fold alone, on a spread of 3 / sqrt(12) dex.
    measured = flux * 10 ** np.where(fold == 3, 0.3 * random.normal(size=N), 0)
    found = summarised(table({"flux_total": flux}), table({"flux_total": measured}))
    assert found.loc["flux_total", "r2", "fold", "0"]["value"] == pytest.approx(1)
    assert found.loc["flux_total", "r2", "fold", "3"]["value"] == pytest.approx(1 - 0.09 / 0.75, abs=0.05)
    assert found.loc["flux_total", "r2", "fold", "3"]["n"] == N // 4
    assert found.loc["flux_total", "r2", "snr", "all"]["value"] == pytest.approx(1 - 0.09 / 4 / 0.75, abs=0.02)
    assert "colour_r3" not in found.index.get_level_values("measure")
