from pipeline.restorers import classical


def test_the_preview_comes_back_as_it_is(truth, look):
    observation = look(truth)
    assert classical("degraded", {}).restore(observation) is observation.preview
