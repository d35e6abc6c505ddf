import pytest
import torch

from pipeline.physics.hounsfield import WATER, attenuation, hounsfield_units


def test_water_is_0_hu_and_air_attenuates_nothing():
    torch.testing.assert_close(attenuation(torch.tensor([0.0, -1000.0, 1000.0])), WATER * torch.tensor([1.0, 0.0, 2.0]))


def test_less_than_air_is_air_and_padding_is_air_whatever_stands_there():
    values = torch.tensor([[-2000.0, -1024.0, 40.0, 3071.0]])
    padding = torch.tensor([[False, False, False, True]])
    torch.testing.assert_close(attenuation(values, padding), WATER * torch.tensor([[0.0, 0.0, 1.04, 0.0]]))


@pytest.mark.parametrize("water", [WATER, 0.0206])
def test_hounsfield_units_come_back(water):
    values = torch.linspace(-1000, 3000, 101, dtype=torch.float64)
    torch.testing.assert_close(hounsfield_units(attenuation(values, water=water), water), values)


def test_what_noise_brings_below_air_stays_there():
    assert float(hounsfield_units(torch.tensor(-0.001))) < -1000
