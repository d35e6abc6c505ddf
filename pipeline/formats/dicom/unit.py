"""What the values of a DICOM image are measured in."""

from __future__ import annotations

from pydicom.dataset import Dataset

from pipeline.image import DISPLAY, UNKNOWN

SIGNAL = "signal"
"""Unit of values that grow with what was detected, in steps that only the instrument knows."""

_ACTIVITY = {"BQML": "Bq/mL", "CNTS": "counts", "GML": "g/mL", "PROPCNTS": SIGNAL, "CPS": "counts/s"}
"""By (0054,1001), Units."""
_OF_MODALITY = {"MR": SIGNAL, "NM": "counts", **dict.fromkeys(("CR", "DX", "MG", "IO", "PX", "RF", "XA"), SIGNAL)}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def unit_of(header: Dataset, rescale_type: str, rescaled: bool) -> str:
    """The unit of an image's rescaled values.

    Parameters
    ----------
    header : Dataset
    rescale_type : str
        (0028,1054) of the image, empty where it has none.
    rescaled : bool
        Whether the image has a rescale slope.

    Returns
    -------
    str
        ``HU`` for CT with a slope, unless its type says otherwise; for PET what Units says, ``Bq/mL`` most often; for
        MR and X-ray ``signal``; ``display`` for ultrasound, screenshots and all else made for the eye.
    """
    modality = str(header.get("Modality") or "")
    if str(header.get("SOPClassUID") or "").startswith(_SECONDARY_CAPTURE):
        return DISPLAY
    if modality == "CT":
        return "HU" if rescale_type == "HU" or (rescaled and not rescale_type) else UNKNOWN
    if modality == "PT":
        return _ACTIVITY.get(str(header.get("Units") or ""), UNKNOWN)
    return _OF_MODALITY.get(modality, DISPLAY)
