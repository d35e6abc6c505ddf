"""What a scan and its restoration make of a disk of known contrast, frequency by frequency, and of the noise beside it.

Of the difference between two images of one slice, one of which had the disk, the mean over many is the response to the
disk, which over the disk's own spectrum is the task transfer function (Richard, Husarik, Yadava, Murphy and Samei 2012,
Med. Phys. 39, 4115); what scatters about it is the noise of both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def frequencies(width: int) -> Array:
    """Mean frequency of each ring in cycles/px, for patches of some width, from 0 to about half a cycle."""
    return _over_rings(_frequency(width)[None], width)[0]


def response(differences: NDArray[np.floating], disk: Array) -> tuple[Array, Array]:
    """Transfer and power of each difference of patches, ring by ring.

    Both are linear in what is averaged over lesions later: the transfer is the least-squares share of the disk's
    spectrum, ``sum Re(F D*) / sum |D|^2`` over a ring, and the power is the mean of ``|F|^2 / W^2``.

    Parameters
    ----------
    differences : array, shape (N, C, W, W)
        With the disk minus without; bands are averaged.
    disk : array, shape (W, W)
        What was put in.

    Returns
    -------
    transfer, power : array, shape (N, W // 2 + 1)
        Pure numbers; the unit of the image squared times px squared.
    """
    width = disk.shape[-1]
    own, found = np.fft.fft2(disk), np.fft.fft2(differences.astype(np.float64))
    shared = (found * own.conj()).real.mean(1)
    power = np.square(np.abs(found)).mean(1) / width**2
    return _over_rings(shared, width) / _over_rings(np.square(np.abs(own))[None], width), _over_rings(power, width)


def disk_power(disk: Array) -> Array:
    """Power of the disk itself, ring by ring, as :func:`response` has it."""
    width = disk.shape[-1]
    return _over_rings(np.square(np.abs(np.fft.fft2(disk)))[None] / width**2, width)[0]


def _over_rings(planes: Array, width: int) -> Array:
    """Mean over rings of one sample's width, shape (N, width // 2 + 1)."""
    ring = np.rint(_frequency(width) * width).astype(int)
    rings = range(width // 2 + 1)
    return np.stack([planes[:, ring == number].mean(1) for number in rings], 1)


def _frequency(width: int) -> Array:
    found: Array = np.hypot(*np.meshgrid(np.fft.fftfreq(width), np.fft.fftfreq(width)))
    return found
