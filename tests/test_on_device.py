import numpy as np
import pytest
import torch

from pipeline.on_device import planes, sent


def test_numbers_go_with_the_image_band_by_band():
    image = torch.ones(3, 2, 4, 5, dtype=torch.float64)
    scaled = image * planes((2.0, 0.1), image)
    assert scaled.dtype == torch.float64
    assert scaled[0, :, 0, 0].tolist() == [2.0, 0.1]
    assert planes((2.0, 0.1), image.float()).dtype == torch.float32


def test_numbers_first_asked_for_without_gradients_serve_those_that_have_them():
    with torch.inference_mode():
        planes((3.25, 7.5), torch.ones(2, 1, 1))
    image = torch.ones(2, 1, 1, requires_grad=True)
    (image * planes((3.25, 7.5), image)).sum().backward()
    assert image.grad.flatten().tolist() == [3.25, 7.5]


@pytest.mark.parametrize("values", [[1, 2], np.array([1, 2]), torch.tensor([1, 2])])
def test_what_is_sent_arrives(values):
    assert sent(values, torch.device("cpu")).tolist() == [1, 2]


@pytest.mark.gpu
@pytest.mark.parametrize("values", [[1, 2], np.array([1, 2]), torch.tensor([1, 2])])
def test_what_is_sent_to_a_gpu_arrives(values):
    there = sent(values, torch.device("cuda"))
    assert there.is_cuda
    assert there.tolist() == [1, 2]
