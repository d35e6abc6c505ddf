import numpy as np

from pipeline.translators.histogram_matching import HistogramMatching


def disk(values, seed=0):
    """A slice with a round body of positive values, and 0 about it."""
    y, x = np.mgrid[:40, :40] - 20
    body = x**2 + y**2 < 15**2
    plane = np.zeros((40, 40), np.float32)
    plane[body] = values(np.random.default_rng(seed).uniform(1, 2, int(body.sum())))
    return plane[None], body


def test_a_change_that_keeps_the_order_of_values_is_found_again():
    source, _ = disk(lambda u: u)
    target, _ = disk(lambda u: 10 * u**2, seed=1)
    unseen, body = disk(lambda u: u, seed=2)
    found = HistogramMatching.learned([source], [target]).translate(unseen).pixels
    np.testing.assert_allclose(found[0][body], 10 * unseen[0][body] ** 2, rtol=0.1)
    assert (found[0][~body] == 0).all()


def test_a_change_of_the_order_is_beyond_it():
    source, _ = disk(lambda u: u)
    target, body = disk(lambda u: 3 - u)
    found = HistogramMatching.learned([source], [target]).translate(source).pixels
    assert np.corrcoef(found[0][body], target[0][body])[0, 1] < -0.99


def test_there_is_no_way_back():
    source, _ = disk(lambda u: u)
    assert HistogramMatching.learned([source], [source]).translate(source).back is None
