import numpy as np
import pytest
import torch

from pipeline.physics.noise import (
    GaussianNoise,
    NoiseError,
    PoissonNoise,
    addressed_generator,
    draw_each,
    noise_from,
    told_sigma_of_each,
)

SIZE = 256


def generators(bands, *address):
    return [addressed_generator(0, *address, band) for band in range(bands)]


def flat(level, bands=2):
    return torch.full((1, bands, SIZE, SIZE), level)


def test_an_address_gives_the_same_numbers_whatever_was_drawn_before():
    def draw(*address):
        return torch.randn(50, generator=addressed_generator(*address))

    first = [draw(0, "a", 1), draw(0, "b", 1)]
    second = [draw(0, "b", 1), draw(0, "a", 1)]
    torch.testing.assert_close(first, second[::-1])


def test_every_part_of_an_address_matters():
    addresses = [(0, "a", 1), (1, "a", 1), (0, "b", 1), (0, "a", 2), ("0", "a", 1), (0, "a", "1"), (0, "a"), (0, "a1")]
    seeds = {addressed_generator(*a).initial_seed() for a in addresses}
    assert len(seeds) == len(addresses)


def test_numbers_of_numpy_count_as_those_of_python():
    plain = addressed_generator(3, "a", 0.5).initial_seed()
    assert addressed_generator(np.int64(3), np.str_("a"), np.float64(0.5)).initial_seed() == plain


def test_gaussian_noise_has_the_moments_that_its_sigma_says():
    noise = GaussianNoise((0.05, 0.2))
    drawn = noise.draw(flat(1.0), generators(2, "moments"))[0].double()
    sigma = noise.sigma(flat(1.0))[0, :, 0, 0].double()
    torch.testing.assert_close(sigma, torch.tensor([0.05, 0.2]).double())
    assert ((drawn.mean((1, 2)) - 1) / sigma * SIZE).abs().max() < 4
    torch.testing.assert_close(drawn.std((1, 2)), sigma, rtol=0.01, atol=0)
    standard = (drawn - 1) / sigma[:, None, None]
    assert standard.pow(3).mean().abs() < 0.03
    assert float(standard.pow(4).mean()) == pytest.approx(3, abs=0.1)


def test_bands_are_independent():
    drawn = GaussianNoise((1.0, 1.0)).draw(flat(0.0), generators(2, "bands"))[0].flatten(1)
    assert abs(float(torch.corrcoef(drawn)[0, 1])) < 5 / SIZE


def test_shared_noise_is_one_realisation_for_all_bands():
    drawn = GaussianNoise((1.0, 2.0), shared=True).draw(flat(0.0), generators(2, "shared"))[0]
    torch.testing.assert_close(2 * drawn[0], drawn[1])


def test_pixels_are_independent():
    drawn = GaussianNoise((1.0,)).draw(flat(0.0, 1), generators(1, "pixels"))[0, 0]
    for a, b in ((drawn[1:], drawn[:-1]), (drawn[:, 1:], drawn[:, :-1])):
        assert abs(float((a * b).mean())) < 5 / SIZE


@pytest.mark.parametrize("level", [0.0, 0.5, 40.0])
def test_poisson_noise_keeps_the_mean_and_has_the_variance_that_its_sigma_says(level):
    noise = PoissonNoise(gain=(2.0, 10.0), read_noise=(1.5, 0.0), sky=(1.0, 3.0))
    drawn = noise.draw(flat(level), generators(2, "poisson", level))[0].double()
    sigma = noise.sigma(flat(level))[0, :, 0, 0].double()
    expected = ((torch.tensor([2.0, 10.0]) * (level + torch.tensor([1.0, 3.0])) + torch.tensor([2.25, 0.0])).sqrt()) / (
        torch.tensor([2.0, 10.0])
    )
    torch.testing.assert_close(sigma, expected.double(), rtol=1e-5, atol=0)
    assert ((drawn.mean((1, 2)) - level) / sigma * SIZE).abs().max() < 4
    torch.testing.assert_close(drawn.std((1, 2)), sigma, rtol=0.015, atol=0)


def test_poisson_noise_without_read_out_counts_whole_electrons():
    drawn = PoissonNoise((4.0,), (0.0,), (2.0,)).draw(flat(3.0, 1), generators(1, "whole"))
    electrons = (drawn + 2.0) * 4.0
    torch.testing.assert_close(electrons, electrons.round(), atol=1e-4, rtol=0)


def test_no_light_gives_no_photon_noise_and_a_sigma_above_zero():
    noise = PoissonNoise((4.0,), (0.0,), (0.0,))
    assert (noise.draw(flat(-1.0, 1), generators(1, "dark")) == 0).all()
    assert (noise.sigma(flat(-1.0, 1)) > 0).all()


def test_a_level_is_told_as_it_is_whatever_the_data():
    data, mask = flat(1.0), flat(1.0) > 0
    assert torch.equal(GaussianNoise((0.05, 0.2)).told_sigma(data, mask), GaussianNoise((0.05, 0.2)).sigma(0 * data))


@pytest.mark.parametrize("level", [0.0, 0.5, 40.0])
def test_on_a_flat_sky_the_data_tell_the_sigma_of_their_photon_noise(level):
    noise = PoissonNoise(gain=(2.0, 10.0), read_noise=(1.5, 0.0), sky=(1.0, 3.0))
    data = noise.draw(flat(level), generators(2, "told", level))
    ratio = (noise.told_sigma(data) / noise.sigma(flat(level)))[0]
    torch.testing.assert_close(ratio.mean((1, 2)), torch.ones(2), atol=0.02, rtol=0)
    assert ratio.std((1, 2)).max() < 0.1


def test_a_masked_datum_tells_nothing():
    noise = PoissonNoise((4.0,), (1.0,), (2.0,))
    data = noise.draw(flat(3.0, 1), generators(1, "masked"))
    mask = torch.zeros_like(data, dtype=torch.bool)
    mask[..., 100:110, 80:90] = True
    told = [noise.told_sigma(data.masked_fill(mask, value), mask) for value in (0.0, 1e9)]
    assert torch.equal(*told)
    ratio = told[0] / noise.sigma(flat(3.0, 1))
    assert ratio.min() > 0.7
    assert ratio.max() < 1.4


@pytest.mark.parametrize("noise", [GaussianNoise((1.0, 1.0)), PoissonNoise((1.0,) * 2, (0.0,) * 2, (0.0,) * 2)])
def test_there_must_be_a_generator_for_each_band(noise):
    with pytest.raises(ValueError, match="zip"):
        noise.draw(flat(1.0), generators(1))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: GaussianNoise((-0.1,)), "level is -0.1"),
        (lambda: GaussianNoise((0.1, float("nan"))), "level is nan"),
        (lambda: GaussianNoise((float("inf"),)), "level is inf"),
        (lambda: PoissonNoise((0.0,), (0.0,), (0.0,)), "gain is 0"),
        (lambda: PoissonNoise((1.0, float("nan")), (0.0,) * 2, (0.0,) * 2), "gain is nan"),
        (lambda: PoissonNoise((1.0,), (-1.0,), (0.0,)), "read noise is -1"),
        (lambda: PoissonNoise((1.0,), (0.0,), (-1.0,)), "sky is -1"),
        (lambda: PoissonNoise((1.0,), (float("nan"),), (0.0,)), "read noise is nan"),
        (lambda: noise_from({"kind": "pink"}), "no noise is called 'pink'"),
        (lambda: noise_from({}), "no noise is called None"),
    ],
)
def test_an_impossible_noise_is_refused_in_words(make, says):
    with pytest.raises(NoiseError, match=says):
        make()


@pytest.mark.parametrize(
    "noise", [GaussianNoise((0.1, 0.2)), GaussianNoise((0.1,), True), PoissonNoise((2.0,), (1.0,), (0.5,))]
)
def test_noise_comes_back_from_its_numbers(noise):
    assert noise_from(noise.to_dict()) == noise


@pytest.mark.parametrize("size", [7, 16])
@pytest.mark.parametrize(
    "noises",
    [
        [GaussianNoise((0.1, 0.2)), GaussianNoise((0.3, 0.0))],
        [GaussianNoise((0.1, 0.2), shared=True), GaussianNoise((0.3, 0.0), shared=True)],
        [PoissonNoise((2.0, 9.0), (1.0, 2.0), (0.1, 0.0)), PoissonNoise((30.0, 4.0), (0.0, 1.0), (1.0, 2.0))],
    ],
)
def test_images_with_a_noise_each_are_drawn_as_one_by_one(noises, size):
    clean = 5 * torch.rand(2, 2, size, size, generator=addressed_generator("clean"))
    noisy, sigma = draw_each(noises, clean, [addressed_generator("each", slot) for slot in range(2)])
    told = told_sigma_of_each(noises, noisy)
    for slot, (noise, one) in enumerate(zip(noises, clean)):
        own = addressed_generator("each", slot)
        assert torch.equal(noisy[slot], noise.draw(one[None], [own, own])[0])
        assert torch.equal(sigma[slot], noise.sigma(one[None])[0])
        assert torch.equal(told[slot], noise.told_sigma(noisy[slot][None])[0])
