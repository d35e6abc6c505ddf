import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.config import ConfigError, Study, load_study
from pipeline.config.file import default_yaml, schema_json, write_config

CONFIG = Path(__file__).resolve().parents[2] / "config"
STUDIES = sorted([*CONFIG.glob("*.yaml"), *CONFIG.with_name("benchmarks").glob("studies/*.yaml")])


def test_the_files_in_the_repository_are_those_that_the_code_writes():
    assert (CONFIG / "config.yaml").read_text() == default_yaml(), "run `clearfield config --force`"
    assert (CONFIG / "schema.json").read_text() == schema_json(), "run `clearfield config --force`"


def test_the_demo_keeps_every_default_but_the_two_that_its_first_lines_name():
    demo, default = Study.model_validate(yaml.safe_load(default_yaml())).model_dump(), Study().model_dump()
    assert demo["train"].pop("stretch") != default["train"].pop("stretch")
    assert demo["publish"].pop("final") != default["publish"].pop("final")
    assert demo == default


def test_every_setting_is_described():
    schema = json.loads(schema_json())
    for part in (schema, *schema["$defs"].values()):
        for name, about in part["properties"].items():
            assert about.get("description"), f"{part['title']}.{name}"


def test_bounds_and_choices_stand_above_a_setting():
    text = default_yaml()
    assert "[at least 2]\n  folds: 3" in text
    assert "[one of asinh | linear]\n  stretch:" in text


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_of_the_repository_is_valid_for_the_code_and_for_editors(path):
    load_study(path)
    jsonschema.validate(yaml.safe_load(path.read_text()), json.loads(schema_json()))
    named = path.read_text().partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == CONFIG / "schema.json"


def test_the_papers_study_is_a_grid_of_twenty_conditions():
    study = load_study(CONFIG / "galaxygan.yaml")
    assert [c.name for c in study.conditions][:2] == ["fwhm1.4as_ratio1", "fwhm1.4as_ratio1.2"]
    assert len(study.conditions) == 20
    assert (study.split.folds, study.degrade.protocol, study.images.pixel_scale) == (10, "galaxygan", 0.396)


def test_a_file_that_is_there_is_not_written_over_unasked(tmp_path):
    write_config(tmp_path)
    (tmp_path / "config.yaml").write_text("study: mine\n")
    with pytest.raises(ConfigError, match="--force"):
        write_config(tmp_path)
    assert (tmp_path / "config.yaml").read_text() == "study: mine\n"
