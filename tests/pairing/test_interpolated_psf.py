import galsim
import numpy as np
import pytest
import torch

from pipeline.pairing.interpolated_psf import interpolated_psf, turned
from pipeline.pairing.resampling import Resampler
from pipeline.physics.psf import draw_psf, measured_fwhm


def rotation(degrees):
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("degrees", [0, 25])
def test_stars_between_coarse_pixels_have_it_on_average(degrees):
    # Drawn by galsim on pixels twice as wide, wherever they lie, and interpolated as a pair is.
    random, jacobian, size = np.random.default_rng(0), 0.5 * rotation(degrees), 41
    star, summed = galsim.Gaussian(fwhm=5.0), 0.0
    offsets = np.indices((31, 31)) - 15.0
    for shift in random.uniform(-0.5, 0.5, (200, 2)):
        coarse = star.drawImage(nx=size, ny=size, scale=2.0, offset=shift[::-1].tolist(), method="no_pixel").array / 4
        places = np.einsum("ij,jhw->ihw", jacobian, offsets) + (size // 2 + shift)[:, None, None]
        seen = coarse[None].astype(np.float32)
        summed = summed + Resampler(seen, np.zeros(seen.shape, bool), np.ones_like(seen)).at(places).pixels[0]
    predicted = interpolated_psf(draw_psf("gaussian", 5.0)[None], jacobian)[0].numpy()
    margin = (31 - len(predicted)) // 2
    found = (summed / 200)[margin : 31 - margin, margin : 31 - margin]
    assert np.abs(found - predicted).max() < 0.01 * predicted.max()


def test_interpolation_widens_by_what_is_coarse():
    psf = draw_psf("gaussian", 3.0)[None]
    widths = [measured_fwhm(interpolated_psf(psf, np.eye(2) / coarse)[0]) for coarse in (1, 2, 3)]
    assert 3.0 < widths[0] < widths[1] < widths[2]
    assert float(interpolated_psf(psf, np.eye(2) / 2).sum()) == pytest.approx(1)


def test_each_of_several_is_treated_as_if_alone():
    psfs = torch.stack([draw_psf("gaussian", 3.0), draw_psf("gaussian", 3.0).roll(1, -1)])
    both = interpolated_psf(psfs[:, None], np.eye(2) / 2)
    torch.testing.assert_close(both[1], interpolated_psf(psfs[1:], np.eye(2) / 2))


def test_a_stamp_is_turned_as_the_camera_was():
    rows, columns = np.indices((21, 21)) - 10.0
    lying = np.exp(-(columns**2) / 18 - rows**2 / 4.5)[None]
    np.testing.assert_allclose(turned(lying, 0.5 * rotation(90))[0], lying[0].T, atol=1e-6)
    mirrored = np.diag([0.5, -0.5])
    lopsided = lying * (1 + 0.1 * columns)
    np.testing.assert_allclose(turned(lopsided, mirrored)[0], lopsided[0, :, ::-1], atol=1e-6)
    assert turned(lying, 0.25 * np.eye(2)) is lying


def test_a_lopsided_stamp_is_turned_the_right_way_about():
    def light(rows, columns):
        return np.exp(-((columns - 2) ** 2) / 8 - (rows + 1) ** 2 / 3) + 0.5 * np.exp(-(columns**2) / 5 - rows**2 / 5)

    jacobian = 0.5 * rotation(35)
    rows, columns = np.indices((31, 31)) - 15.0
    expected = light(*np.einsum("ij,jhw->ihw", rotation(35), np.stack([rows, columns])))
    np.testing.assert_allclose(turned(light(rows, columns)[None], jacobian)[0], expected, atol=5e-3)
