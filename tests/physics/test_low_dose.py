import math

import numpy as np
import pytest
import torch
from scipy.stats import norm, poisson

from pipeline.physics.low_dose import LowDoseNoise, line_integrals
from pipeline.physics.noise import NoiseError, addressed_generator, draw_each, noise_from, told_sigma_of_each

SIZE = 300


def drawn(noise, integral, address="draw"):
    return noise.draw(
        torch.full((1, 1, SIZE, SIZE), float(integral)), [addressed_generator(address, integral)]
    ).double()


def sigma(noise, integral):
    return float(noise.sigma(torch.full((1, 1, 1, 1), float(integral))))


def theory(expected, electronic=0.0):
    """Mean and standard deviation of the logarithm by summing over counts, and over electronic noise."""
    counts = np.arange(max(int(expected + 12 * math.sqrt(expected) + 30), 60))
    weights = poisson.pmf(counts, expected)[:, None]
    offsets = np.linspace(-6, 6, 241) if electronic else np.zeros(1)
    density = norm.pdf(offsets) / norm.pdf(offsets).sum()
    raised = counts[:, None] + electronic * offsets + 0.5
    logs = np.log((raised + np.sqrt(raised**2 + 2 * electronic**2)) / 2)
    mean = (weights * density * logs).sum()
    return mean, math.sqrt((weights * density * np.square(logs)).sum() - mean**2)


@pytest.mark.parametrize("electronic", [0.0, 8.0])
@pytest.mark.parametrize("integral", [0.0, 3.0, 6.0, 9.0])
def test_log_data_have_the_moments_that_theory_says(integral, electronic):
    noise = LowDoseNoise((4e4,), (electronic,), (0.25,))
    expected = 1e4 * math.exp(-integral)
    mean, spread = theory(expected, electronic)
    data = drawn(noise, integral)
    assert float(data.mean()) == pytest.approx(math.log(1e4) - mean, abs=4 * spread / SIZE)
    assert float(data.std()) == pytest.approx(spread, rel=0.02)
    assert sigma(noise, integral) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize(("expected", "bias"), [(1000, 1e-5), (10, 0.002), (5, 0.003), (3, 0.003), (1, 0.17)])
def test_few_photons_bias_the_logarithm_no_more_than_stated(expected, bias):
    mean, _ = theory(expected)
    assert abs(mean - math.log(expected)) <= bias
    data = drawn(LowDoseNoise((1e3,), (0.0,), (1.0,)), math.log(1e3 / expected), "bias")
    assert float(data.mean()) == pytest.approx(math.log(1e3) - mean, abs=0.01)


@pytest.mark.parametrize("expected", [0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 100.0])
def test_the_sigma_of_few_photons_is_right_within_9_percent(expected):
    assert sigma(LowDoseNoise((100.0,), (0.0,), (1.0,)), math.log(100 / expected)) == pytest.approx(
        theory(expected)[1], rel=0.09
    )


def test_no_photon_and_negative_counts_have_a_line_integral_too():
    photons = torch.tensor(100.0)
    torch.testing.assert_close(
        line_integrals(torch.tensor([0.0, 99.5, 1e6]), photons, torch.tensor(0.0)), torch.tensor([200, 1, 1e-4]).log()
    )
    integrals = line_integrals(torch.tensor([-1e7, -20.0, -0.5, 50.0, 1e5]), photons, torch.tensor(10.0))
    assert integrals.isfinite().all()
    assert (integrals.diff() < 0).all()
    assert float(integrals[2]) == pytest.approx(math.log(100 / 50**0.5))


@pytest.mark.parametrize("electronic", [3.0, 10.0, 30.0])
@pytest.mark.parametrize(("multiple", "bias"), [(2, 0.08), (3, 0.02), (10, 0.001)])
def test_electronics_bias_the_logarithm_no_more_than_stated(electronic, multiple, bias):
    mean, _ = theory(multiple * electronic, electronic)
    assert abs(mean - math.log(multiple * electronic)) <= bias


@pytest.mark.parametrize("dose", [0.1, 0.25, 0.9])
def test_a_noisy_source_ends_with_the_noise_of_the_dose_and_no_more(dose):
    photons, electronic, integral = 5e4, 12.0, 4.0
    source = drawn(LowDoseNoise((photons,), (electronic,), (1.0,)), integral, "source").float()
    noise = LowDoseNoise((photons,), (electronic,), (dose,), noisy_source=True)
    data = noise.draw(source, [addressed_generator("thinned", dose)]).double()
    mean, spread = theory(dose * photons * math.exp(-integral), electronic)
    assert float(data.std()) == pytest.approx(spread, rel=0.02)
    assert float(data.mean()) == pytest.approx(math.log(dose * photons) - mean, abs=4 * spread / SIZE)
    added = (data - source).std()
    assert sigma(noise, integral) == pytest.approx(float(added), rel=0.04)


def test_at_the_full_dose_a_noisy_source_stays_as_it_is():
    noise, clean = LowDoseNoise((1e5,), (10.0,), (1.0,), noisy_source=True), torch.rand(1, 1, 20, 20)
    assert torch.equal(noise.draw(clean, [addressed_generator("full")]), clean)


def test_a_quarter_of_the_dose_has_twice_the_noise():
    full, quarter = (LowDoseNoise((1e6,), (0.0,), (dose,)) for dose in (1.0, 0.25))
    assert sigma(quarter, 2.0) == pytest.approx(2 * sigma(full, 2.0), rel=1e-3)


@pytest.mark.parametrize("noisy_source", [False, True])
@pytest.mark.parametrize("integral", [1.0, 5.0, 7.0])
def test_the_data_tell_the_sigma_of_their_noise(integral, noisy_source):
    noise = LowDoseNoise((4e4,), (5.0,), (0.25,), noisy_source)
    told = noise.told_sigma(drawn(noise, integral).float()).double()
    # A noisy source has noise of its own; here it has none, so that the told counts vary less than they might.
    assert float((told / sigma(noise, integral)).mean()) == pytest.approx(1, abs=0.03)


def test_bands_have_doses_of_their_own():
    noise = LowDoseNoise((1e4, 1e4), (0.0, 0.0), (1.0, 0.01))
    data = noise.draw(torch.ones(1, 2, SIZE, SIZE), [addressed_generator("bands", band) for band in range(2)])
    torch.testing.assert_close(
        data.std((-2, -1)), noise.sigma(data[:, :, :1, :1] * 0 + 1)[..., 0, 0], rtol=0.02, atol=0
    )


@pytest.mark.parametrize("noisy_source", [False, True])
def test_slices_with_a_dose_each_are_drawn_as_one_by_one(noisy_source):
    noises = [LowDoseNoise((1e4, 2e4), (3.0, 0.0), doses, noisy_source) for doses in ((0.5, 1.0), (0.1, 0.25))]
    clean = 6 * torch.rand(2, 2, 12, 15, generator=addressed_generator("clean"))
    noisy, sigma = draw_each(noises, clean, [addressed_generator("each", slot) for slot in range(2)])
    told = told_sigma_of_each(noises, noisy)
    for slot, (noise, one) in enumerate(zip(noises, clean)):
        own = addressed_generator("each", slot)
        assert torch.equal(noisy[slot], noise.draw(one[None], [own, own])[0])
        torch.testing.assert_close(sigma[slot], noise.sigma(one[None])[0])
        torch.testing.assert_close(told[slot], noise.told_sigma(noisy[slot][None])[0])


def test_low_dose_noise_comes_back_from_its_numbers():
    for noisy in (False, True):
        noise = LowDoseNoise((1e5, 2e5), (10.0, 0.0), (0.5, 0.25), noisy)
        assert noise_from(noise.to_dict()) == noise


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (((0.0,), (0.0,), (1.0,)), "0 photons"),
        (((1e5,), (-1.0,), (1.0,)), "electronic noise is -1"),
        (((1e5,), (0.0,), (0.0,)), "dose is 0"),
        (((1e5,), (0.0,), (float("nan"),)), "dose is nan"),
        (((1e5,), (0.0,), (1.5,), True), "at most 1"),
    ],
)
def test_an_impossible_low_dose_is_refused_in_words(numbers, says):
    with pytest.raises(NoiseError, match=says):
        LowDoseNoise(*numbers)
