import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_spectrum import made_spectrum

from pipeline.physics import operator_from
from pipeline.physics.blur import INVERSE_HALO, Blur, fold_reflect, pad_reflect
from pipeline.physics.noise import GaussianNoise, PoissonNoise, addressed_generator
from pipeline.physics.operator import Operator
from pipeline.physics.psf import PSFError, draw_psf
from pipeline.tiling import Window, read_reflected

QUIET = GaussianNoise((0.0,))
shapes = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 24), st.integers(1, 24))
widths = st.sampled_from([1, 3, 5, 9])


def random(*shape, seed=0, dtype=torch.float64):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def lopsided(*shape, seed=0, dtype=torch.float64):
    psf = random(*shape, seed=seed, dtype=dtype)
    return psf / psf.sum((-2, -1), keepdim=True)


def smooth_scene(size=96, bands=1):
    y, x = (torch.arange(size, dtype=torch.float64) - size / 2 for _ in range(2))
    blobs = [torch.exp(-((y[:, None] - a) ** 2 + (x - b) ** 2) / 18) for a, b in ((0, 0), (12, -9), (-20, 5))]
    return torch.stack(blobs).sum(0).expand(1, bands, size, size).clone()


@pytest.mark.parametrize("at", [(15, 15), (9, 20)])
def test_a_point_becomes_the_psf_and_not_its_mirror_image(at):
    psf = lopsided(2, 7, 7)
    scene = torch.zeros(1, 2, 31, 31, dtype=torch.float64)
    scene[..., at[0], at[1]] = 1
    blurred = Blur(psf, QUIET).forward(scene)
    torch.testing.assert_close(blurred[0, :, at[0] - 3 : at[0] + 4, at[1] - 3 : at[1] + 4], psf)
    assert blurred.sum() == pytest.approx(2)


def test_flux_is_kept_where_the_border_is_far():
    scene = torch.zeros(2, 1, 50, 50)
    scene[..., 15:25, 15:25] = 3.0
    blur = Blur(draw_psf("moffat", 2.0)[None], QUIET)
    torch.testing.assert_close(blur.forward(scene).sum(), scene.sum())


@given(shape=shapes, width=widths)
@settings(deadline=None)
def test_a_constant_stays_constant_up_to_the_border(shape, width):
    scene = torch.full(shape, 5.0, dtype=torch.float64)
    blur = Blur(lopsided(shape[1], width, width), QUIET)
    torch.testing.assert_close(blur.forward(scene), scene)
    torch.testing.assert_close(blur.regularised_inverse(scene, torch.full((shape[1],), 0.01)), scene)


@given(shape=shapes, width=widths, batched=st.booleans(), seed=st.integers(0, 99))
@settings(deadline=None)
def test_the_adjoint_is_the_transpose_borders_included(shape, width, batched, seed):
    psf = lopsided(*(shape[:2] if batched else shape[1:2]), width, width, seed=seed)
    blur = Blur(psf, QUIET)
    x, y = random(*shape, seed=seed + 1), random(*shape, seed=seed + 2)
    left, right = (blur.forward(x) * y).sum(), (x * blur.adjoint(y)).sum()
    assert float(left) == pytest.approx(float(right), rel=1e-6)
    torch.testing.assert_close(blur.adjoint(y), Operator.adjoint(blur, y))


def test_the_adjoint_needs_no_gradients():
    blur = Blur(draw_psf("gaussian", 3.0)[None], QUIET)
    with torch.inference_mode():
        assert blur.adjoint(torch.ones(1, 1, 16, 16)).shape == (1, 1, 16, 16)


@given(height=st.integers(1, 9), width=st.integers(1, 9), margin=st.integers(0, 20))
@settings(deadline=None)
def test_padding_is_that_of_numpy_and_folding_its_transpose(height, width, margin):
    image = random(1, 1, height, width)
    padded = pad_reflect(image, margin)
    np.testing.assert_array_equal(padded[0, 0], np.pad(image[0, 0].numpy(), margin, mode="reflect"))
    data = random(*padded.shape, seed=1)
    folded = (fold_reflect(data, margin) * image).sum()
    assert float((padded * data).sum()) == pytest.approx(float(folded))


@pytest.mark.parametrize("window", [Window(20, 30, 17, 25), Window(0, 0, 40, 13), Window(60, 80, 30, 20)])
def test_a_window_with_its_halo_gives_what_the_whole_gives(window):
    psf = torch.stack([draw_psf("moffat", w) for w in (2.0, 2.0)])
    blur, scene = Blur(psf, QUIET), random(1, 2, 90, 100, dtype=torch.float32)
    ratio = torch.tensor([0.01, 0.003])

    def part(halo):
        return torch.from_numpy(read_reflected(scene.numpy(), window.grown(halo)))

    inner = (..., slice(blur.halo, -blur.halo), slice(blur.halo, -blur.halo))
    whole = blur.forward(scene)[(..., *window.slices)]
    torch.testing.assert_close(blur.seen(part(blur.halo)), whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(blur.forward(part(blur.halo))[inner], whole, atol=1e-5, rtol=0)

    inner = (..., slice(INVERSE_HALO, -INVERSE_HALO), slice(INVERSE_HALO, -INVERSE_HALO))
    whole = blur.regularised_inverse(scene, ratio)[(..., *window.slices)]
    part_alone = blur.regularised_inverse(part(blur.inverse_halo), ratio)[inner]
    torch.testing.assert_close(part_alone, whole, atol=1e-5, rtol=0)


def test_a_batch_with_a_psf_each_equals_one_by_one():
    psf, data = lopsided(3, 2, 5, 5), random(3, 2, 20, 23)
    ratio = torch.tensor([[0.1, 0.01], [0.02, 0.3], [0.05, 0.05]], dtype=torch.float64)
    blur = Blur(psf, QUIET)
    for i in range(3):
        one = Blur(psf[i], QUIET)
        torch.testing.assert_close(blur.forward(data)[i], one.forward(data[i : i + 1])[0])
        torch.testing.assert_close(blur.adjoint(data)[i], one.adjoint(data[i : i + 1])[0])
        inverse = one.regularised_inverse(data[i : i + 1], ratio[i])[0]
        torch.testing.assert_close(blur.regularised_inverse(data, ratio)[i], inverse)


def test_images_smaller_than_the_psf_are_reflected_as_often_as_it_takes():
    scene, psf = random(1, 1, 4, 6), lopsided(1, 21, 21)
    padded = np.pad(scene[0, 0].numpy(), 10, mode="reflect")
    flipped = psf[0].numpy()[::-1, ::-1]
    expected = [[(padded[i : i + 21, j : j + 21] * flipped).sum() for j in range(6)] for i in range(4)]
    np.testing.assert_allclose(Blur(psf, QUIET).forward(scene)[0, 0], expected)


def test_the_psf_follows_the_data_to_their_precision():
    blur = Blur(draw_psf("gaussian", 2.0)[None], QUIET)
    for dtype in (torch.float32, torch.float64):
        scene = random(1, 1, 12, 12, dtype=dtype)
        assert blur.forward(scene).dtype == blur.adjoint(scene).dtype == dtype
        assert blur.regularised_inverse(scene, torch.tensor([0.1])).dtype == dtype


def test_without_noise_the_inverse_undoes_a_mild_blur_of_a_smooth_scene():
    blur, scene = Blur(draw_psf("gaussian", 2.0).double()[None], QUIET), smooth_scene()
    restored = blur.regularised_inverse(blur.forward(scene), torch.tensor([1e-7], dtype=torch.float64))
    assert float((blur.forward(scene) - scene).abs().max()) > 0.05
    assert float((restored - scene).abs().max()) < 1e-3


def test_more_noise_makes_a_smoother_estimate():
    blur, data = Blur(draw_psf("gaussian", 3.0)[None], QUIET), random(1, 1, 64, 64, dtype=torch.float32)
    spreads = [float(blur.regularised_inverse(data, torch.tensor([r])).std()) for r in (0.001, 0.01, 0.1, 1.0)]
    assert spreads == sorted(spreads, reverse=True)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_the_inverse_keeps_a_level_in_every_band_whatever_the_psfs(correlation):
    spectrum = made_spectrum(2.0, correlation, bands=2)
    for psf in (draw_psf("gaussian", 3.0), draw_psf("airy", 8.0), lopsided(1, 81, 81)[0].float()):
        blur = Blur(psf.expand(2, -1, -1), QUIET)
        level = torch.tensor([2.0, -5.0])[None, :, None, None].expand(1, 2, 96, 96)
        torch.testing.assert_close(blur.regularised_inverse(level, torch.tensor([0.1, 0.5]), spectrum), level)


def test_the_inverse_moves_nothing():
    scene = torch.zeros(1, 1, 97, 97)
    scene[..., 48, 48] = 1
    blur = Blur(draw_psf("gaussian", 3.0)[None], QUIET)
    restored = blur.regularised_inverse(blur.forward(scene), torch.tensor([0.1]))
    assert int(restored.argmax()) == scene.numel() // 2
    torch.testing.assert_close(restored, restored.flip(-2, -1), atol=1e-5, rtol=0)


def test_residual_chi2_is_one_for_the_truth_and_knows_too_much_and_too_little():
    scene = smooth_scene(128, bands=2)
    blur = Blur(draw_psf("gaussian", 3.0).double().expand(2, -1, -1), GaussianNoise((0.05, 0.02)))
    clean = blur.forward(scene)
    data = blur.noise.draw(clean, [addressed_generator("chi2", band) for band in range(2)])
    sigma, mask = blur.noise.sigma(clean), torch.zeros_like(data, dtype=torch.bool)
    assert float(blur.residual_chi2(scene, data, sigma, mask)) == pytest.approx(1, abs=0.03)
    assert float(blur.residual_chi2(0 * scene, data, sigma, mask)) > 2


def test_residual_chi2_leaves_out_what_is_masked_whatever_stands_there():
    blur, scene = Blur(torch.ones(1, 1, 1), QUIET), torch.zeros(2, 1, 8, 8)
    data, sigma, mask = scene + 2.0, torch.ones_like(scene), torch.zeros_like(scene, dtype=torch.bool)
    mask[:, :, 3, 3] = True
    data[:, :, 3, 3], sigma[:, :, 3, 3] = 1e30, 0.0
    torch.testing.assert_close(blur.residual_chi2(scene, data, sigma, mask), torch.tensor([4.0, 4.0]))


def test_the_descriptor_grows_with_the_width():
    described = [Blur(draw_psf("gaussian", w).expand(3, -1, -1), QUIET).descriptor() for w in (2.0, 3.0, 5.0)]
    assert [d["fwhm_px"] for d in described] == pytest.approx([2, 3, 5], rel=0.01)
    assert described[0]["r80_px"] < described[1]["r80_px"] < described[2]["r80_px"]


def test_the_descriptor_knows_wings():
    narrow, winged = (Blur(draw_psf(p, 3.0)[None], QUIET).descriptor() for p in ("gaussian", "moffat"))
    assert winged["fwhm_px"] == pytest.approx(narrow["fwhm_px"], rel=0.01)
    assert winged["r80_px"] > 1.2 * narrow["r80_px"]


@pytest.mark.parametrize("noise", [GaussianNoise((0.1, 0.2), True), PoissonNoise((3.0, 2.0), (1.0, 0.0), (0.5, 0.0))])
def test_an_operator_comes_back_from_its_numbers(noise):
    blur = Blur(lopsided(2, 5, 5).float(), noise)
    again = operator_from(blur.to_dict())
    torch.testing.assert_close(again.psf, blur.psf)
    assert again.noise == noise


@pytest.mark.parametrize(
    ("psf", "says"),
    [
        (torch.ones(1, 4, 4) / 16, "odd"),
        (torch.ones(1, 3, 5) / 15, "square"),
        (torch.ones(3, 3) / 9, "square"),
        (torch.ones(1, 3, 3) / 4.5, "sums to 2"),
        (torch.stack([torch.ones(3, 3) / 9, torch.ones(3, 3) / 4.5]), "sums to 2"),
        (torch.zeros(1, 3, 3), "sums to 0"),
        (torch.full((1, 3, 3), float("nan")), "NaN"),
    ],
)
def test_an_impossible_psf_is_refused_in_words(psf, says):
    with pytest.raises(PSFError, match=says):
        Blur(psf, QUIET)


def test_blurs_are_taken_from_a_batch_by_number():
    psfs = torch.rand(3, 1, 7, 7)
    psfs = psfs / psfs.sum((-2, -1), keepdim=True)
    scene = torch.rand(2, 1, 40, 40)
    chosen = Blur(psfs, GaussianNoise((0.0,))).of(torch.tensor([2, 0]))
    for slot, number in enumerate((2, 0)):
        alone = Blur(psfs[number], GaussianNoise((0.0,))).forward(scene[slot : slot + 1])
        torch.testing.assert_close(chosen.forward(scene)[slot], alone[0])
