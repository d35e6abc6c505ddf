import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.calibration import ALL, BinnedScores, Calibration, CalibrationError, bin_numbers
from pipeline.evaluation.interval_summary import EVERY, merged, summarise_intervals
from pipeline.evaluation.interval_sums import interval_sums
from pipeline.evaluation.signal_to_noise import BINS
from pipeline.measures.conformal import FEWEST_GROUPS

SNR = {"under 3": 1.0, "3 to 10": 5.0, "10 to 30": 20.0, "above 30": 100.0}


def scores(groups, seed=0, bins=SNR, size=400):
    """Normal errors of one spread in each bin, in groups."""
    random, binned = np.random.default_rng(seed), BinnedScores()
    for group in range(groups):
        for number, snr in enumerate(bins.values()):
            binned.add(str(group), (1 + number) * random.standard_normal(size), np.full(size, snr))
    return binned


def judged(calibration, groups=60, seed=5, size=400, widths=(1, 2, 3, 4), condition="c"):
    """Sums of groups whose errors are as wide as those that :func:`scores` calibrates, or as ``widths`` say."""
    random, tables = np.random.default_rng(seed), []
    for group in range(groups):
        width, snr = np.repeat(widths, size), np.repeat(list(SNR.values()), size)
        error = width * random.standard_normal(len(width))
        table = interval_sums(
            error, error, snr, np.zeros(len(error), int), [str(group)], calibration,
            lambda quantile: quantile, lambda p: np.full(len(SNR) * size, 18 * (p - 0.5)),
        )  # fmt: skip
        tables.append(table.assign(condition=condition, method="net", psf="as it is", measure="pixels", fold=0))
    return merged(tables)


def value(table, statistic, bin_, condition="c"):
    row = table[(table.statistic == statistic) & (table.bin == bin_) & (table.condition == condition)]
    return row.iloc[0]


def test_signal_to_noise_falls_into_the_bins_of_the_tables():
    assert bin_numbers(np.array([-2, 0, 2.9, 3, 10, 29, 30, np.inf])).tolist() == [0, 0, 0, 1, 2, 2, 3, 3]


def test_each_bin_has_its_own_quantiles_and_holds_what_it_says():
    calibration = scores(40).calibration()
    np.testing.assert_allclose(calibration.ends(0.68)[1] / calibration.ends(0.68)[1][0], [1, 2, 3, 4], rtol=0.05)
    table = summarise_intervals(judged(calibration), seed=0)
    for name in BINS:
        for level in (68, 95):
            found = value(table, f"coverage_{level}", name)
            assert found.value == pytest.approx(level / 100, abs=0.015)
            assert found.low < found.value < found.high
            assert (found.groups, found.n) == (60, 60 * 400)


def test_errors_that_grew_are_not_held_and_the_transform_shows_it():
    table = summarise_intervals(judged(scores(40).calibration(), widths=(2, 2, 3, 4)), seed=0)
    assert value(table, "coverage_68", "under 3").high < 0.5
    assert value(table, "pit_0", "under 3").value > 0.08
    assert value(table, "coverage_68", "10 to 30").value == pytest.approx(0.68, abs=0.015)


def test_conditions_are_taken_together_too():
    calibration = scores(40).calibration()
    sums = pd.concat([judged(calibration, condition=name, seed=k) for k, name in enumerate("ab")])
    table = summarise_intervals(sums, seed=0)
    assert set(table.condition) == {"a", "b", EVERY}
    assert value(table, "crps", ALL, EVERY).n == 2 * value(table, "crps", ALL, "a").n


def test_a_bin_with_too_few_groups_borrows_from_all_and_says_so():
    binned = scores(30)
    few = scores(FEWEST_GROUPS - 1, seed=1, bins={"above 30": 100.0})
    calibration = BinnedScores.together([scores(30, bins={"under 3": 1.0}), few]).calibration()
    assert calibration.notes["above 30"]["borrowed"]
    assert calibration.notes["3 to 10"] == calibration.notes["3 to 10"] | {"borrowed": True, "groups": 0}
    assert not calibration.notes["under 3"]["borrowed"]
    np.testing.assert_array_equal(calibration.quantiles[1], calibration.quantiles[3])
    assert not any(note["borrowed"] for note in binned.calibration().notes.values())


def test_a_group_that_two_folds_have_counts_once():
    both = BinnedScores.together([scores(12, seed=0), scores(12, seed=1)])
    assert both.calibration().notes[ALL]["groups"] == 12


def test_a_calibration_is_read_as_it_was_written():
    calibration = scores(20).calibration()
    read = Calibration.from_dict(calibration.to_dict())
    np.testing.assert_allclose(read.quantiles, calibration.quantiles, atol=1e-6)
    assert read.notes == calibration.notes
    with pytest.raises(CalibrationError, match="cannot be read"):
        Calibration.from_dict({"probabilities": [0.5], "quantiles": {}})
    assert BinnedScores().calibration() is None
