"""Lines of the spectrum of an image, and the image that lines make when the others are taken for 0."""

from __future__ import annotations

import torch
from torch import Tensor


def sampled(images: Tensor, lines: Tensor, readout: int) -> Tensor:
    """Lines of the spectra of images, which keeps the lengths of images that it holds whole.

    Parameters
    ----------
    images : Tensor, shape (B, C, K, H, W), complex
    lines : Tensor, shape (L,) or (B, L), int64
        In periods per image height, 0 being the middle.
    readout : int
        Samples about the middle of each line.

    Returns
    -------
    Tensor, shape (B, C, K, L, readout), complex
    """
    height, width = images.shape[-2:]
    columns = readout_frequencies(readout, images.device) % width
    across = torch.fft.fft(images, norm="ortho").index_select(-1, columns)
    return torch.take_along_dim(torch.fft.fft(across, dim=-2, norm="ortho"), _rows(lines, height, images.device), -2)


def zero_filled(samples: Tensor, lines: Tensor, size: tuple[int, int]) -> Tensor:
    """Transpose of :func:`sampled`: images of the spectra whose other lines are 0.

    Parameters
    ----------
    samples : Tensor, shape (B, C, K, L, readout), complex
    lines : Tensor, shape (L,) or (B, L), int64
        Each once.
    size : tuple of int
        H and W.

    Returns
    -------
    Tensor, shape (B, C, K, H, W), complex
    """
    (height, width), readout = size, samples.shape[-1]
    rows = _rows(lines, height, samples.device).expand(samples.shape)
    spectrum = samples.new_zeros(*samples.shape[:3], height, readout).scatter(-2, rows, samples)
    across = torch.fft.ifft(spectrum, dim=-2, norm="ortho")
    columns = readout_frequencies(readout, samples.device) % width
    full = samples.new_zeros(*across.shape[:-1], width).index_copy(-1, columns, across)
    return torch.fft.ifft(full, norm="ortho")


def readout_frequencies(readout: int, device: torch.device) -> Tensor:
    """Frequencies of the samples of a line, in periods per image width, ascending."""
    return torch.arange(readout, device=device) - readout // 2


def _rows(lines: Tensor, height: int, device: torch.device) -> Tensor:
    """Where lines lie in a spectrum, shape (1 or B, 1, 1, L, 1)."""
    return (lines.to(device) % height).reshape(-1, 1, 1, lines.shape[-1], 1)
