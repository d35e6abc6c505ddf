"""The instruments of simulated surveys: what SDSS and Hubble are like, in round published numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import galsim
import numpy as np

from pipeline.datasets.simulated_survey.sources import Kind
from pipeline.errors import ClearfieldError


class SurveyError(ClearfieldError):
    """A simulated survey that cannot be made."""


@dataclass(frozen=True)
class Filter:
    """One band of an instrument.

    Parameters
    ----------
    file : str
        Its throughput, among the bandpasses that galsim ships.
    zero_point : float
        AB magnitude of a source of one count per second.
    sky : float
        Brightness of the empty sky, AB magnitudes per square arcsec.
    fwhm : float
        Width of the PSF in arcsec, without the pixels; of a telescope in space, that of the diffused charge alone.
    """

    file: str
    zero_point: float
    sky: float
    fwhm: float


@dataclass(frozen=True)
class Preset:
    """An instrument, its exposures, and what of the sky they show.

    Parameters
    ----------
    instrument : str
        INSTRUME in the headers.
    pixel_scale : float
        Width of a pixel in arcsec.
    exposure : float
        Seconds, per band.
    gain : float
        Electrons per count.
    read_noise : float
        Standard deviation in electrons, of all reads of an exposure together.
    filters : dict of str to Filter
        By the names that a study gives its bands.
    bands : tuple of str
        Those that a study has which names none.
    reference : str
        The filter in which ``brightest`` and ``faintest``, AB magnitudes, bound what is drawn.
    farthest : float
        Largest redshift that is drawn.
    density : float
        Sources per square arcmin.
    shares : dict
        Of stars, galaxies and quasars among them.
    psf : callable
        The PSF of a filter, of flux 1.
    """

    instrument: str
    pixel_scale: float
    exposure: float
    gain: float
    read_noise: float
    filters: dict[str, Filter]
    bands: tuple[str, ...]
    reference: str
    brightest: float
    faintest: float
    farthest: float
    density: float
    shares: dict[Kind, float]
    psf: Callable[[Filter], galsim.GSObject]

    def zero_point(self, band: str) -> float:
        """AB magnitude of a source that gives one count in the exposure."""
        return self.filters[band].zero_point + 2.5 * float(np.log10(self.exposure))

    def sky(self, band: str) -> float:
        """Counts of the empty sky in a pixel."""
        return 10 ** (-0.4 * (self.filters[band].sky - self.zero_point(band))) * self.pixel_scale**2

    def sky_sigma(self, band: str) -> float:
        """Standard deviation in counts of a pixel of empty sky."""
        return float(np.hypot(np.sqrt(self.sky(band) * self.gain), self.read_noise)) / self.gain


def _seeing(band: Filter) -> galsim.GSObject:
    return galsim.Kolmogorov(fwhm=band.fwhm)


def _diffraction(band: Filter) -> galsim.GSObject:
    wavelength = galsim.Bandpass(band.file, wave_type="nm").effective_wavelength
    airy = galsim.Airy(lam=wavelength, diam=2.4, obscuration=0.33, scale_unit=galsim.arcsec)
    return galsim.Convolve(airy, galsim.Gaussian(fwhm=band.fwhm))


# Zero points, gain, read-out noise and median seeing: Stoughton et al. 2002 and the frames of data release 7. galsim
# ships no filters of SDSS; those of LSST are near.
_SDSS = Preset(
    instrument="SDSS-like",
    pixel_scale=0.396,
    exposure=53.9,
    gain=4.7,
    read_noise=5.0,
    filters={
        "u": Filter("LSST_u.dat", 23.5, 22.1, 1.45),
        "g": Filter("LSST_g.dat", 24.3, 21.8, 1.40),
        "r": Filter("LSST_r.dat", 24.0, 20.9, 1.30),
        "i": Filter("LSST_i.dat", 23.6, 20.2, 1.22),
        "z": Filter("LSST_z.dat", 21.8, 19.0, 1.20),
    },
    bands=("g", "r", "i"),
    reference="r",
    brightest=15.0,
    faintest=22.0,
    farthest=2.5,
    density=6.0,
    shares={"galaxy": 0.7, "star": 0.25, "quasar": 0.05},
    psf=_seeing,
)

# Zero points: ACS and WFC3 instrument handbooks, for e/s, divided by the gain; an exposure of one orbit in four reads.
_HST = Preset(
    instrument="HST-like",
    pixel_scale=0.05,
    exposure=2000.0,
    gain=2.0,
    read_noise=10.0,
    filters={
        "F435W": Filter("ACS_wfc_F435W.dat", 24.92, 23.0, 0.05),
        "F606W": Filter("ACS_wfc_F606W.dat", 25.74, 22.3, 0.05),
        "F775W": Filter("ACS_wfc_F775W.dat", 24.91, 22.1, 0.05),
        "F814W": Filter("ACS_wfc_F814W.dat", 25.19, 22.0, 0.05),
        "F850LP": Filter("ACS_wfc_F850LP.dat", 24.11, 21.9, 0.05),
        "F105W": Filter("WFC3_ir_F105W.dat", 25.52, 22.0, 0.10),
        "F125W": Filter("WFC3_ir_F125W.dat", 25.50, 22.0, 0.10),
        "F160W": Filter("WFC3_ir_F160W.dat", 25.21, 22.0, 0.10),
    },
    bands=("F606W", "F775W", "F814W"),
    reference="F814W",
    brightest=18.0,
    faintest=26.0,
    farthest=4.0,
    density=60.0,
    shares={"galaxy": 0.88, "star": 0.1, "quasar": 0.02},
    psf=_diffraction,
)

PRESETS: dict[str, Preset] = {"sdss": _SDSS, "hst": _HST}
