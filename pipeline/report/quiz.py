"""Pieces of real and synthetic sky drawn at random: side by side with their names, and shuffled without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.display import Picture, Scaling
from pipeline.physics.noise import addressed_random
from pipeline.tiling import Window
from pipeline.windowed import WindowedImage

SIDE_BY_SIDE, ROWS = 256, 2
"""Width in px of the pieces that stand under the names of their skies, and how many of each."""
ASKED, WIDTH = 16, 96
"""Pieces of the quiz, and their width in px."""
REAL = "real"


class Piece(NamedTuple):
    """A picture, and the sky that it is of: ``real``, or the generator's name."""

    picture: Picture
    sky: str


def pieces(
    fields: Sequence[WindowedImage], sky: str, count: int, side: int, scaling: Scaling, seed: int
) -> list[Piece]:
    """Draw places at random, by area, that nobody chose for their looks.

    Parameters
    ----------
    fields : sequence of WindowedImage
    sky : str
    count, side : int
        Pieces, and their width in px; of fields that are narrower, as much as there is.
    scaling : Scaling
        Of the real sky, for all.
    seed : int
    """
    random = addressed_random(seed, "pieces", sky, side)
    areas = np.array([field.area.height * field.area.width for field in fields], float)
    found = []
    for _ in range(count):
        field = fields[int(random.choice(len(fields), p=areas / areas.sum()))]
        height, width = min(side, field.area.height), min(side, field.area.width)
        y = int(random.integers(field.area.height - height + 1))
        x = int(random.integers(field.area.width - width + 1))
        found.append(Piece(scaling.picture(field.part(Window(y, x, height, width)).pixels), sky))
    return found


def quiz(skies: dict[str, Sequence[WindowedImage]], scaling: Scaling, seed: int) -> list[Piece]:
    """Half real, half synthetic, in an order that tells nothing.

    Parameters
    ----------
    skies : dict of str to sequence of WindowedImage
        By name, ``real`` among them.
    scaling : Scaling
    seed : int
    """
    made = [name for name in skies if name != REAL]
    wanted = {REAL: ASKED // 2} | {
        name: ASKED // 2 // len(made) + (n < ASKED // 2 % len(made)) for n, name in enumerate(made)
    }
    asked = [
        piece for name, count in wanted.items() for piece in pieces(skies[name], name, count, WIDTH, scaling, seed)
    ]
    return [asked[i] for i in addressed_random(seed, "quiz").permutation(len(asked))]
