from itertools import islice

import pytest
import torch

from pipeline.physics.blur import Blur
from pipeline.physics.coils import coil_maps, receive_maps
from pipeline.physics.filtered_back_projection import WINDOWS
from pipeline.physics.kspace import KSpace
from pipeline.physics.low_dose import LowDoseNoise
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.radon import Radon
from pipeline.physics.sampling_masks import random_lines
from pipeline.physics.smooth_fields import smooth_phase
from pipeline.restorers.variational import Problem
from pipeline.restorers.whitened import Whitened
from pipeline.sparsity.differences import Differences
from pipeline.sparsity.reconstruction import Reconstruction


def body(size=64):
    """A head of water with a skull, a ventricle and a lesion, in air."""
    y, x = (torch.arange(size) - (size - 1) / 2)[:, None] / size, (torch.arange(size) - (size - 1) / 2) / size

    def ellipse(down, right, height, width):
        return (((y - down) / height) ** 2 + ((x - right) / width) ** 2 < 1).float()

    head = 2 * ellipse(0, 0, 0.42, 0.34) - ellipse(0, 0, 0.38, 0.30)
    return (head - 0.3 * ellipse(-0.1, 0.08, 0.1, 0.06) + 0.3 * ellipse(0.15, -0.1, 0.06, 0.06))[None, None]


def scanned(operator, scene, *address):
    data = operator.noise.draw(operator.forward(scene), [addressed_generator(*address)])
    sigma = operator.noise.told_sigma(data)
    return data, sigma, operator.preview_sigma(sigma).mean((-2, -1), keepdim=True)


def error(scene, truth):
    return float((scene - truth).square().mean().sqrt())


def head_scan(dose, views=60):
    return Radon((64, 64), views, 3.5, LowDoseNoise((1e5,), (10.0,), (dose,)), per_unit=0.0192)


def brain_scan(level, coils=2):
    maps = receive_maps(coil_maps(64, 64, coils), smooth_phase(64, 64, 1.0, "phase"))
    return KSpace(torch.from_numpy(random_lines(64, 3, 8, "lines")), maps, GaussianNoise((level,)))


def test_a_tomogram_of_few_photons_comes_out_better_than_by_any_filter():
    scanner, scene = head_scan(0.05), body()
    data, sigma, level = scanned(scanner, scene, "tomogram")
    found = Reconstruction(scanner, data, sigma, sigma < 0, level, 0.3, Differences()).scene()
    best = min(error(scanner.preview(data, window), scene) for window in WINDOWS.values())
    assert error(found, scene) < 0.5 * best
    assert 0.7 < float(scanner.residual_chi2(found, data, sigma, sigma < 0)) < 1.3


def test_lines_that_were_not_taken_are_filled_in_better_than_by_zeros():
    instrument, scene = brain_scan(0.03), body()
    data, sigma, level = scanned(instrument, scene, "brain")
    found = Reconstruction(instrument, data, sigma, sigma < 0, level, 0.5, Differences()).scene()
    assert error(found, scene) < 0.4 * error(instrument.preview(data), scene)


@pytest.mark.parametrize("instrument", [head_scan(0.2), brain_scan(0.05)])
def test_what_is_minimised_falls_and_where_iterations_stand_still_no_step_lowers_it(instrument):
    scene = body()
    data, sigma, level = scanned(instrument, scene, "falls")
    problem = Reconstruction(instrument, data, sigma, sigma < 0, level, 0.3, Differences())
    objectives = [problem.objective(found) for found in islice(problem.iterates(), 40)]
    assert objectives[0] > objectives[5] > objectives[20] > 0.999 * objectives[39]
    still = problem.scene() / level
    lowest = problem.objective(still)
    generator = addressed_generator("steps")
    for change in (still, torch.randn(still.shape, generator=generator), instrument.preview(data) / level - still):
        for size in (0.02, -0.02):
            assert problem.objective(still + size * change) > lowest - 1e-3 * abs(lowest)


def test_where_every_place_is_seen_alike_the_minimum_is_that_of_deconvolution():
    # A PSF of one pixel, on a grid that needs no more room.
    operator = Blur(torch.full((1, 1, 1), 1.0), GaussianNoise((1.0,)))
    data = 5 * body() + torch.randn(1, 1, 64, 64, generator=addressed_generator("alike"))
    one = torch.ones_like(data)
    known = Problem(Whitened(data, one, one[..., :1, :1], operator), 0.7, Differences())
    (there,) = islice(known.iterates(), 100, 101)
    mine = Reconstruction(operator, data, one, one < 0, one[..., :1, :1], 0.7, Differences())
    (here,) = islice(mine.iterates(), 300, 301)
    assert mine.objective(here) == pytest.approx(known.objective(there), rel=2e-4)
    torch.testing.assert_close(here, there, atol=0.02, rtol=0)


def test_a_unit_does_not_matter():
    scene, views = body(), 40
    scanner = head_scan(0.1, views)
    data, sigma, level = scanned(scanner, scene, "unit")
    other = Radon((64, 64), views, 3.5, scanner.noise, per_unit=0.0192 / 1000)
    found = Reconstruction(scanner, data, sigma, sigma < 0, level, 0.3, Differences())
    thousands = Reconstruction(other, data, sigma, sigma < 0, 1000 * level, 0.3, Differences())
    (one,), (another,) = (islice(problem.iterates(), 10, 11) for problem in (found, thousands))
    torch.testing.assert_close(one, another, atol=0.02, rtol=0)


def test_masked_data_say_nothing():
    scanner, scene = head_scan(1.0), body()
    data, sigma, level = scanned(scanner, scene, "masked")
    mask = torch.zeros_like(data, dtype=torch.bool)
    mask[..., 10:20, :] = True
    found = [
        next(islice(Reconstruction(scanner, told, sigma, mask, level, 0.3, Differences()).iterates(), 20, 21))
        for told in (data, data.masked_fill(mask, 1e3))
    ]
    assert torch.equal(*found)
    assert error(found[0] * level, scene) < 0.5 * error(scanner.preview(data.masked_fill(mask, 0)), scene)


def test_a_batch_is_reconstructed_as_one_by_one():
    scanner, scenes = head_scan(0.2), torch.cat([body(), body().flip(-1)])
    data, sigma, level = scanned(scanner, scenes, "batch")
    together = Reconstruction(scanner, data, sigma, sigma < 0, level, 0.3, Differences())
    (both,) = islice(together.iterates(), 8, 9)
    for number in range(2):
        own = slice(number, number + 1)
        alone = Reconstruction(scanner, data[own], sigma[own], sigma[own] < 0, level[own], 0.3, Differences())
        (one,) = islice(alone.iterates(), 8, 9)
        torch.testing.assert_close(both[own], one, atol=0.02, rtol=0)


def test_a_slice_does_not_depend_on_those_beside_it():
    scanner = brain_scan(0.2)
    easy, hard = (scanned(scanner, factor * body(), "beside", factor) for factor in (1, 20))
    together = [torch.cat(parts) for parts in zip(easy, hard)]

    def found(data, sigma, level):
        return Reconstruction(scanner, data, sigma, sigma < 0, level, 0.3, Differences()).scene()

    assert error(found(*together)[:1], found(*easy)) < 1e-3 * float(easy[2].mean())
