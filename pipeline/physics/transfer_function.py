"""What an instrument does to each spatial frequency."""

from __future__ import annotations

import torch
from torch import Tensor


def transfer_function(response: Tensor, size: tuple[int, int]) -> Tensor:
    """Fourier transform of kernels, shape (..., C, K, K), about their centre, on a periodic grid of ``size``.

    Returns
    -------
    Tensor, shape (..., C, H, W // 2 + 1), complex
    """
    padded = response.new_zeros(*response.shape[:-2], *size)
    width = response.shape[-1]
    padded[..., :width, :width] = response
    return torch.fft.rfft2(padded.roll((-(width // 2),) * 2, (-2, -1)))
