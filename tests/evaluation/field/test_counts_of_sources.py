import numpy as np
import pytest
from made_sky import catalogue

from pipeline.evaluation.field.counts_in_cells import counts_in_cells
from pipeline.evaluation.field.number_counts import number_counts
from pipeline.evaluation.field.sky_blocks import BlockedCatalogue


def test_counts_alike_are_not_told_apart_and_half_as_many_are():
    real = catalogue(0)[0]
    same = number_counts(real, catalogue(1)[0], ("g",), 64, 0).findings
    half = number_counts(real, catalogue(1, count=400)[0], ("g",), 64, 0).findings
    assert [f.quantity for f in same] == ["density", "counts"]
    assert same[0].value == pytest.approx(1, abs=0.01)
    assert min(f.p_value for f in same) > 0.05
    assert half[0].value == pytest.approx(0.5, abs=0.01)
    assert max(f.p_value for f in half) < 0.01


def test_the_curve_holds_all_sources_per_megapixel():
    curves = number_counts(catalogue(0)[0], catalogue(1)[0], ("g",), 64, 0).curves
    magnitudes = np.array([c.x for c in curves])
    width = magnitudes[1] - magnitudes[0]
    np.testing.assert_allclose(np.diff(magnitudes), width)
    # 98% of 800 sources on 512 x 512 px.
    assert sum(c.real for c in curves) * width == pytest.approx(0.98 * 800 / 0.262144, rel=0.02)
    assert all(c.real_low < c.real < c.real_high for c in curves)


def test_sources_at_random_scatter_as_their_number_and_clumped_ones_more():
    strewn, clumped = catalogue(0, count=3000)[0], catalogue(1, count=3000, clumps=60)[0]
    alike = counts_in_cells(strewn, catalogue(2, count=3000)[0], 64, 0)
    assert [round(c.x) for c in alike.curves] == [16, 32, 64]
    for curve in alike.curves:
        assert curve.real == pytest.approx(1, abs=0.35)
    assert min(f.p_value for f in alike.findings) > 0.01
    for found in counts_in_cells(strewn, clumped, 64, 0).findings:
        assert found.value > 2
        assert found.p_value < 0.01


def test_what_is_masked_of_a_block_makes_no_fewer_sources():
    real, made = catalogue(0)[0], catalogue(1)[0]
    # A fifth of the area, and of its sources, is masked.
    left = BlockedCatalogue(real.table[real.table["x"] % 64 < 0.8 * 64], np.full(real.blocks, 0.8))
    density, counts = number_counts(left, made, ("g",), 64, 0).findings
    assert density.value == pytest.approx(1, abs=0.1)
    assert min(density.p_value, counts.p_value) > 0.02


def test_a_sky_without_sources_is_compared_all_the_same():
    none = catalogue(0, count=0)[0]
    (density,) = number_counts(none, catalogue(1)[0], ("g",), 64, 0).findings
    assert np.isnan([density.value, density.p_value]).all()
