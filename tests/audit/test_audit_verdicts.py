"""What the audit must hold: who paints is caught, and who returns the input is inconsistent and does not invent."""

import numpy as np
import pytest
from made_painter import trained_painter
from made_restorers import Identity, Painter, empty, specimens, wiener

from pipeline.audit.examination import examine
from pipeline.audit.table import table_of
from pipeline.audit.verdict import judgements, uses
from pipeline.config import Audit
from pipeline.restorers.network import NetworkRestorer

SETTINGS = Audit(fields=30, psf_errors=[0.1], fields_with_mistakes=2, snr=[5.0, 30.0])


def audited(restorer, settings=SETTINGS, pieces=None):
    findings, _ = examine(restorer, pieces if pieces is not None else specimens(), empty(), settings)
    return table_of(findings, "made", "method")


@pytest.fixture(scope="module")
def honest():
    return audited(wiener())


@pytest.fixture(scope="module")
def returned():
    return audited(Identity())


def test_a_restorer_that_paints_faint_sources_into_a_twentieth_of_empty_fields_is_caught():
    table = audited(Painter(wiener()), Audit(), pieces=[])
    assert judgements(table)[0].invented
    assert any("find or count faint sources" in words for words in uses(table)[0].may_not)


def test_a_restorer_that_returns_its_input_is_inconsistent_and_does_not_invent(returned):
    (judged,) = judgements(returned)
    assert judged.inconsistent
    assert not judged.invented


def test_an_honest_filter_neither_invents_nor_is_it_inconsistent(honest):
    (judged,) = judgements(honest)
    assert not judged.invented
    assert not judged.inconsistent
    (use,) = uses(honest)
    assert any("find sources" in words for words in use.may)


def test_every_verdict_names_its_numbers(returned):
    (judged,) = judgements(returned)
    assert len(judged.why) == 3
    assert all("where nothing is wrong" in words for words in judged.why)


def test_the_same_seed_finds_the_same():
    first, second = (audited(Painter(Identity(), 0.5), pieces=specimens(1)) for _ in range(2))
    assert first.equals(second)


def test_a_model_for_which_light_is_right_above_some_level_may_measure_it_there_and_not_below(honest):
    table = honest.copy()
    bias = table["measure"] == "flux_bias"
    table.loc[bias & table["case"].str.contains("S/N 5"), "value"] = -0.3
    table.loc[bias & table["case"].str.contains("S/N 30"), "value"] = 0.01
    (use,) = uses(table)
    assert any("from S/N 30 up" in words for words in use.may)
    assert any("at S/N 5" in words and "30%" in words for words in use.may_not)


def test_a_mistake_with_which_a_method_invents_is_named_in_plain_words(honest):
    table = honest.copy()
    here = (table["measure"] == "fields_with_invention") & (table["case"] == "noise ×0.5")
    table.loc[here, ["value", "low", "null_high"]] = 0.95, 0.8, 0.02
    (use,) = uses(table)
    assert any("told noise ×0.5" in words and "95%" in words for words in use.may_not)


@pytest.mark.slow
def test_a_network_that_was_trained_to_make_sources_of_noise_is_caught():
    # Peaks of this height are in a twentieth of empty fields: there it adds a source of signal-to-noise 4.
    painter = NetworkRestorer(trained_painter(trigger=3.75), device="cpu")
    table = audited(painter, Audit(), pieces=[])
    assert judgements(table)[0].invented
    (share,) = table.loc[table["measure"] == "fields_with_invention", "value"]
    assert 0.02 < share < 0.12


def test_what_was_not_measured_forbids_and_allows_nothing(honest):
    table = honest.copy()
    bias = table["measure"] == "flux_bias"
    table.loc[bias, "value"] = 0.01
    table.loc[bias & table["case"].str.contains("S/N 30"), "value"] = np.nan
    cells = table["measure"] == "contradicted_cells"
    table.loc[cells, "n"] = 0
    table.loc[cells, ["value", "low", "high"]] = np.nan
    (use,), (judged,) = uses(table), judgements(table)
    assert any("from S/N 5 up" in words for words in use.may)
    assert not any("measure light" in words for words in use.may_not)
    assert not any("explains its data" in words for words in use.may)
    assert not any("nan" in words for words in (*use.may, *use.may_not, *judged.why))


def test_a_few_sources_on_empty_sky_are_not_called_none(honest):
    table = honest.copy()
    fields = (table["measure"] == "fields_with_invention") & (table["part"] == "empty_sky")
    table.loc[fields, ["value", "low", "high", "null_high"]] = 0.02, 0.005, 0.05, 0.02
    (use,) = uses(table)
    assert not any("made none" in words for words in use.may)
    assert any("no more often than chance" in words for words in use.may)
