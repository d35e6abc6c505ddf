import pytest
import torch
from made_spectrum import made_spectrum

from pipeline.physics.psf import draw_psf
from pipeline.physics.scene_spectrum import power_on_grid
from pipeline.physics.transfer_function import transfer_function
from pipeline.physics.wiener_filter import grid_of, wiener_kernels

CPU = torch.device("cpu")
RADIUS, GRID = 32, 128


def made(correlation=0.6):
    """Three bands with a PSF and a noise each, and one of the PSFs lopsided."""
    psf = torch.zeros(3, 21, 21, dtype=torch.float64)
    for band, width in enumerate((2.0, 3.0, 4.0)):
        kernel = draw_psf("gaussian", width).double()
        edge = (21 - kernel.shape[-1]) // 2
        psf[band] = torch.nn.functional.pad(kernel, (edge,) * 4)[..., :21, :21]
    psf[2] = psf[2].roll((1, 2), (-2, -1))
    signal = power_on_grid(made_spectrum(2.0, correlation, bands=3), GRID, CPU)
    return transfer_function(psf, (GRID, GRID)), signal, torch.diag(torch.tensor([0.1, 0.02, 0.5]).double())


def test_it_is_the_matrix_of_wieners_formula_at_every_frequency():
    """``S H* (H S H* + N)^-1``, by a library's solver, where nothing of the kernel is cut off."""
    transfer, signal, noise = made()
    h, s = transfer.movedim(0, -1), signal.permute(2, 3, 0, 1).to(transfer.dtype)
    expected = (s * h.conj()[..., None, :]) @ torch.linalg.inv(h[..., :, None] * s * h.conj()[..., None, :] + noise)
    found = torch.fft.rfft2(
        wiener_kernels(transfer, signal, noise, GRID // 2)[..., :GRID, :GRID].roll((-64, -64), (-2, -1))
    )
    torch.testing.assert_close(found, expected.permute(2, 3, 0, 1), atol=1e-6, rtol=0)


def test_a_batch_gives_what_each_gives():
    transfer, signal, noise = made()
    both = wiener_kernels(torch.stack([transfer, transfer.flip(0)]), signal, torch.stack([noise, 3 * noise]), RADIUS)
    torch.testing.assert_close(both[0], wiener_kernels(transfer, signal, noise, RADIUS))
    torch.testing.assert_close(both[1], wiener_kernels(transfer.flip(0), signal, 3 * noise, RADIUS))


def test_equal_bands_nearly_without_noise_are_averaged():
    """A singular signal: each band's estimate is the mean of all."""
    transfer, signal, _ = made(correlation=1.0)
    transfer = torch.ones_like(transfer).to(torch.complex64)
    kernels = wiener_kernels(transfer, signal, 1e-6 * torch.eye(3), RADIUS)
    torch.testing.assert_close(kernels[..., RADIUS, RADIUS], torch.full((3, 3), 1 / 3), atol=1e-3, rtol=0)


@pytest.mark.parametrize(("width", "noise"), [(2.0, 1e-3), (4.0, 1e-2), (6.0, 1e-1)])
def test_a_wider_grid_changes_hardly_anything(width, noise):
    psf = draw_psf("gaussian", width)[None]
    usual = grid_of(RADIUS, psf.shape[-1])
    narrow, wide = (
        wiener_kernels(
            transfer_function(psf, (grid, grid)),
            power_on_grid(made_spectrum(2.0), grid, CPU),
            torch.tensor([[noise]]),
            RADIUS,
        )
        for grid in (usual, 4 * usual)
    )
    assert float((narrow - wide).abs().max()) < 2e-3 * float(wide.max())
