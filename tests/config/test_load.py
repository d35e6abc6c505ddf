import pytest
import yaml

from pipeline.config import ConfigError, Study, load_study


def test_numbers_in_yaml_may_have_exponents(tmp_path):
    (tmp_path / "mine.yaml").write_text("study: mine\ntrain: {clip: 1e-3}\n")
    assert load_study(tmp_path / "mine.yaml").train.clip == 1e-3


def test_a_study_is_read_from_yaml_and_from_json(tmp_path):
    values = {"study": "mine", "degrade": {"psf": {"fwhm": ["3px"]}, "noise": {"sigma": [0.1]}}}
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(values))
    (tmp_path / "b.json").write_text(Study.model_validate(values).model_dump_json())
    assert load_study(tmp_path / "a.yaml") == load_study(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file; `clearfield config` writes one"),
        (b"a: [1\nb: {", "not YAML: line 2: expected ',' or ']'"),
        (
            b"split:\n\tfolds: 3\n",
            "not YAML: line 2: found character '\\t' that cannot start any token; indent with spaces",
        ),
        (b"study: 2020-13-45\n", "not YAML: month must be in 1..12"),
        (b"\xff\xfe\x00", "not YAML: "),
        (b"", "holds no settings"),
        (b"study: a b\n", "study is a b; letters"),
        (b"seed: 1\n", "study is missing; a name is required, as results go to results/<study>"),
    ],
)
def test_a_file_that_is_no_study_is_refused_in_one_line(tmp_path, content, says):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: {says}")
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_study(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_study(tmp_path)
