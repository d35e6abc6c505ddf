"""White noise of an endless plane: each cell's value follows from its address alone, whoever asks, in whatever order.

The numbers are those of Philox 4x32-10, a generator that counts in place of remembering (Salmon, Moraes, Dror and Shaw
2011, "Parallel random numbers: as easy as 1, 2, 3", SC11).
"""

from __future__ import annotations

import hashlib
import math

import torch
from torch import Tensor

from pipeline.tiling import Window

WORD = 0xFFFFFFFF
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
"""Of the key, from round to round."""
ROUNDS = 10
CELLS = 4
"""Neighbouring columns that one count gives numbers for."""
TOGETHER = 2**15
"""Counts that a CPU works out at a time: what lies between then stays in a core's cache. A GPU takes all at once."""


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Four random words of 32 bits for each count and key, by ten rounds of Philox 4x32.

    Parameters
    ----------
    counter, key : tuple of Tensor, int64
        Words from 0 to 2^32 - 1, of shapes that go together.

    Returns
    -------
    tuple of Tensor, int64
        Words likewise.
    """
    a, b, c, d = counter
    first, second = key
    for _ in range(ROUNDS):
        # Of a product that takes 64 bits, the sign is one of them: what is masked is right all the same.
        left, right = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, c = (right >> 32 & WORD) ^ b ^ first, (left >> 32 & WORD) ^ d ^ second
        b, d = right & WORD, left & WORD
        first, second = first + WEYL[0] & WORD, second + WEYL[1] & WORD
    return a, b, c, d


def addressed_noise(seed: int, layer: str, window: Window, channels: int, device: torch.device | str = "cpu") -> Tensor:
    """White noise of standard deviation 1 in a window of an endless plane, shape (channels, H, W), float32.

    The same seed, layer, channel, row and column give the same value, whatever the window. Values are worked out in
    double precision and rounded, since libraries of mathematics differ in the last bit.

    Parameters
    ----------
    seed : int
        Any whole number.
    layer : str
        Whose noise: layers have nothing in common.
    window : Window
        In cells; rows and columns from -2^63 to 2^63 - 1.
    channels : int
    device : torch.device
        Where the numbers are worked out, and stay.
    """
    left, right = window.x0 // CELLS, -(-window.x1 // CELLS)
    keys = torch.tensor([_key(seed, layer, channel) for channel in range(channels)], dtype=torch.int64, device=device)
    keys = keys.reshape(channels, 1, 1, 2)
    rows = torch.arange(window.y0, window.y1, dtype=torch.int64, device=device)[:, None]
    columns = torch.arange(left, right, dtype=torch.int64, device=device)
    if keys.device.type != "cpu":
        noise = _normal(rows, columns, keys)
    else:
        noise = torch.empty(channels, window.height, (right - left) * CELLS)
        step = max(TOGETHER // max(right - left, 1), 1)
        for channel in range(channels):
            for top in range(0, window.height, step):
                noise[channel, top : top + step] = _normal(rows[top : top + step], columns, keys[channel])
    start = window.x0 - left * CELLS
    return noise[..., start : start + window.width]


def addressed_uniform(seed: int, layer: str, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Numbers that belong to a field as a whole, evenly from 0 to 1, shape (count,), float64."""
    key = torch.tensor(_key(seed, layer, 0), dtype=torch.int64, device=device)
    words = _words(torch.zeros(1, 1, dtype=torch.int64, device=device), torch.arange(count, device=device), key)
    return (words[0][0].double() + 0.5) / 2**32


def _normal(rows: Tensor, columns: Tensor, key: Tensor) -> Tensor:
    """Normal numbers, two of each two words (Box and Muller 1958), shape (..., rows, 4 columns)."""
    words = _words(rows, columns, key)
    pairs = []
    for even, turn in (words[:2], words[2:]):
        length = (-2 * ((even.double() + 1) / 2**32).log()).sqrt()
        angle = turn.double() * (2 * math.pi / 2**32)
        pairs += [length * angle.cos(), length * angle.sin()]
    return torch.stack(pairs, -1).flatten(-2).float()


def _words(rows: Tensor, columns: Tensor, key: Tensor) -> tuple[Tensor, ...]:
    counter = (rows & WORD, columns & WORD, rows >> 32 & WORD, columns >> 32 & WORD)
    return philox(counter, (key[..., 0], key[..., 1]))


def _key(seed: int, layer: str, channel: int) -> tuple[int, int]:
    digest = hashlib.blake2b(repr((int(seed), layer, channel)).encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
