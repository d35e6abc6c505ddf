"""What every metric means: label, definition, unit and which way is better, as the report prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ClearfieldError

Direction = Literal["higher", "lower", "nearest to 0", "nearest to 1"]


class MetricError(ClearfieldError):
    """A metric that nobody defined."""


@dataclass(frozen=True)
class Metric:
    """A number by which restored images are judged.

    Parameters
    ----------
    name : str
        As in ``metrics.csv``, such as ``psnr`` or ``aperture_bias_r3``.
    label : str
        As in figures.
    definition : str
        One sentence for somebody who has not met it.
    unit : str
        ``1`` for a pure number.
    direction : {"higher", "lower", "nearest to 0", "nearest to 1"}
        Which values are better.
    """

    name: str
    label: str
    definition: str
    unit: str
    direction: Direction

    def loss(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Values so turned that lower is better: negated, or as distances from 0 or 1."""
        if self.direction == "higher":
            return -values
        if self.direction == "lower":
            return values
        return abs(values - (0 if self.direction == "nearest to 0" else 1))


_FIXED = (
    Metric(
        "psnr",
        "PSNR",
        "Peak signal-to-noise ratio: the study's data range (0.05 to 99.95 percentiles of its truth) over the root "
        "mean square error, as a logarithm; 6 dB more is half the error.",
        "dB",
        "higher",
    ),
    Metric(
        "ssim",
        "SSIM",
        "Structural similarity (Wang et al. 2004): agreement of local mean, contrast and pattern within a Gaussian of "
        "1.5 px, with the study's data range; 1 is equal.",
        "1",
        "higher",
    ),
    Metric(
        "mae",
        "Mean absolute error",
        "Mean absolute difference from the truth, in the unit of the image (in stretched units outside linear space).",
        "image unit",
        "lower",
    ),
    Metric(
        "psnr_damaged",
        "PSNR, damaged pixels",
        "PSNR over the pixels that the detector lost (cosmic rays, bad columns, gap, saturation) and whose truth is "
        "known: how well they are repaired. The degraded image holds there what the detector read.",
        "dB",
        "higher",
    ),
    Metric(
        "psnr_intact",
        "PSNR, intact pixels",
        "PSNR over the pixels that the detector did not lose, those beside damage among them.",
        "dB",
        "higher",
    ),
    Metric(
        "mae_damaged",
        "Mean absolute error, damaged pixels",
        "Mean absolute difference from the truth over the pixels that the detector lost, in the unit of the image (in "
        "stretched units outside linear space).",
        "image unit",
        "lower",
    ),
    Metric(
        "chi2_dof",
        "Residual chi-square",
        "The restored image is seen through the instrument again and compared with what was observed: mean squared "
        "difference over the noise variance; 1 explains the data, far below 1 fits their noise, far above contradicts "
        "them.",
        "1",
        "nearest to 1",
    ),
    Metric(
        "log_spectrum_error",
        "Texture error",
        "Root mean square of log10 of restored over true power, at frequencies of which the PSF passes less than a "
        "tenth of the amplitude; 1 dex is ten times too much or too little fine structure.",
        "dex",
        "lower",
    ),
    Metric(
        "psnr_body",
        "PSNR in the body",
        "PSNR over the pixels of the body, with the largest value of the volume's truth as its range, as fastMRI has "
        "it (Zbontar et al. 2018).",
        "dB",
        "higher",
    ),
    Metric(
        "ssim_body",
        "SSIM in the body",
        "SSIM over the body, with the largest value of the volume's truth as its range.",
        "1",
        "higher",
    ),
    Metric(
        "nmse",
        "NMSE",
        "Normalised mean square error: the squared error of a slice over its squared truth.",
        "1",
        "lower",
    ),
    Metric(
        "psnr_window",
        "PSNR in the window",
        "PSNR over the body after both images are clipped to the window in which they are read, whose width is the "
        "range.",
        "dB",
        "higher",
    ),
)

REGION_BIAS = "bias_in_"
"""Begins the name of the mean error of a region."""
_APERTURE_WORDS = {
    "aperture": ("Aperture sum", "sum of display units, which is no flux,"),
    "flux": ("Flux", "flux"),
}


def metric(name: str) -> Metric:
    """The definition of a metric.

    Parameters
    ----------
    name : str
        One of ``psnr``, ``ssim``, ``mae``, ``psnr_damaged``, ``psnr_intact``, ``mae_damaged``, ``chi2_dof``,
        ``log_spectrum_error``, ``psnr_body``, ``ssim_body``, ``nmse``, ``psnr_window``, ``bias_in_<region>``,
        ``flux_bias_r<px>``, ``flux_nmad_r<px>``, or the last two with ``aperture`` for images whose unit is
        ``display``.

    Raises
    ------
    MetricError
        If there is none of that name.
    """
    for fixed in _FIXED:
        if fixed.name == name:
            return fixed
    if name.startswith(REGION_BIAS):
        region = name.removeprefix(REGION_BIAS)
        sentence = f"Mean error over the pixels of {region}, at least one pixel from its border."
        return Metric(name, f"Bias in {region}", sentence, "image unit", "nearest to 0")
    parts = re.fullmatch(r"(aperture|flux)_(bias|nmad)_r([0-9.e+-]+)", name)
    if parts is None:
        known = ", ".join(fixed.name for fixed in _FIXED)
        raise MetricError(f"no metric is called {name!r}; {known}, flux_bias_r3 and the like are defined")
    return _aperture_metric(name, parts[1], parts[2], parts[3])


def _aperture_metric(name: str, quantity: str, statistic: str, radius: str) -> Metric:
    label, words = _APERTURE_WORDS[quantity]
    where = f"of the {words} within {radius} px of each source of the truth, above the truth's sky"
    if statistic == "bias":
        sentence = f"Median relative error {where}; -0.1 is a tenth lost."
        return Metric(name, f"{label} bias, {radius} px", sentence, "1", "nearest to 0")
    sentence = (
        f"Scatter (1.4826 times the median absolute deviation) of the relative error {where}; given from 3 sources on."
    )
    return Metric(name, f"{label} scatter, {radius} px", sentence, "1", "lower")
