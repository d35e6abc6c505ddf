import pytest
import torch

from pipeline.networks.translators import ThereAndBack, build_translator

SMALL = {"base_channels": 4, "blocks": 1}


@pytest.mark.parametrize("size", [(32, 32), (36, 52)])
def test_an_image_of_any_size_that_is_a_multiple_of_four_becomes_one_of_the_other_domain(size):
    module = build_translator({"architecture": "pix2pix", **SMALL}, 1, 3)
    assert module(torch.randn(2, 1, *size)).shape == (2, 3, *size)


def test_the_way_back_leads_from_the_second_domain_to_the_first():
    module = build_translator({"architecture": "cyclegan", **SMALL}, 1, 1)
    assert isinstance(module, ThereAndBack)
    first, second = torch.randn(2, 1, 1, 32, 32)
    nothing = torch.zeros(1, 1, 32, 32)
    made = module(first, second, (nothing, nothing), True)
    torch.testing.assert_close(made.there_and_back, module.back(module.there(first)))
    torch.testing.assert_close(made.back_and_there, module.there(module.back(second)))
    torch.testing.assert_close(made.same_there, module.there(second))


def test_noise_is_added_to_what_is_translated_back():
    module = build_translator({"architecture": "cyclegan", **SMALL}, 1, 1)
    first, second, one, other = torch.randn(4, 1, 1, 32, 32)
    made = module(first, second, (one, other), False)
    torch.testing.assert_close(made.there_and_back, module.back(made.there + one))
    torch.testing.assert_close(made.back_and_there, module.there(made.back + other))
