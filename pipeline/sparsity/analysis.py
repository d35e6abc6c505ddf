"""In what scenes are sparse."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor


class Analysis(ABC):
    """A linear transform ``L`` that treats every place alike, in which scenes are sparse; on a periodic grid."""

    tie: ClassVar[float]
    """How firmly ADMM ties its copy of ``L x`` to the scene, in units of the weight: it sets the speed alone."""

    @abstractmethod
    def of(self, scene: Tensor) -> Tensor:
        """Coefficients of a scene, shape (..., C, H, W) to (K, ..., C, H, W)."""

    @abstractmethod
    def transpose(self, coefficients: Tensor) -> Tensor:
        """Transpose of :meth:`of`, shape (K, ..., C, H, W) to (..., C, H, W)."""

    @abstractmethod
    def power(self, size: tuple[int, int]) -> Tensor:
        """``L' L`` in Fourier space, shape (H, W // 2 + 1), for a grid of ``size``."""

    @abstractmethod
    def length(self, coefficients: Tensor) -> Tensor:
        """Lengths of the groups of coefficients that vanish together, of a shape that goes with theirs."""
