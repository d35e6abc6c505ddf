"""What methods, conditions and numbers are called where people read them."""

from __future__ import annotations

import math

from pipeline.config import Condition, ConfigError, Psf, ScanCondition, Study, parse_width

_CLASSICAL = {
    "degraded": "Degraded image",
    "wiener": "Wiener",
    "unsupervised_wiener": "Unsupervised Wiener",
    "richardson_lucy": "Richardson–Lucy",
    "total_variation": "Total variation",
    "richardson_lucy_tv": "Richardson–Lucy with total variation",
    "scaled_gradient_projection": "Scaled gradient projection",
    "starlet": "Starlet sparsity",
    "blind_richardson_lucy": "Blind Richardson–Lucy",
    "plug_and_play": "Plug and play",
    "regularised_inverse": "Regularised inverse",
    "non_local_means": "Non-local means",
    "block_matching": "Block matching (BM3D)",
    "reconstruction": "Total variation of the data",
}

MINUS = "−"


def method_name(method: str) -> str:
    """``richardson_lucy`` as ``Richardson–Lucy``, ``nafnet_faithful`` as ``nafnet, faithful``."""
    if method in _CLASSICAL:
        return _CLASSICAL[method]
    network, _, output = method.rpartition("_")
    return f"{network}, {output}" if network else method


def model_name(study: Study, model: str) -> str:
    """A network by its name, and a specialist with its condition: ``nafnet for FWHM 3 px, noise σ 0.05``."""
    network, _, condition = model.partition("@")
    return f"{network} for {condition_name(study, condition)}" if condition else network


def condition_name(study: Study, name: str) -> str:
    """A condition in words, ``FWHM 3 px, noise σ 0.05``, or its name where the study gave it one."""
    if study.degrade.names is not None:
        return name
    try:
        condition = study.condition(name)
    except ConfigError:
        return name
    if isinstance(condition, ScanCondition):
        return condition.in_words
    return ", ".join(filter(None, (psf_name(condition.psf), _noise(condition)))) or name


def psf_name(psf: Psf) -> str:
    """A PSF of one width in words: ``FWHM 3 px``, ``final FWHM 1.4″``, ``measured PSF``."""
    for what, widths in (("FWHM", psf.fwhm), ("final FWHM", psf.fwhm_final)):
        if widths:
            width = parse_width(widths[0])
            return f"{what} {width.value:g}{'″' if width.unit == 'as' else ' px'}"
    return "measured PSF"


def number(value: float, decimals: int = 2, signed: bool = False) -> str:
    """A number with a true minus sign; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "∞" if value is not None and value == math.inf else "–"
    rounded = round(value, decimals) + 0.0
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):.{decimals}f}"


def interval(low: float, high: float, decimals: int = 2, signed: bool = False) -> str:
    """``low to high``; empty where an end is missing."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{number(low, decimals, signed)} to {number(high, decimals, signed)}"


def duration(seconds: float) -> str:
    """A time in the unit that suits it: ``0.34 s``, ``12 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 59.5:
        return f"{seconds:.2g} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def listed(words: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _noise(condition: Condition) -> str:
    noise = condition.noise
    if noise.sigma:
        return f"noise σ {noise.sigma[0]:g}"
    if noise.ratio:
        return f"noise ×{noise.ratio[0]:g}"
    return f"gain {noise.gain[0]:g}" if noise.gain else ""
