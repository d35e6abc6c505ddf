"""The classical restorers, by name; a test holds this list equal to the restorers that there are."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["degraded", "wiener", "unsupervised_wiener", "richardson_lucy", "total_variation"]
CLASSICAL_METHODS: tuple[Method, ...] = get_args(Method)
