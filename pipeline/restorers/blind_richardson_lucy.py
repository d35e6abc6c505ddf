"""Blind deconvolution: Richardson-Lucy on the scene and on the PSF in turns, as GalaxyGAN's paper compared."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from pipeline.physics.blur import Blur, pad_reflect
from pipeline.physics.noise import GaussianNoise
from pipeline.restorers.stopped import Likelihood, Stopped
from pipeline.restorers.whitened import point_response

_NO_NOISE = GaussianNoise(())


class BlindRichardsonLucy(Stopped):
    """``k <- k X'(y / X k) / X'1``, then ``x <- x K'(y / K x) / K'1``, from the true PSF and a flat scene.

    Fish, Brinicombe, Pike and Walker 1995, J. Opt. Soc. Am. A 12, 58, with one step of each in turn, as MATLAB's
    ``deconvblind`` takes them. It is told the PSF to begin with, and unlearns of it what the data do not bear out; each
    band has its own. ``iterations`` is the only regularisation. Masked pixels have no weight.
    """

    def iterates(self, likelihood: Likelihood) -> Iterator[Tensor]:
        """Step by step."""
        scene = likelihood.start
        psf = point_response(likelihood.operator, scene.shape[1], len(scene)).to(scene)
        while True:
            psf = _likelier_psf(psf, scene, likelihood)
            operator = Blur(psf, _NO_NOISE)
            scene = likelihood.through(operator).likelier(scene)
            yield scene


def _likelier_psf(psf: Tensor, scene: Tensor, likelihood: Likelihood) -> Tensor:
    """One step of Richardson and Lucy on the PSFs, shape (..., C, K, K), for their scenes; they sum to one again."""
    wide = pad_reflect(scene, psf.shape[-1] // 2)
    ratio = likelihood.ratio(Blur(psf, _NO_NOISE).forward(scene))
    found, reach = (_correlated(wide, plane, psf) for plane in (ratio, likelihood.weight))
    psf = psf * torch.where(reach > 0, found / reach.clamp_min(torch.finfo(reach.dtype).tiny), 1).clamp_min(0)
    return psf / psf.sum((-2, -1), keepdim=True)


def _correlated(wide: Tensor, plane: Tensor, psf: Tensor) -> Tensor:
    """Sum over pixels ``p`` of ``plane(p) wide(p - u)`` for the shifts ``u`` of PSFs, of their shape."""
    width = psf.shape[-1]
    spectrum = torch.fft.rfft2(wide) * torch.fft.rfft2(plane, s=wide.shape[-2:]).conj()
    every = torch.fft.irfft2(spectrum, s=wide.shape[-2:])[..., :width, :width]
    return every.flip(-2, -1).reshape(psf.shape)
