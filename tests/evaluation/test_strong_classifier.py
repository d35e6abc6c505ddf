import numpy as np
import torch

from pipeline.evaluation.strong_classifier import describe, judge


def test_what_only_the_place_of_pixels_tells_is_learned():
    """Stripes against the same pixels shuffled: brightness and scatter are equal."""
    random = np.random.default_rng(0)
    stripes = np.sin(np.arange(32) * 1.3 + random.uniform(0, 6, (80, 1, 1, 1))) * np.ones((1, 1, 32, 1))
    shuffled = random.permuted(stripes.reshape(80, -1), axis=1).reshape(stripes.shape)
    patches, real = describe(np.concatenate([stripes, shuffled])), np.arange(160) < 80
    scores = judge(patches[::2], real[::2], patches[1::2], ("test",))
    assert scores[real[1::2]].min() > scores[~real[1::2]].max()


def test_it_is_a_function_of_its_address_and_leaves_other_random_numbers_alone():
    patches, real = describe(np.random.default_rng(0).standard_normal((40, 1, 32, 32))), np.arange(40) % 2 == 0
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    one, again, other = (judge(patches, real, patches[:4], (address,)) for address in (0, 0, 1))
    assert torch.equal(torch.rand(1), expected)
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
