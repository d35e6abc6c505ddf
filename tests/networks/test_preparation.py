import pytest
import torch
from made_spectrum import made_preparation

from pipeline.networks.preparation import DESCRIPTOR_SCALE, Preparation
from pipeline.physics.blur import Blur
from pipeline.physics.noise import GaussianNoise
from pipeline.physics.psf import draw_psf
from pipeline.stretch import Stretch

NAMES = ("fwhm_px", "r80_px")


def blur():
    return Blur(draw_psf("gaussian", 3.0).expand(2, -1, -1).contiguous(), GaussianNoise((0.05, 0.05)))


def prepared(unit=1.0, noise=0.05, kind="asinh"):
    random = torch.Generator().manual_seed(0)
    operator = blur()
    data = unit * torch.rand(1, 2, 96, 96, generator=random)
    preparation = made_preparation(Stretch(kind, (0.1 * unit,) * 2, (0.2 * unit,) * 2), (0.05 * unit**2,) * 2, NAMES)
    sigma = torch.full_like(data, noise * unit)
    mask = torch.zeros_like(data, dtype=torch.bool)
    mask[0, 0, 48, 48] = True
    level = torch.full((1, 2), noise * unit)
    described = preparation.described(operator)[None]
    return preparation(data, mask, sigma, level, operator, described), data, operator


def test_a_network_sees_the_window_without_the_halo_of_the_inverse():
    inputs, data, operator = prepared()
    halo = operator.inverse_halo
    assert inputs.preview.shape == inputs.inverse.shape == (1, 2, 96 - 2 * halo, 96 - 2 * halo)
    inner = data[..., halo:-halo, halo:-halo]
    torch.testing.assert_close(inputs.preview, torch.asinh((inner - 0.1) / 0.2))


def test_the_inverse_is_the_operators_own():
    inputs, data, operator = prepared(kind="linear")
    halo = operator.inverse_halo
    ratio = torch.full((2,), 0.05**2 / 0.05)
    wiener = operator.regularised_inverse(data, ratio)[..., halo:-halo, halo:-halo]
    torch.testing.assert_close(inputs.inverse, (wiener - 0.1) / 0.2, atol=1e-5, rtol=0)


def test_noise_mask_and_instrument_are_told():
    inputs, *_ = prepared()
    torch.testing.assert_close(inputs.sigma, torch.full_like(inputs.sigma, 0.25))
    assert inputs.valid[0, :, 16, 16].sum() == 1
    assert inputs.valid.sum() == inputs.valid.numel() - 1
    assert inputs.descriptor[0, 0].item() == pytest.approx(3.0 / DESCRIPTOR_SCALE, rel=0.01)
    assert inputs.stacked().shape == (1, 4 * 2 + 2, 32, 32)


@pytest.mark.parametrize("unit", [1e-20, 1e15])
def test_the_unit_of_the_image_does_not_matter(unit):
    one, other = prepared()[0], prepared(unit)[0]
    for name, plane in one._asdict().items():
        torch.testing.assert_close(getattr(other, name), plane, atol=1e-4, rtol=0, msg=name)


def test_data_without_noise_have_a_finite_inverse():
    inputs, *_ = prepared(noise=0.0)
    assert inputs.inverse.isfinite().all()
    assert inputs.inverse.abs().max() < 100


def test_a_model_file_keeps_all_of_it():
    preparation = made_preparation(Stretch("asinh", (0.1,), (0.2,)), (0.05,), NAMES)
    assert Preparation.from_dict(preparation.to_dict()) == preparation
