import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fields.addressed_noise import addressed_noise, addressed_uniform, philox
from pipeline.tiling import Window

FAR = 2**40


def words(*values):
    return tuple(torch.tensor([value]) for value in values)


@pytest.mark.parametrize(
    ("word", "known"),
    [
        (0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (0xFFFFFFFF, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ],
)
def test_the_known_answers_of_philox(word, known):
    assert tuple(int(found) for found in philox(words(*[word] * 4), words(word, word))) == known


def test_the_known_answer_of_philox_for_the_digits_of_pi():
    counter = words(0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    found = philox(counter, words(0xA4093822, 0x299F31D0))
    assert tuple(map(int, found)) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([0, -17, FAR, -FAR, 2**62]),
    st.integers(-40, 40),
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(1, 13),
    st.integers(1, 13),
)
def test_a_window_is_the_same_part_of_any_larger_one(origin, shift, top, left, height, width):
    large = Window(origin + shift, -origin + shift, 33, 33)
    part = Window(large.y0 + top, large.x0 + left, height, width)
    whole = addressed_noise(7, "latents", large, 2)
    assert torch.equal(addressed_noise(7, "latents", part, 2), whole[(..., *part.relative_to(large).slices)])


def test_seed_layer_channel_and_place_each_give_other_noise():
    window = Window(0, 0, 8, 8)
    one = addressed_noise(0, "a", window, 2)
    others = [
        addressed_noise(1, "a", window, 1)[0],
        addressed_noise(0, "b", window, 1)[0],
        one[1],
        addressed_noise(0, "a", Window(0, 2**32, 8, 8), 1)[0],
        addressed_noise(0, "a", Window(2**32, 0, 8, 8), 1)[0],
        addressed_noise(0, "a", Window(-8, 0, 8, 8), 1)[0],
    ]
    for other in others:
        assert not torch.isin(other, one[0]).any()


def test_the_noise_is_normal_and_white():
    noise = addressed_noise(3, "layer", Window(-200, -333, 400, 500), 1)[0].double().numpy()
    count = noise.size
    assert abs(noise.mean()) < 4 / count**0.5
    assert abs(noise.var() - 1) < 4 * (2 / count) ** 0.5
    assert abs((noise**4).mean() - 3) < 4 * (96 / count) ** 0.5
    for shift in ((0, 1), (1, 0), (0, 2), (0, 4), (3, 3)):
        assert abs((noise * np.roll(noise, shift, (0, 1))).mean()) < 4 / count**0.5


def test_numbers_of_a_whole_field_are_even_and_its_own():
    drawn = addressed_uniform(5, "phases", 4000)
    assert torch.equal(drawn[:3], addressed_uniform(5, "phases", 3))
    assert not torch.equal(drawn, addressed_uniform(6, "phases", 4000))
    assert ((drawn > 0) & (drawn < 1)).all()
    assert abs(float(drawn.mean()) - 0.5) < 4 / (12 * 4000) ** 0.5
