import itertools
import random

import numpy as np
import pytest
import torch
from made_field import made_field, made_generator

from pipeline.fields.field import Field, FieldError
from pipeline.fields.work import ENDLESS, work_per_pixel
from pipeline.networks.sgan import Sgan
from pipeline.networks.xdf_gan import XdfGan
from pipeline.stretch import Stretch
from pipeline.tiling import Window

FAR = 2**40


def as_large_as(values):
    return np.ptp(values)


def test_tiles_make_the_same_bytes_in_any_order_and_any_window():
    field, again = made_field(), made_field()
    area = Window(-40, 24, 100, 90)
    whole = field.window(area)
    parts = [Window(y, x, 25, 30) for y, x in itertools.product(range(-40, 60, 25), range(24, 114, 30))]
    random.Random(1).shuffle(parts)
    for part in parts:
        assert again.window(part).tobytes() == whole[(..., *part.relative_to(area).slices)].tobytes()


@pytest.mark.parametrize("generator", ["sgan", "psgan", "xdf_gan"])
def test_tiles_of_256_and_512_px_agree_to_a_hundred_thousandth_of_the_range(generator):
    torch.manual_seed(0)
    made = {
        "sgan": lambda: Sgan(2, width=4, latents=3),
        "psgan": lambda: Sgan(2, width=4, latents=3, whole=2, periodic=2),
        "xdf_gan": lambda: XdfGan(2, width=2, latents=3),
    }[generator]()
    stretch = Stretch("linear", (0.0, 0.0), (1.0, 1.0))
    small, large = (Field(made, stretch, 3, tile, torch.device("cpu")) for tile in (256, 512))
    area = Window(FAR - 100, 200, 450, 400)
    one, other = small.window(area), large.window(area)
    assert np.abs(one - other).max() <= 1e-5 * as_large_as(one)


def test_a_field_has_no_end_and_no_symmetry():
    field = made_field()
    places = [(0, 0), (FAR, FAR), (-FAR, FAR), (FAR + 64, FAR)]
    found = [field.window(Window(y, x, 32, 32)) for y, x in places]
    for one, other in itertools.combinations(found, 2):
        assert np.isfinite(one).all()
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.5
        assert not (one == other).any()


def test_a_window_far_out_equals_that_of_tiles_that_begin_elsewhere():
    field = made_field()
    near = field.window(Window(FAR - 5, FAR + 3, 40, 40))
    assert np.array_equal(near[:, 5:, 10:], field.window(Window(FAR, FAR + 13, 35, 30)))


def test_another_seed_is_another_field():
    window = Window(0, 0, 32, 32)
    assert not (made_field(seed=1).window(window) == made_field(seed=2).window(window)).any()


@pytest.mark.parametrize(
    ("window", "says"),
    [(Window(0, 0, 0, 5), "at least one pixel"), (Window(2**60, 0, 5, 5), "2\\^60")],
)
def test_a_window_that_cannot_be_is_refused(window, says):
    with pytest.raises(FieldError, match=says):
        made_field().window(window)


def test_a_tile_off_the_grid_or_a_stretch_of_other_bands_is_refused():
    generator = made_generator(bands=2)
    with pytest.raises(FieldError, match="a multiple of 8"):
        Field(generator, Stretch("linear", (0.0,) * 2, (1.0,) * 2), 0, 100)
    with pytest.raises(FieldError, match="2 bands under a stretch of 3"):
        Field(generator, Stretch("linear", (0.0,) * 3, (1.0,) * 3), 0)


def test_values_that_are_not_finite_are_never_handed_out():
    generator = made_generator(bands=1)
    with torch.no_grad():
        generator.last.bias.fill_(1000)
    field = Field(generator, Stretch("asinh", (0.0,), (1.0,)), 0, 32, torch.device("cpu"))
    with pytest.raises(FieldError, match="not finite"):
        field.window(Window(0, 0, 8, 8))


def test_the_work_at_tiles_of_512_px_is_near_that_of_an_endless_image():
    generator = Sgan(3)
    assert work_per_pixel(generator, 512) <= 1.2 * work_per_pixel(generator, ENDLESS)


def test_the_published_tessellation_takes_two_and_a_quarter_times_the_work_and_paints_the_same():
    generator = XdfGan(1, width=2, latents=3).eval()
    window, stretch = Window(0, 0, 64, 64), Stretch("linear", (0.0,), (1.0,))
    endless, exact = work_per_pixel(generator, ENDLESS), Field(generator, stretch, 0, 512).window(window)
    generator.tessellate(512)
    assert work_per_pixel(generator, 512) == pytest.approx(2.25 * endless, rel=0.01)
    np.testing.assert_allclose(Field(generator, stretch, 0, 512).window(window), exact, atol=1e-6)


def test_work_is_counted_from_the_shapes():
    coarse = (3 * 16 * 9 + 16) / 64 + (16 * 16 * 9 + 16) * (1 / 64 + 1 / 16) + (16 * 8 * 9 + 8) / 4
    fine = (8 * 4 * 9 + 4) + 4 * 4 * 9 + 4 + 36 * (16 / 64 + 16 / 16 + 8 / 4)
    assert work_per_pixel(Sgan(1, width=4, latents=3), ENDLESS) == pytest.approx(coarse + fine, rel=1e-3)
