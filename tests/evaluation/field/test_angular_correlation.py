from dataclasses import replace

import numpy as np
import pytest
from made_sky import catalogue

from pipeline.evaluation.field.angular_correlation import angular_correlation, compare_correlations


@pytest.fixture(scope="module")
def skies():
    return {
        "strewn": angular_correlation(*catalogue(0, count=700), 0),
        "again": angular_correlation(*catalogue(1, count=700), 0),
        "clumped": angular_correlation(*catalogue(2, count=700, clumps=40), 0),
    }


def test_sources_at_random_have_no_correlation_and_clumped_ones_have_it_at_their_own_scale(skies):
    assert (np.abs(skies["strewn"].w) < 4 * skies["strewn"].error + 0.05).all()
    near, far = skies["clumped"].separation < 20, skies["clumped"].separation > 150
    assert (skies["clumped"].w[near] > 1).all()
    assert (np.abs(skies["clumped"].w[far]) < 0.5).all()


def test_skies_are_compared_by_their_scatter(skies):
    same = compare_correlations(skies["strewn"], skies["again"], None, 700).findings
    other = compare_correlations(skies["strewn"], skies["clumped"], None, 700).findings
    assert same[0].p_value > 0.01
    assert other[0].p_value < 0.01
    assert other[0].value > 5 > same[0].value


def test_beyond_the_reach_of_a_latent_the_real_skys_correlation_is_told_beside_none(skies):
    found = compare_correlations(skies["clumped"], skies["strewn"], 10.0, 700).findings
    beyond = next(f for f in found if f.quantity == "real_beyond_reach")
    assert beyond.perfect == 0
    assert beyond.low < beyond.value < beyond.high
    assert len(compare_correlations(skies["clumped"], skies["strewn"], 1e9, 700).findings) == 1


def test_of_few_sources_nothing_is_said():
    nothing = angular_correlation(*catalogue(0, count=20), 0)
    assert nothing is None
    assert not compare_correlations(nothing, nothing, None, 20).findings


def test_blocks_without_a_source_do_not_end_the_comparison():
    sources, blocks = catalogue(0, count=700)
    table = sources.table[sources.table["block"] < len(blocks) - 6]
    found = angular_correlation(replace(sources, table=table), blocks, 0)
    assert np.isfinite(found.w).all()
