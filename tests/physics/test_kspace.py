import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rice

from pipeline.physics import operator_from
from pipeline.physics.coils import coil_maps, receive_maps
from pipeline.physics.kspace import KSpace, KSpaceError
from pipeline.physics.motion import random_motion
from pipeline.physics.noise import GaussianNoise, addressed_generator
from pipeline.physics.operator import Operator
from pipeline.physics.sampling_masks import all_lines, central_lines, random_lines, uniform_lines
from pipeline.physics.smooth_fields import bias_field, smooth_phase

QUIET = GaussianNoise((0.0,))


def random(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def maps(height, width, coils=1, radians=1.0, bias=0.0, address="maps"):
    phase = smooth_phase(height, width, radians, address)
    return receive_maps(coil_maps(height, width, coils), phase, bias_field(height, width, bias, address))


def scan(height, width, lines=None, noise=QUIET, coils=1, readout=0, motion=None, **fields):
    taken = torch.from_numpy(all_lines(height) if lines is None else lines)
    return KSpace(taken, maps(height, width, coils, **fields), noise, readout, motion)


def head(size=64):
    y, x = (torch.arange(size, dtype=torch.float64) - (size - 1) / 2) / size, None
    x, y = y[None, :], y[:, None]
    soft = torch.sigmoid((1 - torch.hypot(x / 0.3, y / 0.38)) * 20)
    return (soft + 0.5 * torch.exp(-((x - 0.1) ** 2 + (y + 0.1) ** 2) / 0.005))[None, None]


@given(
    height=st.integers(2, 16),
    width=st.integers(1, 16),
    coils=st.integers(1, 3),
    share=st.floats(0.2, 1),
    batch=st.integers(1, 2),
    bands=st.integers(1, 2),
    shots=st.integers(0, 3),
)
@settings(deadline=None, max_examples=60)
def test_the_adjoint_is_the_transpose(height, width, coils, share, batch, bands, shots):
    lines = random_lines(height, min(1 / share, height), 0, "adjoint")
    motion = random_motion(lines, shots, 10.0, 1.0, 0) if shots else None
    instrument = scan(height, width, lines, QUIET, coils, max(round(share * width), 1), motion, bias=0.3)
    scene = random(batch, bands, height, width)
    seen = instrument.forward(scene)
    assert seen.shape == (batch, bands, coils * len(lines), 2 * instrument.readout)
    data = random(*seen.shape, seed=1) - 0.5
    left, right = float((seen * data).sum()), float((scene * instrument.adjoint(data)).sum())
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9)


def test_the_adjoint_is_the_gradient_and_holds_in_single_precision():
    instrument = scan(16, 16, uniform_lines(16, 2, 4), coils=2)
    scene = random(1, 1, 16, 16).requires_grad_()
    data = random(*instrument.forward(scene).shape, seed=1)
    (gradient,) = torch.autograd.grad((instrument.forward(scene) * data).sum(), scene)
    torch.testing.assert_close(gradient, instrument.adjoint(data))
    single = instrument.adjoint(data.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), gradient, atol=1e-5, rtol=1e-4)


def test_a_point_is_heard_alike_by_every_line_and_its_place_is_in_the_phase():
    instrument, scene = scan(8, 6, radians=0.0), torch.zeros(1, 1, 8, 6, dtype=torch.float64)
    scene[..., 2, 1] = 1
    real, imaginary = instrument.forward(scene)[0, 0].chunk(2, -1)
    lines, samples = torch.arange(8)[:, None] - 4, torch.arange(6) - 3
    angle = -2 * math.pi * (2 * lines / 8 + samples / 6)
    torch.testing.assert_close(real, (angle.cos() / 48**0.5).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(imaginary, (angle.sin() / 48**0.5).double(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("coils", [1, 4])
def test_a_full_scan_gives_the_magnitudes_back_whatever_phase_and_coils(coils):
    instrument, scene = scan(20, 24, coils=coils, radians=2.0), random(2, 3, 20, 24)
    torch.testing.assert_close(instrument.preview(instrument.forward(scene)), scene)
    torch.testing.assert_close(instrument.regularised_inverse(instrument.forward(scene), torch.zeros(3)), scene)


def test_central_lines_and_samples_give_the_image_without_its_high_frequencies():
    scene = head(32)
    instrument = scan(32, 32, central_lines(32, 11), readout=9, radians=0.0)
    spectrum = torch.fft.fftshift(torch.fft.fft2(scene), (-2, -1))
    kept = torch.zeros(32, 32)
    kept[16 - 5 : 16 + 6, 16 - 4 : 16 + 5] = 1
    expected = torch.fft.ifft2(torch.fft.ifftshift(spectrum * kept, (-2, -1))).abs()
    torch.testing.assert_close(instrument.preview(instrument.forward(scene)), expected)


def test_every_second_line_folds_the_image_onto_itself():
    scene = head(32)
    folded = scan(32, 32, uniform_lines(32, 2, 0), radians=0.0)
    torch.testing.assert_close(folded.preview(folded.forward(scene)), (scene + scene.roll(16, -2)) / 2)


def test_a_bias_stays_in_the_preview_and_not_in_the_inverse():
    instrument, scene = scan(32, 32, coils=3, bias=0.4), head(32)
    data = instrument.forward(scene)
    torch.testing.assert_close(instrument.preview(data), scene * bias_field(32, 32, 0.4, "maps"))
    torch.testing.assert_close(instrument.regularised_inverse(data, torch.zeros(1)), scene)


@pytest.mark.parametrize("coils", [1, 4])
@pytest.mark.parametrize("signal", [0.0, 1.0, 2.0, 8.0])
def test_noise_of_the_preview_is_that_of_rice(signal, coils):
    instrument = scan(128, 128, coils=coils, noise=GaussianNoise((0.5,)))
    clean = instrument.forward(torch.full((1, 1, 128, 128), 0.5 * signal))
    magnitude = instrument.preview(instrument.noise.draw(clean, [addressed_generator("rice", coils)]))
    law = rice(signal, scale=0.5)
    assert float(magnitude.mean()) == pytest.approx(law.mean(), abs=4 * law.std() / 128)
    assert float(magnitude.std()) == pytest.approx(law.std(), rel=0.03)
    assert float(magnitude.pow(4).mean()) == pytest.approx(law.moment(4), rel=0.06)
    torch.testing.assert_close(instrument.preview_sigma(instrument.noise.sigma(clean)), torch.full_like(magnitude, 0.5))


def test_fewer_lines_and_samples_bring_less_noise_as_the_map_says():
    instrument = scan(64, 64, random_lines(64, 3, 6, 0), GaussianNoise((1.0, 2.0)), coils=3, readout=40, bias=0.2)
    clean = instrument.forward(torch.full((30, 2, 64, 64), 50.0))
    drawn = instrument.noise.draw(clean, [addressed_generator("fewer", band) for band in range(2)])
    left = (instrument.preview(drawn) - instrument.preview(clean)).std((0, 2, 3))
    told = instrument.preview_sigma(instrument.noise.sigma(clean))[0].mean((1, 2))
    # The magnitude keeps that part of the noise which is in phase with what the lines tell of the scene.
    torch.testing.assert_close(left, told, rtol=0.03, atol=0)


def test_known_motion_is_undone_and_unknown_motion_is_seen():
    lines, scene = all_lines(64), head()
    motion = random_motion(lines, 4, 3.0, 1.5, "motion")
    moving = scan(64, 64, lines, motion=motion)
    data = moving.forward(scene)
    still = scan(64, 64, lines)

    def error(image):
        return float((image - scene).square().mean().sqrt())

    assert error(still.preview(data)) == error(moving.preview(data)) > 0.02
    assert error(moving.regularised_inverse(data, torch.zeros(1))) < 0.5 * error(still.preview(data))


def test_a_shift_of_all_lines_is_a_shift_of_the_image():
    lines = all_lines(32)
    motion = random_motion(lines, 2, 0.0, 0.0, 0)
    motion.poses[:] = torch.tensor([0.0, 3.0, -2.0])
    instrument, scene = scan(32, 32, lines, motion=motion, radians=0.0), head(32)
    torch.testing.assert_close(
        instrument.preview(instrument.forward(scene)), scene.roll((3, -2), (-2, -1)), atol=1e-6, rtol=0
    )


def test_more_noise_makes_a_smoother_inverse_and_the_right_ratio_a_better_one():
    instrument, scene = scan(64, 64, noise=GaussianNoise((0.3,))), head()
    data = instrument.noise.draw(instrument.forward(scene), [addressed_generator("inverse")])
    right = float(0.09 / scene.var())
    inverses = [instrument.regularised_inverse(data, torch.tensor([r])) for r in (0.0, right, 100 * right)]
    roughness = [float(image.diff(dim=-1).square().mean()) for image in inverses]
    assert roughness == sorted(roughness, reverse=True)
    errors = [float((image - scene).square().mean()) for image in inverses]
    assert errors[1] < 0.5 * errors[0]


def test_a_batch_of_scans_equals_one_by_one():
    scans = [
        scan(16, 12, random_lines(16, 2, 2, seed), coils=2, readout=8, address=f"maps {seed}") for seed in range(3)
    ]
    together, scenes = scans[0].joined(scans[1:]), random(3, 2, 16, 12)
    seen, ratio = together.forward(scenes), torch.tensor([0.1, 1.0])
    for number, one in enumerate(scans):
        alone, own = one.forward(scenes[number : number + 1]), slice(number, number + 1)
        torch.testing.assert_close(seen[own], alone)
        torch.testing.assert_close(together.adjoint(seen)[own], one.adjoint(alone))
        torch.testing.assert_close(together.preview(seen)[own], one.preview(alone))
        inverse = together.regularised_inverse(seen, ratio)[own]
        torch.testing.assert_close(inverse, one.regularised_inverse(alone, ratio))
        torch.testing.assert_close(together.of(own).forward(scenes[own]), alone)
    chosen = together.of(torch.tensor([2, 0]))
    torch.testing.assert_close(chosen.forward(scenes[[2, 0]]), seen[[2, 0]])


def test_scans_that_are_alike_are_one_scan():
    one = scan(16, 12)
    assert one.joined([scan(16, 12)]).maps.ndim == 3
    assert one.of(torch.tensor([0, 0])).lines is one.lines


@pytest.mark.parametrize("shots", [0, 3])
def test_a_scan_comes_back_from_its_numbers(shots):
    lines = random_lines(32, 2, 4, 0)
    motion = random_motion(lines, shots, 1.0, 1.0, 0) if shots else None
    instrument = scan(32, 24, lines, GaussianNoise((0.1,)), 2, 20, motion)
    again = operator_from(instrument.to_dict())
    scene = random(1, 1, 32, 24, dtype=torch.float32)
    assert torch.equal(again.forward(scene), instrument.forward(scene))
    assert again.noise == instrument.noise


def test_the_descriptor_tells_skipped_lines_from_coarse_pixels():
    assert scan(64, 64).descriptor() == {"acceleration": 1, "phase_encoding_px": 1, "readout_px": 1}
    coarse = scan(64, 64, central_lines(64, 32), readout=16).descriptor()
    assert coarse["acceleration"] == pytest.approx(1, abs=0.04)
    assert coarse["phase_encoding_px"] == pytest.approx(2, abs=0.1)
    assert coarse["readout_px"] == 4
    fast = scan(64, 64, uniform_lines(64, 4, 0)).descriptor()
    assert fast["acceleration"] == 4
    assert fast["phase_encoding_px"] == 1


def test_the_truth_explains_its_data():
    instrument = scan(64, 64, random_lines(64, 3, 8, 0), GaussianNoise((0.1,)), coils=2)
    data = instrument.noise.draw(instrument.forward(head()), [addressed_generator("explains")])
    sigma = instrument.noise.sigma(data)
    assert float(instrument.residual_chi2(head(), data, sigma, sigma < 0)) == pytest.approx(1, abs=0.05)


def test_the_precision_is_that_of_the_data():
    instrument = scan(8, 8)
    for dtype in (torch.float32, torch.float64):
        data = instrument.forward(random(1, 1, 8, 8, dtype=dtype))
        for back in (data, instrument.adjoint(data), instrument.preview(data)):
            assert back.dtype == dtype


def test_a_scan_is_an_operator_that_mixes_whole_slices():
    instrument: Operator = scan(8, 8)
    assert instrument.whole
    assert (instrument.halo, instrument.inverse_halo) == (0, 0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: scan(8, 8, np.array([-5])), "line 5 .* 8 px have none beyond 4"),
        (lambda: scan(8, 8, np.array([4])), "line 4"),
        (lambda: scan(8, 8, np.array([1, 2, 1])), "taken twice"),
        (lambda: scan(8, 8, readout=9), "9 samples .* 8 px wide"),
        (lambda: scan(8, 8, np.array([0, 1]), motion=random_motion(all_lines(8), 2, 1.0, 1.0, 0)), "8 lines .* 2"),
        (lambda: scan(8, 8).forward(torch.zeros(1, 1, 8, 9)), "8 x 9 px and its coil maps 8 x 8"),
        (lambda: scan(8, 8).joined([scan(8, 8, np.array([0]))]), "make no batch"),
        (lambda: scan(8, 8).joined([scan(8, 8, motion=random_motion(all_lines(8), 2, 1.0, 1.0, 0))]), "another motion"),
    ],
)
def test_what_does_not_belong_together_is_refused_in_words(make, says):
    with pytest.raises(KSpaceError, match=says):
        make()
