"""What a scan tells of its coils and phase itself: the middle of k-space is a coarse image of what each received."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from pipeline.physics.fourier_lines import zero_filled
from pipeline.physics.kspace import KSpace, KSpaceError


def calibrated(scan: KSpace, data: Tensor, lines: int) -> KSpace:
    """A scan as one knows it who has nothing but its data: maps come from the lines about the middle.

    What each coil received there, over the root of the sum of squares over coils, holds its map and the phase of the
    slice (McKenzie et al. 2002, MRM 47, 529, self-calibration); a Hann window keeps edges from ringing. A bias is not
    told from the slice. Where there is no signal the maps are noise, and so is what they are applied to.

    Parameters
    ----------
    scan : KSpace
        With all its calibration lines. Its maps are not looked at; its motion is left out.
    data : Tensor, shape (B, C, coils * lines, 2 * readout)
    lines : int
        Lines about the middle that were all taken; as many samples of each are used.

    Returns
    -------
    KSpace
        With maps of the shape (B, K, H, W), which serve every band.

    Raises
    ------
    KSpaceError
        If one of these lines was not taken.
    """
    middle = torch.arange(lines, device=scan.lines.device) - lines // 2
    there = (scan.lines[..., None] == middle).any(-2)
    if not there.all():
        raise KSpaceError(f"not all of the {lines} lines about the middle were taken; calibrate by fewer")
    readout = min(lines, scan.readout)
    window = [torch.signal.windows.hann(n + 2, dtype=data.dtype, device=data.device)[1:-1] for n in (lines, readout)]
    rows = _places(scan.lines, middle).to(data.device)
    first = scan.readout // 2 - readout // 2
    samples = scan.samples(data)[..., first : first + readout]
    chosen = torch.take_along_dim(samples, rows.reshape(-1, 1, 1, lines, 1), -2) * window[0][:, None] * window[1]
    coarse = zero_filled(chosen, middle, (scan.maps.shape[-2], scan.maps.shape[-1]))
    # Bands share their coils and phase; each counts as it is bright.
    received = (coarse * coarse.abs().square().sum(2, keepdim=True).sqrt()).sum(1)
    length = received.abs().square().sum(1, keepdim=True).sqrt().clamp_min(torch.finfo(data.dtype).tiny)
    return replace(scan, maps=received / length, motion=None)


def _places(lines: Tensor, wanted: Tensor) -> Tensor:
    """Where wanted lines are among lines, shape (..., wanted)."""
    return (lines[..., None, :] == wanted[:, None]).int().argmax(-1)
