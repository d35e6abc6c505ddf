import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.rank_tests import cliffs_delta, cliques, friedman, signed_ranks

# Demsar (2006), table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets. His ranks were taken before he
# rounded: of the two that read 0.975 on `voting` the third column is the better.
DEMSAR = np.array(
    [
        *([0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967]),
        *([0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931]),
        *([0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875]),
        *([1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669]),
        *([0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970]),
    ]
)


def test_demsars_example_has_his_mean_ranks_and_his_statistic():
    found = friedman(-DEMSAR)
    np.testing.assert_allclose(found.ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert found.statistic == pytest.approx(9.28, abs=0.01)
    # F = 3.69 with 3 and 39 degrees of freedom; the critical value at 5% is 2.85.
    assert 0.01 < found.p_value < 0.025


def test_demsars_signed_ranks_by_hand():
    # His table 2: R+ = 93 and R- = 12, of which zeros give 1.5 to each side; significant at 5%.
    found = signed_ranks(DEMSAR[:, 1] - DEMSAR[:, 0])
    assert found.effect == pytest.approx((93 - 12) / 105)
    assert found.p_value < 0.05


def test_rank_biserial_by_hand_and_the_least_p_of_few():
    # Ranks of 1, 2, 3, 4 and 5; against are those of -2 and -3: (10 - 5) / 15.
    assert signed_ranks(np.array([1.0, -2.0, -3.0, 4.0, 5.0])).effect == pytest.approx(1 / 3)
    assert signed_ranks(np.array([1.0, 2.0, 3.0])).p_value == pytest.approx(2 / 2**3)
    assert signed_ranks(np.arange(1.0, 7.0)).p_value == pytest.approx(2 / 2**6)
    nothing = signed_ranks(np.zeros(4))
    assert (nothing.p_value, nothing.effect) == (1, 0)


def test_cliffs_delta_by_hand():
    assert cliffs_delta(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1
    # Of 9 pairs 4 are above (2 > 1 and 5 > 1, 3, 4), 4 below (1 < 3, 4 and 2 < 3, 4), and 1 = 1 is a tie.
    first, second = np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 4.0])
    assert cliffs_delta(first, second) == 0
    assert cliffs_delta(first + 1, second) == pytest.approx((5 - 3) / 9)
    assert cliffs_delta(first, first) == 0


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8), st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_cliffs_delta_is_the_mean_sign_of_all_differences(first, second):
    one, two = np.array(first, float), np.array(second, float)
    expected = np.sign(one[:, None] - two[None, :]).mean()
    assert cliffs_delta(one, two) == pytest.approx(expected)
    assert cliffs_delta(two, one) == pytest.approx(-expected)


def test_bars_join_all_that_are_not_told_apart_and_no_others():
    assert cliques(list("abcd"), []) == [("a", "b", "c", "d")]
    # In Demsar's figure 1b: the best two against the worst, the third with all.
    assert cliques(list("abcd"), [("a", "d"), ("b", "d")]) == [("a", "b", "c"), ("c", "d")]
    assert cliques(list("abc"), [("a", "b"), ("a", "c"), ("b", "c")]) == [("a",), ("b",), ("c",)]
    # A method between two that are not told apart, and told apart from both.
    assert cliques(list("abc"), [("a", "b"), ("b", "c")]) == [("a", "c"), ("b",)]


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] < p[1])))
def test_two_methods_share_a_set_if_and_only_if_they_are_not_told_apart(apart):
    names = [f"m{n}" for n in range(6)]
    found = cliques(names, [(names[a], names[b]) for a, b in apart])
    for a in range(6):
        for b in range(a + 1, 6):
            assert any({names[a], names[b]} <= set(one) for one in found) == ((a, b) not in apart)


def test_one_sample_or_one_method_is_ranked_and_not_tested():
    assert np.isnan(friedman(np.array([[1.0, 2.0]])).p_value)
    assert friedman(np.array([[1.0], [2.0]])).ranks.tolist() == [1]


def test_methods_that_always_rank_alike_differ_for_certain():
    assert friedman(np.tile([1.0, 2.0, 3.0], (12, 1))).p_value == 0
    # Of chi-square 16 with 2 degrees of freedom, as there are fewer than ten samples: exp(-16 / 2).
    assert friedman(np.tile([1.0, 2.0, 3.0], (8, 1))).p_value == pytest.approx(np.exp(-8))
