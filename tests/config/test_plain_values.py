import pytest

from pipeline.config import ConfigError, plain_values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study: g\nseed: 1\nseed: 2\n", "line 3: seed stands there twice; leave one of them out"),
        ("split:\n  folds: 3\n  tune: 0.2\n  folds: 4\n", "line 4: folds stands there twice"),
        ("split: {folds: 3, folds: 3}\n", "line 1: folds stands there twice"),
        ('networks:\n  n: {architecture: nafnet}\n  "n": {architecture: nafnet}\n', "line 3: n stands there twice"),
        ('{"split": {"folds": 3, "folds": 4}}', "folds stands there twice"),
    ],
)
def test_a_key_that_stands_twice_is_refused_by_name(tmp_path, text, says):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        plain_values(path)
    assert str(error.value).startswith(f"{path}: {says}")
    assert "\n" not in str(error.value)


def test_a_section_may_be_taken_over_and_changed(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: &a {width: 8, depth: 2}\nb: &b {<<: *a, width: 9}\nc: {<<: *b, width: 10}\n")
    assert plain_values(path)["c"] == {"width": 10, "depth": 2}


def test_json_may_be_indented_by_tabs(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{\n\t"seed": 1\n}')
    assert plain_values(path) == {"seed": 1}
