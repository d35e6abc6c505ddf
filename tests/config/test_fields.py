from pathlib import Path

import pytest

from pipeline.config import ConfigError, SganSettings, XdfGanSettings, study_from


def test_a_study_that_names_no_generator_has_the_usual_one():
    assert study_from({"study": "mine"}).painters == {"sgan": SganSettings()}
    named = study_from({"study": "mine", "fields": {"xdf_gan": {"generator": "xdf_gan"}}})
    assert named.painters == {"xdf_gan": XdfGanSettings()}


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        (SganSettings(), {64: 16}),
        (SganSettings(crops=[64, 96, 512]), {64: 16, 96: 7, 512: 1}),
        (XdfGanSettings(), {64: 32, 128: 8, 256: 2}),
    ],
)
def test_a_step_has_about_as_many_pixels_whatever_the_width_of_its_crops(settings, counts):
    assert {width: settings.crops_of(width) for width in settings.crops} == counts
    assert all(count % settings.pack == 0 for count in counts.values())


def test_a_mark_is_there_for_who_names_its_key_alone():
    assert study_from({"study": "mine"}).field.mark is None
    mark = study_from({"study": "mine", "field": {"mark": {"key": "~/keys/mark.key"}}}).field.mark
    assert mark.key == str(Path("~/keys/mark.key").expanduser())
    assert mark.strength == 0.05
    with pytest.raises(ConfigError, match=r"field\.mark\.key"):
        study_from({"study": "mine", "field": {"mark": {"strength": 0.1}}})
