"""Restorers: what undoes an instrument."""

from __future__ import annotations

from pipeline.restorers.blind_richardson_lucy import BlindRichardsonLucy
from pipeline.restorers.block_matching import BlockMatching
from pipeline.restorers.degraded import Degraded
from pipeline.restorers.non_local_means import NonLocalMeans
from pipeline.restorers.plug_and_play import PlugAndPlay
from pipeline.restorers.regularised_inverse import RegularisedInverse
from pipeline.restorers.restorer import Restorer, Settings, TunedRestorer
from pipeline.restorers.richardson_lucy import RichardsonLucy
from pipeline.restorers.richardson_lucy_tv import RichardsonLucyTV
from pipeline.restorers.scaled_gradient_projection import ScaledGradientProjection
from pipeline.restorers.starlet import Starlet
from pipeline.restorers.total_variation import TotalVariation
from pipeline.restorers.total_variation_of_data import TotalVariationOfData
from pipeline.restorers.unsupervised_wiener import UnsupervisedWiener
from pipeline.restorers.wiener import Wiener

__all__ = ["CLASSICAL", "Restorer", "TunedRestorer", "classical"]

CLASSICAL: dict[str, type[TunedRestorer]] = {
    "degraded": Degraded,
    "wiener": Wiener,
    "unsupervised_wiener": UnsupervisedWiener,
    "richardson_lucy": RichardsonLucy,
    "total_variation": TotalVariation,
    "richardson_lucy_tv": RichardsonLucyTV,
    "scaled_gradient_projection": ScaledGradientProjection,
    "starlet": Starlet,
    "blind_richardson_lucy": BlindRichardsonLucy,
    "plug_and_play": PlugAndPlay,
    "regularised_inverse": RegularisedInverse,
    "non_local_means": NonLocalMeans,
    "block_matching": BlockMatching,
    "reconstruction": TotalVariationOfData,
}
"""Classical restorers by the name that a study gives them."""


def classical(method: str, settings: Settings) -> TunedRestorer:
    """The classical restorer of that name, with the settings that :func:`pipeline.restorers.tuning.tune` found."""
    return CLASSICAL[method](settings)
