"""What findings on a synthetic field are called where people read them."""

from __future__ import annotations

import re

from pipeline.image import DISPLAY

PARTS = {
    "catalogue": "Catalogue",
    "number_counts": "Number counts",
    "pixel_histogram": "Pixel values",
    "power_spectrum": "Power spectrum",
    "counts_in_cells": "Counts in cells",
    "angular_correlation": "Angular correlation",
    "features": "Features",
    "memorising": "Memorising",
    "chequerboard": "Chequerboard",
    "repeats": "Repeats",
    "traces": "Convolutional traces",
}
EXPLAINED = {
    "catalogue": "Wasserstein distance from held-out sky, over that of half of the held-out sky from its other half.",
    "number_counts": "Density is synthetic over real. Counts per bin of magnitude are compared by χ² per bin.",
    "pixel_histogram": "χ² per bin of the shares of pixels, by their scatter from block to block.",
    "power_spectrum": "χ² per ring of log power, by its covariance over blocks.",
    "counts_in_cells": "Variance over mean of the number of sources in a cell, synthetic over real.",
    "angular_correlation": "χ² per bin of separation, by jackknife.",
    "features": "Fréchet and inception-style distances are ratios as those of the catalogue; kernel distances are not.",
    "memorising": "Share of synthetic sources nearer to a training source, in any orientation, than the closest "
    "thousandth of held-out ones.",
    "chequerboard": "Excess over real sky of what is coherent at a phase of the pixel grid, in mean gradients.",
    "repeats": "Highest autocorrelation beyond 24 px in sigmas of independent pixels; its lag; the share of the field.",
    "traces": "A classifier by how pixels follow their neighbours (Guarnera et al. 2020), on patches of other blocks "
    "than it learned from; guessing gives 0.5. For the perfect generator it has half as many patches.",
}
_FIXED = {
    "median": "Median of all quantities",
    "half_light_radius": "Half-light radius",
    "ellipticity": "Ellipticity",
    "concentration": "Concentration",
    "gini": "Gini",
    "m20": "M20",
    "density": "Sources per area",
    "counts": "Counts by brightness",
    "values": "Histogram",
    "power": "Power",
    "difference": "w, difference",
    "real_beyond_reach": "Real sky’s w beyond the latents’ reach",
    "frechet_scattering": "Fréchet, scattering",
    "kernel_scattering": "Kernel, scattering",
    "frechet_network": "Fréchet, network of the training sky",
    "kernel_network": "Kernel, network of the training sky",
    "inception_network": "Inception score, network of the training sky",
    "copied_bright": "Copies among bright sources",
    "copied_faint": "Copies among faint sources",
    "copied": "Copies among both",
    "nearest_bright": "Least distance of a bright source",
    "nearest_faint": "Least distance of a faint source",
    "autocorrelation": "Highest autocorrelation",
    "lag_down": "its lag, px down",
    "lag_right": "its lag, px right",
    "share_repeated": "Share repeated at that lag",
    "area": "Area under the curve",
    "accuracy": "Patches told right",
    "area_of_training_sky": "Area, of real training sky",
    "accuracy_of_training_sky": "Patches told right, of real training sky",
}


def quantity_name(quantity: str, band: str, unit: str) -> str:
    """A quantity in words; in display units brightness is no magnitude, and is not called one."""
    words = _FIXED.get(quantity)
    if words is None:
        words = _of_pattern(quantity, unit)
    return f"{words}, {band}" if band else words


def brightness_name(unit: str) -> str:
    """What ``-2.5 log10`` of light is called."""
    return "Brightness, −2.5 log of display units" if unit == DISPLAY else "Magnitude"


def _of_pattern(quantity: str, unit: str) -> str:
    if found := re.fullmatch(r"magnitude_(.+)", quantity):
        return f"{'Brightness' if unit == DISPLAY else 'Magnitude'}, {found[1]}"
    if found := re.fullmatch(r"colour_(.+)-(.+)", quantity):
        return f"Colour, {found[1]} − {found[2]}"
    if found := re.fullmatch(r"dispersion_(\d+)px", quantity):
        return f"Cells of {found[1]} px"
    if found := re.fullmatch(r"period_(\d+)px", quantity):
        return f"Period {found[1]} px"
    if found := re.fullmatch(r"area_learned_from_(.+)", quantity):
        return f"Area, learned from {found[1]}"
    return quantity
