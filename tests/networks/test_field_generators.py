import math
from fractions import Fraction

import pytest
import torch

from pipeline.networks.field_generator import FieldInput, drawn_input, latents_for, reach_of, waves
from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan
from pipeline.tiling import Window

GENERATORS = {
    "sgan": lambda: Sgan(2, width=4, latents=3),
    "deep": lambda: Sgan(1, width=4, latents=3, depth=3),
    "shallow": lambda: Sgan(1, width=4, latents=3, depth=1),
    "psgan": lambda: Sgan(3, width=4, latents=3, whole=2, periodic=3),
    "waves": lambda: Sgan(3, width=4, latents=3, periodic=2),
    "xdf_gan": lambda: XdfGan(3, width=4, latents=5),
}


@pytest.fixture(params=GENERATORS)
def generator(request):
    torch.manual_seed(1)
    return GENERATORS[request.param]().eval()


def given(generator, cells, count=1, seed=0):
    return drawn_input(generator, count, cells * generator.stride, torch.Generator().manual_seed(seed))


def test_a_latent_decides_pixels_within_the_declared_halo_and_reaches_its_end(generator):
    halo, stride, cells = generator.halo, generator.stride, 3
    inputs = given(generator, cells)
    local = inputs.local.requires_grad_()
    at = cells // 2
    rows = slice(at * stride, (at + 1) * stride)
    generator(inputs._replace(local=local))[..., rows, rows].square().sum().backward()
    touched = local.grad.abs().sum((0, 1)).nonzero()
    # Latents begin `halo` cells before the pixels.
    assert (touched - (at + halo)).abs().max() == halo


def test_pixels_are_as_many_as_asked_for(generator):
    painted = generator(given(generator, 4, count=2))
    assert painted.shape == (2, generator.bands, 4 * generator.stride, 4 * generator.stride)


def test_a_part_of_the_latents_and_noise_paints_the_same_part_of_the_field(generator):
    stride, halo = generator.stride, generator.halo
    inputs = given(generator, 6)
    whole = latents_for(generator, Window(0, 0, 6 * stride, 6 * stride))
    part = Window(stride, 2 * stride, 3 * stride, 2 * stride)
    cells = latents_for(generator, part)
    cut = cells.relative_to(whole)
    noises = tuple(
        noise[(..., *layer.window(cells).relative_to(layer.window(whole)).slices)]
        for layer, noise in zip(generator.noise_layers, inputs.noises)
    )
    rows, columns = (edge[:, part] for edge, part in zip((inputs.rows, inputs.columns), cut.slices))
    with torch.no_grad():
        alone = generator(
            inputs._replace(local=inputs.local[(..., *cut.slices)], noises=noises, rows=rows, columns=columns)
        )
        expected = generator(inputs)[(..., *part.slices)]
    assert halo >= 1
    torch.testing.assert_close(alone, expected, rtol=1e-5, atol=1e-5)


def test_each_noise_changes_the_picture_and_only_near_by():
    generator = Sgan(2, width=4, latents=3).eval()
    inputs = given(generator, 6)
    with torch.no_grad():
        before = generator(inputs)
        for number, (layer, noise) in enumerate(zip(generator.noise_layers, inputs.noises)):
            changed = noise.clone()
            row = layer.scale * (3 + generator.halo) - layer.inset
            changed[..., row, row] += 5
            noises = (*inputs.noises[:number], changed, *inputs.noises[number + 1 :])
            moved = (generator(inputs._replace(noises=noises)) != before).any(1)[0].nonzero()
            assert len(moved)
            assert (moved - 3 * generator.stride).abs().max() <= generator.stride * generator.halo


def test_bright_sources_have_no_ceiling_and_those_of_the_published_network_have():
    sgan, published = Sgan(1, width=4, latents=3), XdfGan(1, width=4, latents=5)
    for generator, bounded in ((sgan, False), (published, True)):
        inputs = given(generator, 2)
        bright = generator(inputs._replace(local=100 * inputs.local))
        assert bool(bright.abs().max() <= 1) == bounded


def test_waves_hold_their_phase_far_away():
    generator = Sgan(1, width=4, latents=1, periodic=1).eval()
    with torch.no_grad():
        generator.numbers.weight.copy_(torch.tensor([[0.25, 0.125]]))
        inputs = given(generator, 2)
        near = generator(inputs._replace(rows=inputs.rows * 0 + torch.arange(12), columns=inputs.columns * 0))
        far = generator(inputs._replace(rows=inputs.rows * 0 + torch.arange(12) + 2**37, columns=inputs.columns * 0))
    assert torch.equal(near, far)


@pytest.mark.parametrize("row", [2**40 + 5, -(2**57) + 3, 2**60 - 1])
def test_waves_are_those_of_exact_arithmetic_however_far_out(row):
    numbers = torch.tensor([[[0.3, -0.7]]])
    empty = torch.zeros(1, 0)
    cells = (torch.tensor([[row]]), torch.tensor([[-row + 11]]))
    found = waves(numbers, FieldInput(torch.zeros(1, 1, 1, 1), (), *cells, empty, torch.zeros(1, 1)))
    turns = Fraction(numbers[0, 0, 0].item()) * row + Fraction(numbers[0, 0, 1].item()) * (11 - row)
    assert found.item() == pytest.approx(math.sin(2 * math.pi * float(turns % 1)), abs=1e-5)


def test_pixels_farther_apart_than_the_reach_share_no_latent_and_those_nearer_do():
    generator = Sgan(1, width=4, latents=3)
    reach, stride = reach_of(generator), generator.stride

    def latents_of(pixel):
        cell = latents_for(generator, Window(pixel // stride * stride, 0, stride, stride))
        return set(range(cell.y0, cell.y1))

    assert not latents_of(0) & latents_of(reach)
    assert latents_of(0) & latents_of(reach - 1)
    assert reach_of(Sgan(1, periodic=1)) is None


def test_a_window_off_the_grid_is_refused():
    with pytest.raises(ValueError, match="multiples of 8"):
        latents_for(Sgan(1), Window(0, 4, 8, 8))
