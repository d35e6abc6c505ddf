"""A slice of a drawn head as T1-weighted magnetic resonance would have it without noise: the anatomy is the same.

The signal is that of a spoiled gradient echo in its steady state, whose echo time is too short to count (Haacke et al.
1999, "Magnetic Resonance Imaging", section 18.1): ``S = rho sin(a) (1 - E) / (1 - cos(a) E)``, ``E = exp(-TR / T1)``.
"""

from __future__ import annotations

import math

from pipeline.datasets.head_phantom.anatomy import Head
from pipeline.datasets.head_phantom.tissues import Section, Tissue, seen_by_scanner
from pipeline.image import Pixels

REPETITION, FLIP = 25.0, math.radians(30)
"""Of the echoes in ms, and the angle."""
OF_WHITE_MATTER = 100.0
"""Its signal, which sets the unit."""

TISSUES: dict[Tissue, tuple[float, float]] = {
    Tissue.AIR: (1000, 0.0),
    Tissue.SKIN: (1100, 0.65),
    Tissue.FAT: (380, 0.90),
    Tissue.BONE: (1000, 0.03),
    Tissue.MARROW: (550, 0.60),
    Tissue.FLUID: (4000, 1.00),
    Tissue.GREY: (1331, 0.82),
    Tissue.WHITE: (832, 0.70),
    Tissue.NUCLEUS: (1150, 0.80),
    Tissue.ORBIT: (380, 0.90),
    Tissue.EYE: (3500, 0.98),
}
"""T1 in ms and density of protons over that of water, at 3 T: grey and white matter by Wansapura et al. 1999
(JMRI 9, 531), fat and marrow by de Bazelaire et al. 2004 (Radiology 230, 652), others by what T1 is about as long; the
water of dense bone decays before the echo."""

LESIONS: dict[float, tuple[float, float]] = {
    -12: (2200, 0.90),
    -8: (1900, 0.88),
    10: (1750, 0.85),
    20: (560, 0.80),
    30: (480, 0.80),
    100: (1200, 0.35),
}
"""The same of lesions, by their contrast in HU: oedema and old strokes are dark in T1, and so are most tumours;
blood of some days is bright by its methaemoglobin (Bradley 1993, Radiology 189, 15), and lime is dark."""

TEXTURE = 0.006
"""Share by which the signal of the brain follows the texture, for each HU that its density does."""


def t1_signal(head: Head, seen: Section) -> Pixels:
    """A slice, shape (H, W), in hundredths of the signal of white matter."""
    _, brain, _ = head.texture
    # Denser tissue holds less water that moves freely, and is brighter.
    textured = 1 + TEXTURE * brain * seen.coarse
    values = seen.values({tissue: spoiled_echo(*known) * textured for tissue, known in TISSUES.items()})
    for lesion, where in seen.lesions:
        values[where] = spoiled_echo(*LESIONS[lesion.contrast]) * textured[where]
    return seen_by_scanner(values * (OF_WHITE_MATTER / spoiled_echo(*TISSUES[Tissue.WHITE])))


def spoiled_echo(t1: float, density: float) -> float:
    """Signal of a tissue by its T1 in ms and its density of protons; see the formula above."""
    left = math.exp(-REPETITION / t1)
    return density * math.sin(FLIP) * (1 - left) / (1 - math.cos(FLIP) * left)
