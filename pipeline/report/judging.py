"""How a study was judged: counts of images, items and roles, fold by fold."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.splits import Item

ROLES = ("train", "tune", "calibrate", "test")


@dataclass(frozen=True)
class FoldRoles:
    """How many items each role has in one fold."""

    fold: int
    counts: dict[str, int]


@dataclass(frozen=True)
class Judging:
    """What the judging rests on.

    ``one_image`` tells blocks of one large image from whole images.
    """

    images: int
    items: int
    groups: int
    one_image: bool
    guard: int | None
    folds: list[FoldRoles]


def judging(splits: list[Item], guard: int | None) -> Judging:
    """Count what ``splits.csv`` holds.

    Parameters
    ----------
    splits : list of Item
    guard : int, optional
        Pixels between roles, where one image holds several.
    """
    folds = sorted({item.fold for item in splits})
    tests = [item for item in splits if item.role == "test"]
    return Judging(
        images=len({item.image for item in splits}),
        items=len({item.item for item in tests}),
        groups=len({item.group for item in tests}),
        one_image=len({item.image for item in splits}) == 1,
        guard=guard,
        folds=[
            FoldRoles(k, {role: sum(i.fold == k and i.role == role for i in splits) for role in ROLES}) for k in folds
        ],
    )
