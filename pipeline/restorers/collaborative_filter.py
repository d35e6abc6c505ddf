"""Collaborative filtering of blocks that look alike: BM3D.

After Dabov, Foi, Katkovnik and Egiazarian 2007, IEEE TIP 16, 2080, whose equations are cited.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import fold, pad

BLOCK, STEP, REACH = 8, 4, 12
"""Width of a block, distance between those that are denoised, and how far away one that looks like it is sought, in
px."""
ALIKE, ALIKE_AT_LAST = 16, 32
"""Blocks of a group in the first stage and in the second, powers of two."""
THRESHOLD = 2.7
"""Sigmas below which a coefficient is taken for noise (table I, the normal profile)."""
KAISER = 2.0
"""The shape of the window by which blocks are faded into each other (table I)."""
TOGETHER = 2**24
"""Distances that are in memory at once."""

Share = Callable[[Tensor, Tensor], Tensor]
"""How much of each coefficient is kept, 0 to 1, by those of the noisy group and of the one that it was matched by."""


def collaborative_filter(noisy: Tensor, sigma: float | Tensor) -> Tensor:
    """Denoise an image.

    Both stages: what survives a threshold in the transform of groups of similar blocks, and then Wiener's filter of
    groups that are found anew in that estimate. The mean of a group is left as it is, in either stage, so that a
    constant that is added to the image is added to the result.

    Parameters
    ----------
    noisy : Tensor, shape (H, W)
        Of 16 px at least to a side.
    sigma : float or Tensor, shape (64,)
        Standard deviation of its noise, above 0: of white noise, or of each coefficient of a block, as
        :func:`spread_of_coefficients` has it.

    Returns
    -------
    Tensor, shape (H, W)
    """
    # On a level at which single precision keeps its digits.
    level = noisy.mean()
    centred = noisy - level

    def threshold(group: Tensor, _like: Tensor) -> Tensor:
        return (group.abs() > THRESHOLD * sigma).to(group)  # eq. 6

    def wiener(_group: Tensor, like: Tensor) -> Tensor:
        return like.square() / (like.square() + sigma**2)  # eq. 8

    basic = _stage(centred, centred, ALIKE, threshold)
    return _stage(centred, basic, ALIKE_AT_LAST, wiener) + level


def spread_of_coefficients(noise: Tensor) -> Tensor:
    """Standard deviation of each coefficient of the blocks of an image of noise, shape (64,).

    By it the noise of a reconstruction, which is not white, is told block by block (Dabov, Foi and Egiazarian 2008,
    SPIE 6812); that it is correlated between the blocks of a group is left out.
    """
    spread = (_blocks(noise) @ _cosines(BLOCK).to(noise).T).square().mean(0).sqrt()
    return spread.clamp_min(1e-3 * float(spread.max()))


def _stage(noisy: Tensor, like: Tensor, alike: int, share: Share) -> Tensor:
    """Denoise groups that are matched in ``like``, and put them together again."""
    height, width = noisy.shape
    cosines, haar = _cosines(BLOCK).to(noisy), _haar(alike).to(noisy)
    blocks, models = (_blocks(plane) @ cosines.T for plane in (noisy, like))
    light, weights = torch.zeros_like(blocks), blocks.new_zeros(len(blocks))
    for group in _groups(like, alike):
        of_noisy, of_like = haar @ blocks[group], haar @ models[group]
        kept = share(of_noisy, of_like)
        kept[:, 0, 0] = 1
        # The less noise is left in a group, the more it counts: eqs. 10 and 11, which are one for shares of 0 and 1.
        weight = 1 / kept.square().sum((1, 2), keepdim=True)
        light.index_add_(0, group.flatten(), (weight * (haar.T @ (kept * of_noisy))).flatten(0, 1))
        weights.index_add_(0, group.flatten(), weight[..., 0].expand_as(group).flatten())
    window = _kaiser(BLOCK).to(noisy)

    def together(values: Tensor) -> Tensor:
        return fold((values * window).T[None], (height, width), BLOCK)[0, 0]

    return together(light @ cosines) / together(weights[:, None])  # eq. 12


def _groups(image: Tensor, alike: int) -> Iterator[Tensor]:
    """For each block that is denoised, the numbers of those most like it, itself first, shape (R, alike).

    Distances are sums of squares over a block, as eq. 4 has them without a threshold: as many blocks as belong to a
    group are the nearest ones, whatever their distance.
    """
    height, width = image.shape
    tops, lefts = _spread(height - BLOCK), _spread(width - BLOCK)
    shifts = torch.arange(-REACH, REACH + 1)
    # A datum beyond the border is as far off as can be.
    wide = pad(image, [REACH] * 4)
    across = _sums(lefts, width).to(image)
    columns = lefts[:, None] + shifts
    beyond = (columns < 0) | (columns > width - BLOCK)
    for some in tops.split(max(TOGETHER // (len(shifts) ** 2 * width), 1)):
        top, bottom = int(some[0]), int(some[-1]) + BLOCK
        down, here = _sums(some - top, bottom - top).to(image), image[top:bottom]
        rows = some[:, None] + shifts
        distances = image.new_empty(len(some), len(lefts), len(shifts), len(shifts))
        for number in range(len(shifts)):
            moved = wide[top + number : bottom + number].unfold(1, width, 1).transpose(0, 1)
            distances[:, :, number] = (down @ (moved - here).square() @ across.T).permute(1, 2, 0)
        away = ((rows < 0) | (rows > height - BLOCK))[:, None, :, None] | beyond[None, :, None, :]
        distances.masked_fill_(away, math.inf)
        distances[:, :, REACH, REACH] = -1
        nearest = distances.flatten(2).topk(alike, largest=False).indices
        row = some[:, None, None] + nearest // len(shifts) - REACH
        column = lefts[None, :, None] + nearest % len(shifts) - REACH
        yield (row * (width - BLOCK + 1) + column).flatten(0, 1)


def _blocks(image: Tensor) -> Tensor:
    """Every block of an image, shape (blocks, 64)."""
    return image.unfold(0, BLOCK, 1).unfold(1, BLOCK, 1).reshape(-1, BLOCK**2)


def _spread(last: int) -> Tensor:
    """Numbers from 0 to ``last``, about a step apart, alike from both ends."""
    count = -(-last // STEP)
    first = torch.arange(count // 2 + 1) * last // max(count, 1)
    return torch.cat([first, last - first]).unique()


def _sums(places: Tensor, length: int) -> Tensor:
    """What adds up a block from each place, shape (places, length)."""
    along = torch.arange(length)
    return ((along >= places[:, None]) & (along < places[:, None] + BLOCK)).float()


def _cosines(width: int) -> Tensor:
    """The cosine transform of square blocks that are flattened, shape (width^2, width^2)."""
    k, x = torch.arange(width, dtype=torch.float64)[:, None], torch.arange(width, dtype=torch.float64)
    one = (2 / width) ** 0.5 * torch.cos(math.pi * k * (2 * x + 1) / (2 * width))
    one[0] /= 2**0.5
    return torch.kron(one, one)


def _haar(length: int) -> Tensor:
    """Haar's transform of a power of two, shape (length, length)."""
    if length == 1:
        return torch.ones(1, 1, dtype=torch.float64)
    sums, differences = torch.tensor([[1.0, 1.0], [1.0, -1.0]], dtype=torch.float64) / 2**0.5
    coarse = torch.kron(_haar(length // 2), sums[None])
    return torch.cat([coarse, torch.kron(torch.eye(length // 2, dtype=torch.float64), differences[None])])


def _kaiser(width: int) -> Tensor:
    """Kaiser's window of a block, flattened."""
    one = torch.kaiser_window(width, periodic=False, beta=KAISER, dtype=torch.float64)
    return torch.outer(one, one).flatten()
