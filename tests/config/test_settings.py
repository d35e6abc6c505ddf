from pipeline.config import Study, settings_hash, study_from


def test_settings_have_a_hash_that_follows_their_values_and_not_their_order():
    assert settings_hash({"a": 1, "b": [2]}) == settings_hash({"b": [2], "a": 1})
    assert settings_hash({"a": 1}) != settings_hash({"a": 2})
    assert settings_hash(Study()) == settings_hash(study_from({}))
    assert settings_hash(Study(seed=1)) != settings_hash(Study())
