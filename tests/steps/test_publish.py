import json

import pandas as pd
import pytest
import torch
from made_model import make_card, make_model
from made_study import make_study

from pipeline.config import study_from
from pipeline.errors import ClearfieldError
from pipeline.model_file import read_model
from pipeline.steps.publish import publish
from pipeline.steps.train import digest


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made"))


@pytest.fixture
def published(made, tmp_path):
    """Publish a model whose card says `changes`; return its path and that of the result."""

    def run(of=None, **changes):
        card = {"study": "made", "data_hash": digest(made.images)} | changes
        model = make_model(tmp_path / "fold.safetensors", ("red", "green", "blue"), unit="display", **card)
        out = tmp_path / "published" / "nafnet_faithful.safetensors"
        publish(
            of or made.study,
            made.images,
            made.splits,
            "nafnet",
            "faithful",
            [model],
            made.summary_csv,
            made.metrics_csv,
            out,
        )
        return model, out

    return run


def test_tensors_and_hash_are_those_of_training(published):
    model, out = (read_model(path) for path in published())
    assert out.hash == model.hash
    assert out.card["hash"] == model.card["hash"]
    for name, tensor in model.tensors.items():
        torch.testing.assert_close(out.tensors[name], tensor, rtol=0, atol=0)


def test_what_training_wrote_stays_on_the_card(published):
    model, out = (read_model(path) for path in published())
    assert out.card | model.card == out.card


def test_scores_are_those_of_the_summary(published, made):
    card = read_model(published()[1]).card
    summary = pd.read_csv(made.summary_csv)
    rows = summary[(summary["method"] == "nafnet_faithful") & (summary["metric"] == "psnr")]
    assert [score["condition"] for score in card["scores"]] == [c.name for c in made.study.conditions]
    for score, (_, row) in zip(card["scores"], rows.iterrows()):
        for name in ("median", "low", "high", "difference", "difference_low", "difference_high"):
            assert score[name] == pytest.approx(row[name], rel=1e-12)
        assert (score["reference"], score["n"], score["scope"]) == ("total_variation", 9, "field")


def test_the_score_of_each_fold_is_its_mean(published, made):
    score = read_model(published()[1]).card["scores"][0]
    table = pd.read_csv(made.metrics_csv)
    table = table[(table["method"] == "nafnet_faithful") & (table["condition"] == score["condition"])]
    assert score["by_fold"] == {
        str(fold): pytest.approx(mean, abs=1e-4) for fold, mean in table.groupby("fold")["value"].mean().items()
    }


def test_what_could_not_be_measured_is_null_and_not_nan(published, made, tmp_path):
    summary = pd.read_csv(made.summary_csv)
    summary.loc[summary["method"] == "nafnet_faithful", ["difference_low", "difference_high"]] = float("nan")
    before = made.summary_csv.read_text()
    summary.to_csv(made.summary_csv, index=False)
    try:
        card = read_model(published()[1]).card
    finally:
        made.summary_csv.write_text(before)
    assert card["scores"][0]["difference_low"] is None
    assert "NaN" not in json.dumps(card)
    assert "[unknown, unknown]" in card["text"]


def test_the_card_reads_as_a_page(published):
    text = read_model(published()[1]).card["text"]
    for words in (
        "# nafnet_faithful, model ",
        "1 image, 3 groups",
        "images in display units, bands red, green, blue",
        "FWHM 3 to 4 px",
        "| fwhm3px_sigma0.05 | linear | 30.80 [30.50, 31.10] | +1.80 [+1.50, +2.10] | total_variation | 9 |",
        "trained in the same way on all of them",
        "this one field",
        "no repair: masked pixels are filled",
        "## Not for",
        "no flux can be measured",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) < 400


def test_fold_0_says_that_it_saw_the_rest_only(published, made):
    study = study_from(made.study.model_dump(mode="json", exclude_none=True) | {"publish": {"final": "fold0"}})
    card = read_model(published(study, fold=0)[1]).card
    assert card["trained_on"]["groups"] == 2
    assert "This file is the network of fold 0" in card["text"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fold": 1}, "a model of fold 1, and final is to be published"),
        ({"output": "sharp"}, "a model of output sharp"),
        ({"network": "other"}, "a model of network other"),
        ({"study": "other"}, "a model of study other"),
        ({"data_hash": "0" * 64}, "was trained on other images"),
    ],
)
def test_another_model_is_refused_by_name(published, tmp_path, changes, says):
    with pytest.raises(ClearfieldError, match=rf"fold.safetensors: .*{says}"):
        published(**changes)
    assert not list(tmp_path.glob("published/*"))


def test_a_model_that_nobody_judged_is_refused(made, tmp_path):
    model = make_model(tmp_path / "m.safetensors", study="made", data_hash=digest(made.images))
    summary = pd.read_csv(made.summary_csv)
    summary[summary["method"] != "nafnet_faithful"].to_csv(tmp_path / "summary.csv", index=False)
    rest = [model], tmp_path / "summary.csv", made.metrics_csv, tmp_path / "out.safetensors"
    with pytest.raises(ClearfieldError, match="no PSNR of nafnet_faithful"):
        publish(made.study, made.images, made.splits, "nafnet", "faithful", *rest)


def test_made_cards_are_like_those_of_training():
    """Guards the tests of `apply` and `publish`: what they make up is what `train` writes."""
    import ast
    import inspect

    from pipeline.steps import training_material

    tree = ast.parse(inspect.getsource(training_material))
    card = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "card")
    written = {key.value for node in ast.walk(card) if isinstance(node, ast.Dict) for key in node.keys}
    assert written - {"clearfield", "torch", "python"} | {"data_hash"} == set(make_card())


def test_a_specialist_is_published_with_the_scores_of_its_condition_alone(made, published, tmp_path):
    values = made.study.model_dump(mode="json", exclude_none=True)
    values["networks"]["nafnet"]["conditions"] = "each"
    study, condition = study_from(values), made.study.conditions[1].name
    specialist = f"nafnet@{condition}"
    model = make_model(
        tmp_path / "m.safetensors",
        ("red", "green", "blue"),
        unit="display",
        **{"study": "made", "network": specialist, "data_hash": digest(made.images)},
    )
    out = tmp_path / "published" / f"{specialist}_faithful.safetensors"
    tables = made.summary_csv, made.metrics_csv
    publish(study, made.images, made.splits, specialist, "faithful", [model], *tables, out)
    card = read_model(out).card
    assert [score["condition"] for score in card["scores"]] == [condition]
    assert f"# {specialist}_faithful, model " in card["text"]
    with pytest.raises(ClearfieldError, match=rf"a model of network {specialist}, and nafnet@fwhm3px_sigma0.05 is to"):
        publish(study, made.images, made.splits, "nafnet@fwhm3px_sigma0.05", "faithful", [model], *tables, out)


def test_the_card_says_how_well_the_psf_must_be_known(published):
    assert "known to" not in read_model(published()[1]).card["text"]
    assert "px; trained for a width that is known to 7%" in read_model(published(psf_error=0.07)[1]).card["text"]
