"""Nobody is met in both domains, and nobody who is held out is met at all."""

import pytest

from pipeline.splits import Item, SplitError
from pipeline.tiling import Window
from pipeline.unpaired import apart

WINDOW = Window(0, 0, 8, 8)


def item(group, role, half, fold=0):
    return Item(f"{group}_0", f"{group}_0", WINDOW, group, fold, role, half)


def trained(rows):
    return {row.group for row in rows if row.role == "train"}


def test_of_groups_that_are_in_both_domains_each_is_learned_from_in_one():
    rows = [item(f"head{n}", "train", n % 2) for n in range(6)]
    first, second = apart(rows, rows)
    assert trained(first) == {"head0", "head2", "head4"}
    assert trained(second) == {"head1", "head3", "head5"}


def test_groups_that_are_in_one_domain_alone_are_all_learned_from():
    first, second = apart([item("a", "train", 1)], [item("b", "train", 0)])
    assert trained(first) == {"a"}
    assert trained(second) == {"b"}


def test_whoever_is_held_out_in_either_domain_is_learned_from_in_none():
    alone = [item("x", "train", 0)], [item("y", "train", 0)]
    first, second = apart(
        [item("a", "test", 1), item("b", "train", 0), item("c", "train", 1), *alone[0]],
        [item("a", "train", 1), item("b", "test", 0), item("c", "tune", 1), *alone[1]],
    )
    assert trained(first) == {"x"}
    assert trained(second) == {"y"}


def test_where_the_halves_are_uneven_both_domains_have_as_many_groups_all_the_same():
    rows = [item(f"head{n}", "train", 0) for n in range(4)]
    first, second = apart(rows, rows)
    assert len(trained(first)) == len(trained(second)) == 2
    assert not trained(first) & trained(second)


def test_one_group_cannot_be_learned_from_in_two_domains():
    rows = [item("a", "train", 0), item("b", "test", 1)]
    with pytest.raises(SplitError, match="1 of the groups that are in both domains can be learned from, and two are"):
        apart(rows, rows)


def test_what_is_put_aside_keeps_its_place_and_other_folds_are_left_out():
    rows = [item("a", "train", 0), item("a", "test", 0, fold=1), item("b", "tune", 1), item("c", "train", 1)]
    _, second = apart(rows, rows)
    found = [(row.group, row.role, row.fold) for row in second]
    assert found == [("a", "calibrate", 0), ("b", "tune", 0), ("c", "train", 0)]
