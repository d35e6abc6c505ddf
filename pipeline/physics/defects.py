"""What a detector loses: cosmic rays, bad columns, the gap between two chips, and pixels that are full."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from pipeline.config import Defects
from pipeline.errors import ClearfieldError
from pipeline.on_device import sent
from pipeline.physics.noise import addressed_generator

MEGAPIXEL = 1e6
STEP = 0.5
"""A track is followed in steps of at most this many px: every pixel that it crosses is hit."""
LONGEST = 1e4
"""A track along the detector's surface would be endless; it is cut at this many px."""
LEAST_CHARGE, MEAN_CHARGE = 5.0, 50.0
"""Charge that a track leaves in each of its pixels, in sigmas of the noise: at least, and on average beyond that."""
CROPS_WITH_GAP = 0.25
"""Share of the crops of a training that meet a gap: by chance hardly any would."""


class DefectError(ClearfieldError):
    """Defects that leave nothing of an image."""


class Tracks(NamedTuple):
    """Cosmic rays of one plane: tensors of shape (N,), in px and in sigmas of the noise."""

    row: Tensor
    column: Tensor
    down: Tensor
    right: Tensor
    charge: Tensor


def damage(
    data: Tensor,
    sigma: Tensor,
    defects: Defects,
    addresses: Sequence[tuple[object, ...]],
    bands: Sequence[object],
    crops: bool = False,
) -> tuple[Tensor, Tensor]:
    """What a detector reads that has defects, and where its pixels are lost.

    Bands are exposures of their own with one detector: cosmic rays strike each band elsewhere, dead columns and the gap
    are the same in all, and a pixel is full by the light of its band. Cosmic rays add charge, columns and gap read 0,
    full pixels read the level of saturation.

    Parameters
    ----------
    data : Tensor, shape (B, C, H, W)
        Light with its noise, in the unit of the image; columns run along H. It is left as it is.
    sigma : Tensor, shape (B, C, H, W)
        Standard deviation of the noise.
    defects : Defects
    addresses : sequence of tuple
        One for each image, of which alone its defects are a function.
    bands : sequence
        Name of each plane, by which its cosmic rays are addressed.
    crops : bool
        The images are crops of larger ones, so that few meet a gap, and some a part of one.

    Returns
    -------
    read : Tensor, shape (B, C, H, W)
    lost : Tensor, shape (B, C, H, W), bool

    Raises
    ------
    DefectError
        If the gap is as high as an image that is no crop.
    """
    read, lost = data, torch.zeros_like(data, dtype=torch.bool)
    if defects.saturation is not None:
        read, lost = saturated(read, defects.saturation, defects.bleeding)
    if defects.cosmic_rays:
        charge = sent(_charges(data.shape, defects, addresses, bands).to(data.dtype), data.device)
        read, lost = read + charge * sigma, lost | (charge > 0)
        read = read if defects.saturation is None else read.clamp_max(defects.saturation)
    dead = [_dead(defects, data.shape[-2:], addressed_generator(*address), crops) for address in addresses]
    unread = sent(torch.stack(dead)[:, None], data.device)
    return torch.where(unread, 0, read), lost | unread


def saturated(data: Tensor, level: float, bleeding: bool) -> tuple[Tensor, Tensor]:
    """Pixels filled up to a level, shape (B, C, H, W), and where they do not hold their own light alone.

    With ``bleeding``, what is beyond the level flows along the column, half of it each way, and fills the nearest
    pixels that have room; what reaches the end of the column is gone.
    """
    over = data >= level
    if not bleeding or not over.any():
        return data.clamp_max(level), over
    column = over.any(-2)
    bright = data.movedim(-1, -2)[column]
    filled = _bled(bright, level)
    read, lost = data.movedim(-1, -2).clone(), over.movedim(-1, -2).clone()
    read[column], lost[column] = filled, (filled != bright) | (bright >= level)
    return read.movedim(-2, -1), lost.movedim(-2, -1)


def _bled(columns: Tensor, level: float) -> Tensor:
    """Columns, shape (N, H), after what is beyond the level has flowed."""
    beyond, filled = (columns - level).clamp_min(0) / 2, columns.clamp_max(level)
    rows = range(columns.shape[-1])
    for order in (rows, reversed(rows)):
        flowing = torch.zeros_like(columns[:, 0])
        for row in order:
            flowing = flowing + beyond[:, row]
            taken = torch.minimum(flowing, level - filled[:, row])
            # Where nothing flows a pixel keeps its value to the last digit, and is not lost.
            filled[:, row] = torch.where(taken < level - filled[:, row], filled[:, row] + taken, level)
            flowing = flowing - taken
    return filled


def _dead(defects: Defects, size: Sequence[int], generator: Generator, crops: bool) -> Tensor:
    """Columns and rows that are read from no pixel, shape (H, W), bool."""
    height, width = size
    dead = (torch.rand(width, generator=generator) < defects.bad_columns).expand(height, width).clone()
    if not defects.gap:
        return dead
    if not crops and defects.gap >= height:
        raise DefectError(
            f"degrade.defects.gap is {defects.gap} px and an image {height} px high; a gap below the height is needed"
        )
    meets, place = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
    # The gap of a whole image lies within it; a crop may see either end of one.
    first, last = (1 - defects.gap, height - 1) if crops else (0, height - defects.gap)
    start = first + int(place * (last - first + 1))
    if not crops or meets < CROPS_WITH_GAP:
        dead[max(start, 0) : start + defects.gap] = True
    return dead


def _charges(
    shape: Sequence[int], defects: Defects, addresses: Sequence[tuple[object, ...]], bands: Sequence[object]
) -> Tensor:
    """Charge that cosmic rays left, in sigmas of the noise, shape (B, C, H, W); 0 where none passed."""
    size = shape[-2], shape[-1]
    planes = [_tracks(defects, size, addressed_generator(*address, band)) for address in addresses for band in bands]
    plane = torch.repeat_interleave(torch.tensor([len(tracks.row) for tracks in planes]))
    tracks = Tracks(*(torch.cat(values) for values in zip(*planes)))
    return _drawn(tracks, plane, defects.cosmic_ray_width, len(planes), size).reshape(*shape)


def _tracks(defects: Defects, size: tuple[int, int], generator: Generator) -> Tracks:
    """Draw the cosmic rays of one plane.

    A particle from any direction alike crosses a layer of thickness ``d`` and leaves a track of length ``d tan(theta)``
    on its surface, where ``sin(theta)^2`` is uniform: a flux through a plane goes with the cosine.
    """
    expected = torch.tensor(defects.cosmic_rays * size[0] * size[1] / MEGAPIXEL, dtype=torch.float64)
    count = int(torch.poisson(expected, generator=generator))
    row, column, angle, steep, charge = torch.rand(5, count, generator=generator, dtype=torch.float64)
    length = (defects.cosmic_ray_length * (steep / (1 - steep)).sqrt()).clamp_max(LONGEST)
    return Tracks(
        row * size[0],
        column * size[1],
        length * torch.sin(math.pi * angle),
        length * torch.cos(math.pi * angle),
        LEAST_CHARGE - MEAN_CHARGE * torch.log1p(-charge),
    )


def _drawn(tracks: Tracks, plane: Tensor, width: float, planes: int, size: tuple[int, int]) -> Tensor:
    """The greatest charge of the tracks through each pixel, shape (planes, H, W)."""
    length = torch.hypot(tracks.down, tracks.right)
    count = (length / STEP).ceil().long() + 1
    track = torch.repeat_interleave(count)
    along = torch.arange(len(track)) - (count.cumsum(0) - count)[track]
    share = along / (count[track] - 1).clamp_min(1) - 0.5
    across = torch.linspace(-width / 2, width / 2, math.ceil(width / STEP) + 1, dtype=torch.float64)[:, None]
    unit_down, unit_right = (step / length.clamp_min(1e-9) for step in (tracks.down, tracks.right))
    row = tracks.row[track] + share * tracks.down[track] + across * unit_right[track]
    column = tracks.column[track] + share * tracks.right[track] - across * unit_down[track]
    row, column = row.floor().long(), column.floor().long()
    inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    index = ((plane[track] * size[0] + row) * size[1] + column)[inside]
    charge = tracks.charge[track].expand_as(row)[inside]
    hit = torch.zeros(planes * size[0] * size[1], dtype=torch.float64)
    return hit.scatter_reduce(0, index, charge, "amax").reshape(planes, *size)
