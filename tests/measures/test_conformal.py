import numpy as np
import pytest

from pipeline.measures.conformal import FEWEST_GROUPS, PROBABILITIES, GroupedScores, effective_number


def groups(count, spread, size=300, seed=0):
    """Scores of groups, each with a scale of its own."""
    random = np.random.default_rng(seed)
    scales = np.exp(spread * random.standard_normal(count))
    return [scale * random.standard_normal(size) for scale in scales]


def collected(parts):
    scores = GroupedScores()
    for number, part in enumerate(parts):
        scores.add(str(number), part)
    return scores.quantiles()


def held(found, parts, level):
    low, high = (np.interp(p, PROBABILITIES, found.values) for p in ((1 - level) / 2, (1 + level) / 2))
    return np.array([((part > low) & (part < high)).mean() for part in parts])


@pytest.mark.parametrize("count", [12, 40])
@pytest.mark.parametrize("spread", [0.0, 0.4, 1.0])
def test_new_groups_are_held_as_often_as_promised(count, spread):
    trials = [(collected(groups(count, spread, seed=k)), groups(20, spread, seed=1000 + k)) for k in range(40)]
    for level in (0.68, 0.95):
        shares = np.array([held(found, new, level).mean() for found, new in trials])
        error = max(0.01, 3 * shares.std() / np.sqrt(len(trials)))
        # Few groups may be on the safe side, by as much as one more would tell.
        assert level - error < shares.mean() < level + error + 0.5 / count


def test_groups_that_move_as_one_are_held_too_where_pixels_would_promise_too_much():
    """Each group is one number, many times over: 60 numbers, not 18,000."""
    random = np.random.default_rng(3)
    shares = [
        held(
            collected(np.repeat(random.standard_normal((60, 1)), 300, 1)), random.standard_normal((200, 1)), 0.95
        ).mean()
        for _ in range(30)
    ]
    assert 0.945 < np.mean(shares) < 0.985


def test_pixels_of_a_group_that_come_twice_change_nothing():
    parts = groups(20, 0.5)
    twice = [np.tile(part, 1 + 3 * (number % 2)) for number, part in enumerate(parts)]
    np.testing.assert_allclose(collected(twice).values, collected(parts).values, rtol=1e-12)


def test_a_large_group_weighs_as_much_as_a_small_one():
    random = np.random.default_rng(0)
    small, large = random.standard_normal((19, 50)), 50 + random.standard_normal(100_000)
    assert collected([*small, large]).values[PROBABILITIES == 0.5] < 1


def test_quantiles_are_those_of_the_scores():
    scores = np.random.default_rng(0).gamma(2.0, 1.0, (200, 2000)) - 1
    found = collected(scores)
    np.testing.assert_allclose(found.values, np.quantile(scores, PROBABILITIES), rtol=0.02, atol=0.01)
    assert found.corrected
    assert (found.groups, found.scores) == (200, 400_000)


def test_few_groups_are_called_so():
    assert not collected(groups(FEWEST_GROUPS - 1, 0.1)).corrected
    assert collected(groups(3, 0.1)).groups == 3


def test_the_effective_number_is_that_of_groups_where_they_move_as_one_and_of_scores_where_they_do_not():
    random = np.random.default_rng(0)
    as_one = (random.random(400) < 0.3).astype(float)
    independent = (random.random((400, 100)) < 0.3).mean(1)
    assert effective_number(as_one, 0.3) == pytest.approx(400, rel=0.15)
    assert effective_number(independent, 0.3) == pytest.approx(40_000, rel=0.2)
    assert effective_number(np.array([0.3]), 0.3) == 0


def test_what_was_counted_in_parts_is_the_whole():
    parts = groups(30, 0.5)
    halves = [GroupedScores(), GroupedScores()]
    for number, part in enumerate(parts):
        halves[0].add(str(number), part[:100])
        halves[1].add(str(number), part[100:])
    np.testing.assert_allclose(GroupedScores.together(halves).quantiles().values, collected(parts).values)


def test_no_scores_have_no_quantiles():
    with pytest.raises(ValueError, match="no scores"):
        GroupedScores().quantiles()


@pytest.mark.parametrize("groups", [8, 20, 38])
def test_no_more_independent_scores_are_claimed_than_there_are(groups):
    scores = GroupedScores()
    for number, score in enumerate(np.random.default_rng(0).normal(size=groups)):
        scores.add(f"g{number}", np.array([score]))
    assert scores.quantiles().effective <= groups
