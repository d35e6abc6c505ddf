import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import iradon, radon

from pipeline.physics import operator_from
from pipeline.physics.filtered_back_projection import WINDOWS
from pipeline.physics.low_dose import LowDoseNoise
from pipeline.physics.noise import GaussianNoise, PoissonNoise, addressed_generator
from pipeline.physics.operator import Operator
from pipeline.physics.radon import GeometryError, Radon

QUIET = GaussianNoise((0.0,))


def random(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def disc(size, radius, across=0.0, up=0.0, finer=5):
    """A disc about a place, by the share of each pixel that it covers."""
    places = (np.arange(size * finer) + 0.5) / finer - size / 2
    inside = np.hypot(places[None, :] - across, -places[:, None] - up) <= radius
    return torch.from_numpy(inside.reshape(size, finer, size, finer).mean((1, 3)))


def phantom(size=101):
    """A head of water with a bone, an air cell and a lesion; the rims are soft, as any scanner's are."""
    return disc(size, 40) + disc(size, 8, 15, 10) - disc(size, 5, -12, -14) + 0.05 * disc(size, 6, 5, -20)


@given(
    shape=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    views=st.integers(1, 17),
    missing=st.integers(0, 9),
    batch=st.integers(1, 2),
    bands=st.integers(1, 2),
)
@settings(deadline=None, max_examples=40)
def test_the_adjoint_is_the_transpose(shape, views, missing, batch, bands):
    bins = max(Radon(shape, views, 0.7, QUIET).bins - missing, 1)
    scanner = Radon(shape, views, 0.7, QUIET, bins, per_unit=0.02)
    scene, data = random(batch, bands, *shape), random(batch, bands, views, bins, seed=1)
    left, right = float((scanner.forward(scene) * data).sum()), float((scene * scanner.adjoint(data)).sum())
    assert left == pytest.approx(right, rel=1e-10, abs=1e-12)


def test_the_adjoint_is_the_transpose_in_single_precision_too():
    scanner = Radon((128, 128), 90, 0.7, QUIET)
    scene, data = random(1, 1, 128, 128, dtype=torch.float32), random(1, 1, 90, scanner.bins, dtype=torch.float32)
    left, right = (scanner.forward(scene) * data).double().sum(), (scene * scanner.adjoint(data)).double().sum()
    assert float(left) == pytest.approx(float(right), rel=1e-5)


def test_gradients_pass_through_forth_and_back():
    scanner = Radon((5, 5), 4, 0.5, QUIET)
    scene, data = random(1, 1, 5, 5).requires_grad_(), random(1, 1, 4, scanner.bins).requires_grad_()
    assert torch.autograd.gradcheck(scanner.forward, scene)
    assert torch.autograd.gradcheck(scanner.adjoint, data)
    torch.testing.assert_close(
        Operator.adjoint(Radon((9, 9), 9, 1.0, QUIET, bins=9), random(1, 1, 9, 9)), _transposed(9)
    )


def _transposed(size):
    return Radon((size, size), size, 1.0, QUIET, bins=size).adjoint(random(1, 1, size, size))


def test_a_point_to_the_right_of_and_above_the_middle_goes_where_it_should():
    scanner, scene = Radon((31, 31), 8, 2.0, QUIET), torch.zeros(1, 1, 31, 31, dtype=torch.float64)
    scene[..., 15 - 6, 15 + 4] = 1
    seen, bins = scanner.forward(scene)[0, 0], torch.arange(scanner.bins) - (scanner.bins - 1) / 2
    torch.testing.assert_close(seen.sum(1), torch.full((8,), 2.0).double())
    angles = torch.arange(8) * math.pi / 8
    # Within a bin a shadow has no place, so that its middle is known to a small share of one.
    torch.testing.assert_close(
        (seen * bins).sum(1) / 2, (4 * angles.cos() + 6 * angles.sin()).double(), atol=0.05, rtol=0
    )


def test_a_disc_casts_its_chords_in_every_view():
    scanner = Radon((80, 80), 30, 0.5, QUIET, per_unit=0.02)
    seen = scanner.forward(disc(80, 30)[None, None])[0, 0]
    edges = torch.arange(scanner.bins + 1).double() - scanner.bins / 2
    # The mean over a bin of the chord 2 sqrt(r^2 - t^2), in mm, times the attenuation.
    area = edges.clamp(-30, 30)
    area = area * (900 - area.square()).sqrt() + 900 * torch.asin(area / 30)
    chords = 0.02 * 0.5 * area.diff()
    wrong = (seen - chords).abs() / chords.max()
    # Pixels have no round rim, where the chords are steep.
    assert wrong.max() < 0.025
    assert wrong[:, scanner.bins // 2 - 25 : scanner.bins // 2 + 25].max() < 0.005


def test_projections_are_those_of_scikit_image():
    image = phantom()
    scanner = Radon((101, 101), 90, 1.0, QUIET)
    theirs = radon(image.numpy(), np.arange(90) * 2.0, circle=False).T
    beside = (scanner.bins - theirs.shape[1]) // 2
    ours = scanner.forward(image[None, None])[0, 0, :, beside : beside + theirs.shape[1]].numpy()
    # Theirs interpolates the image along lines, ours takes the area that a bin sees.
    assert np.abs(ours - theirs).max() < 0.02 * theirs.max()
    assert np.sqrt(np.square(ours - theirs).mean()) < 0.002 * theirs.max()


@pytest.mark.parametrize("window", list(WINDOWS))
def test_reconstructions_are_those_of_scikit_image_and_come_near_the_truth(window):
    image = phantom()
    scanner = Radon((101, 101), 180, 0.8, QUIET, per_unit=0.02)
    data = scanner.forward(image[None, None])
    ours = scanner.preview(data, WINDOWS[window])[0, 0]
    sinogram = data[0, 0].numpy().T / (0.8 * 0.02)
    angles = np.arange(180.0)
    theirs = iradon(sinogram, angles, output_size=101, filter_name=window.replace("_", "-"), circle=False)
    assert np.sqrt(np.square(ours.numpy() - theirs).mean()) < 0.005
    water = (disc(101, 34) - disc(101, 10, 15, 10) - disc(101, 7, -12, -14) - disc(101, 8, 5, -20)).numpy() == 1
    assert float(ours[water].mean()) == pytest.approx(1, abs=0.001)
    assert float(ours[disc(101, 6, 15, 10) == 1].mean()) == pytest.approx(2, abs=0.005)


def test_half_as_many_views_are_every_second_view():
    image = random(1, 1, 40, 40)
    torch.testing.assert_close(
        Radon((40, 40), 30, 1.0, QUIET).forward(image), Radon((40, 40), 60, 1.0, QUIET).forward(image)[:, :, ::2]
    )


def test_a_turned_slice_gives_the_views_of_a_turned_scanner():
    scanner, image = Radon((24, 24), 10, 1.0, QUIET), random(1, 1, 24, 24)
    seen, turned = scanner.forward(image), scanner.forward(image.rot90(1, (-2, -1)))
    torch.testing.assert_close(turned[:, :, 5:], seen[:, :, :5])


def test_a_slice_that_is_no_square_lies_in_the_middle_of_one_in_air():
    image = random(1, 2, 12, 21)
    around = torch.zeros(1, 2, 21, 21, dtype=torch.float64)
    around[..., 4:16, :] = image
    oblong, square = Radon((12, 21), 9, 1.0, QUIET), Radon((21, 21), 9, 1.0, QUIET)
    data = square.forward(around)
    torch.testing.assert_close(oblong.forward(image), data)
    torch.testing.assert_close(oblong.preview(data), square.preview(data)[..., 4:16, :])


def test_a_slice_that_the_scanner_was_not_made_for_is_refused_in_words():
    with pytest.raises(GeometryError, match="20 x 30 px and its scanner 24 x 24"):
        Radon((24, 24), 9, 1.0, QUIET).forward(torch.zeros(1, 1, 20, 30))


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        (((0, 8), 9, 1.0), "height is 0"),
        (((8, -1), 9, 1.0), "width is -1"),
        (((8, 8), 0, 1.0), "views is 0"),
        (((8, 8), 9, float("nan")), "pixel is nan"),
    ],
)
def test_an_impossible_scanner_is_refused_in_words(numbers, says):
    with pytest.raises(GeometryError, match=says):
        Radon(*numbers, QUIET)


def test_the_noise_of_a_reconstruction_is_as_its_map_says():
    scanner = Radon((48, 48), 60, 0.8, QUIET, per_unit=0.02)
    sigma = (0.1 * (1 + torch.linspace(0, 1, scanner.bins))).expand(1, 1, 60, -1)
    drawn = scanner.preview(sigma * torch.randn(400, 1, 60, scanner.bins, generator=addressed_generator("fbp")))
    ratio = (drawn.std(0) / scanner.preview_sigma(sigma)[0])[0, 8:-8, 8:-8]
    assert float(ratio.mean()) == pytest.approx(1, abs=0.03)
    assert float(ratio.std()) < 0.07


def test_the_inverse_of_data_without_noise_is_their_filtered_back_projection_and_more_noise_makes_it_smoother():
    scanner, data = Radon((64, 64), 60, 1.0, QUIET), random(1, 2, 60, Radon((64, 64), 60, 1.0, QUIET).bins)
    inverses = [scanner.regularised_inverse(data, torch.tensor([0.0, ratio])) for ratio in (0.0, 1.0, 10.0, 100.0)]
    torch.testing.assert_close(inverses[0], scanner.preview(data))
    spreads = [float(inverse[:, 1].std()) for inverse in inverses]
    assert spreads == sorted(spreads, reverse=True)
    for inverse in inverses:
        torch.testing.assert_close(inverse[:, 0], scanner.preview(data)[:, 0])


def test_the_inverse_is_nearly_the_best_among_those_of_other_strengths():
    image, scanner = phantom().float()[None, None], Radon((101, 101), 60, 1.0, QUIET)
    clean = scanner.forward(image)
    data = clean + torch.randn(clean.shape, generator=addressed_generator("inverse"))
    right = 1 / image.var()

    def error(ratio):
        inverse = scanner.regularised_inverse(data, ratio.reshape(1))
        return float((inverse - image).square().mean())

    assert error(right) < min(error(right / 100), error(100 * right), 0.5 * error(0 * right))


@pytest.mark.parametrize(
    "noise", [QUIET, LowDoseNoise((1e5,), (10.0,), (0.25,), True), PoissonNoise((1.0,), (0.0,), (0.0,))]
)
def test_a_scanner_comes_back_from_its_numbers(noise):
    scanner = Radon((31, 31), 12, 0.7, noise, bins=40, per_unit=2e-5)
    again = operator_from(scanner.to_dict())
    assert isinstance(again, Radon)
    assert again.to_dict() == scanner.to_dict()
    assert again.noise == noise


def test_one_scanner_serves_a_batch_and_scanners_of_several_geometries_make_none():
    scanner = Radon((31, 31), 12, 0.7, QUIET)
    assert scanner.joined([Radon((31, 31), 12, 0.7, QUIET)]).of(slice(1)) is scanner
    with pytest.raises(GeometryError, match="several geometries"):
        scanner.joined([Radon((31, 31), 24, 0.7, QUIET)])


def test_fewer_views_lie_farther_apart():
    few, many = (Radon((100, 100), views, 1.0, QUIET).descriptor()["view_spacing_px"] for views in (50, 100))
    assert few == pytest.approx(2 * many)
    assert few == pytest.approx(math.pi)


def test_the_truth_explains_its_data():
    scanner = Radon((64, 64), 60, 1.0, LowDoseNoise((1e4,), (5.0,), (0.5,)), per_unit=0.0192)
    scene = disc(64, 25)[None, None]
    data = scanner.noise.draw(scanner.forward(scene), [addressed_generator("explains")])
    sigma = scanner.noise.told_sigma(data)
    assert float(scanner.residual_chi2(scene, data, sigma, sigma < 0)) == pytest.approx(1, abs=0.05)
