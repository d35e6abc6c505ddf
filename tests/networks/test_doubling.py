import torch
from torch.nn.functional import conv2d, interpolate

from pipeline.networks.doubling import Doubling


def test_it_is_nearest_neighbours_smoothed_by_a_binomial_filter():
    image = torch.randn(2, 3, 9, 11)
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    filters = (line[:, None] * line).expand(3, 1, 5, 5)
    expected = conv2d(interpolate(image, scale_factor=2, mode="nearest"), filters, groups=3)
    torch.testing.assert_close(Doubling()(image), expected)


def test_neighbours_of_one_cell_are_about_as_unlike_as_those_of_two():
    image = torch.randn(1, 1, 400, 400, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(image, 3, stride=1)
    steps = Doubling()(smooth)[0, 0].diff(dim=1).abs().mean(0)
    assert 0.9 < float(steps[::2].mean() / steps[1::2].mean()) < 1.1
