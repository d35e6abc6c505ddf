import pandas as pd
import pytest
import yaml
from made_model import make_model
from made_study import make_study

from pipeline.config import study_from
from pipeline.errors import ClearfieldError
from pipeline.model_file import read_model
from pipeline.steps.inspect import model_card
from pipeline.steps.publish import publish
from pipeline.steps.train import digest


@pytest.fixture(scope="module")
def flux(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made"), unit="nanomaggy", bands=("g", "r", "i"), shapes=True)


@pytest.fixture
def carded(flux, tmp_path):
    """Publish a model with some evidence and settings; return its path."""

    def run(evidence=(), changes=None, **publication):
        values = flux.study.model_dump(mode="json", exclude_none=True)
        study = study_from(values | {"publish": values["publish"] | publication})
        given = {"study": "made", "data_hash": digest(flux.images)} | (changes or {})
        model = make_model(tmp_path / "fold.safetensors", **given)
        out = tmp_path / "published" / "nafnet_faithful.safetensors"
        tables = flux.summary_csv, flux.metrics_csv, out
        publish(study, flux.images, flux.splits, "nafnet", "faithful", [model], *tables, evidence=evidence)
        return out

    return run


def front_of(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_card_lies_beside_the_model_and_within_it_and_is_read_back_from_it(carded):
    path = carded()
    beside = (path.parent / "nafnet_faithful.MODEL_CARD.md").read_text()
    assert read_model(path).card["text"] == beside
    assert "\n".join(model_card(path)) + "\n" == beside


def test_it_states_every_score_with_its_interval(carded):
    text = carded().with_name("nafnet_faithful.MODEL_CARD.md").read_text()
    for condition in ("fwhm3px_sigma0.05", "fwhm4px_sigma0.05"):
        row = f"| {condition} | linear | 30.80 [30.50, 31.10] | +1.80 [+1.50, +2.10] | total_variation | 9 |"
        assert row in text


def test_programs_read_its_scores_and_what_it_is(carded):
    text = carded(licence="cc-by-4.0").with_name("nafnet_faithful.MODEL_CARD.md").read_text()
    front = front_of(text)
    assert (front["license"], front["pipeline_tag"]) == ("cc-by-4.0", "image-to-image")
    metrics = [result["metrics"][0]["value"] for result in front["model-index"][0]["results"]]
    assert metrics == pytest.approx([30.8, 30.8])
    assert "license" not in front_of(read_model(carded()).card["text"])


def test_what_was_not_done_is_said(carded):
    text = read_model(carded()).card["text"]
    for words in ("Not measured:", "Not calibrated:", "Not audited:", "not stated by whoever trained it"):
        assert words in text
    assert "claims about flux, size or shape" in text


def test_flux_and_size_stand_on_it_where_they_were_measured(carded, flux):
    text = read_model(carded(flux.sources)).card["text"]
    # A hundredth per dB that the method falls short of 30, as the made study has it; `all` is the sixteenfold.
    bias = -16 * 0.01 * 0.5
    assert f"| fwhm3px_sigma0.05 | Flux, 2 FWHM bias | {bias:.3f} [{bias - 0.01:.3f}, {bias + 0.01:.3f}] | 40 |" in text
    assert "Half-light radius r²" in text
    assert "Not measured" not in text
    assert "claims about flux" not in text


def test_calibration_and_audit_have_their_places(carded, tmp_path):
    common = {"method": "nafnet_faithful", "condition": "fwhm3px_sigma0.05"}
    cover = {"psf": "true", "measure": "pixels", "bin": "all", "value": 0.953, "low": 0.94, "high": 0.97, "groups": 9}
    rows = [common | cover | {"statistic": "coverage_95"}, common | cover | {"statistic": "crps"}]
    rows.append(common | cover | {"statistic": "coverage_95", "psf": "10% too wide", "value": 0.5})
    pd.DataFrame(rows).to_csv(tmp_path / "intervals.csv", index=False)
    verdicts = [common | {"inconsistent": False, "invented": True, "why": "sources in 4% of the empty fields"}]
    pd.DataFrame(verdicts).to_csv(tmp_path / "verdicts.csv", index=False)
    intervals = {"counted": "images", "calibrated": {"pixels": {"notes": {"all": {"groups": 12}}}}}
    files = tmp_path / "intervals.csv", tmp_path / "verdicts.csv"
    text = read_model(carded(files, {"intervals": intervals})).card["text"]
    assert "calibrated on 12 images" in text
    assert "| fwhm3px_sigma0.05 | pixels | all | 95% | 0.953 [0.940, 0.970] | 9 |" in text
    assert "0.500" not in text
    assert "| fwhm3px_sigma0.05 | not found | yes | sources in 4% of the empty fields |" in text


def test_it_says_how_it_was_trained_on_what_and_how_to_cite_it(carded):
    path = carded(source="SDSS DR17, free for all")
    text, model = read_model(path).card["text"], read_model(path)
    for words in (
        "architecture nafnet, ",
        f"{sum(t.numel() for t in model.tensors.values()):,} weights",
        "encoder blocks 1, 1",
        "- regression: steps ",
        "bands g, r, i",
        "pixels of 0.2 arcsec",
        "SDSS DR17, free for all",
        f"Name the model, nafnet_faithful {model.hash}",
        "data " + model.card["data_hash"][:12],
    ):
        assert words in text


def test_a_model_that_was_not_published_has_no_card(tmp_path):
    with pytest.raises(ClearfieldError, match=r"m.safetensors: has no card to read; `publish` adds it"):
        model_card(make_model(tmp_path / "m.safetensors"))
