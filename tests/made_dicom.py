"""Small DICOM files with known contents."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.uid import CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

STUDY, SERIES, PLACE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
TILTED = [1, 0, 0, 0, 0.8, -0.6]
"""A row to the left; a column down, to the back and to the feet."""
NORMAL = np.cross(TILTED[:3], TILTED[3:])
SHAPE = (6, 5)


def dataset(stored=None, height=0.0, **changes):
    """A slice of a CT, ``height`` mm along the normal; ``changes`` set elements, and leave out those that are None."""
    stored = np.arange(30, dtype=np.uint16).reshape(SHAPE) if stored is None else stored
    bits = 8 * stored.dtype.itemsize
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    elements = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": generate_uid(), "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "PatientName": "Doe^Jane", "PatientID": "hospital-17",
        "StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "FrameOfReferenceUID": PLACE, "SeriesNumber": 4,
        "ImagePositionPatient": [float(f"{x:.6f}") for x in np.array([-10.0, 20, 30]) + height * NORMAL],
        "ImageOrientationPatient": TILTED, "PixelSpacing": [0.75, 0.5], "SliceThickness": 2,
        "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Rows": stored.shape[-2],
        "Columns": stored.shape[-1], "BitsAllocated": bits, "BitsStored": bits,
        "PixelRepresentation": int(stored.dtype.kind == "i"), "RescaleSlope": 1, "RescaleIntercept": -1024,
        **changes,
    }  # fmt: skip
    for name, value in elements.items():
        if value is not None:
            setattr(made, name, value)
    made.HighBit = made.BitsStored - 1
    data = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    made.add_new("PixelData", "OW" if stored.dtype.itemsize > 1 else "OB", data + bytes(len(data) % 2))
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def save_dicom(path, *args, **changes):
    """Save a slice; return its path."""
    Path(path).parent.mkdir(exist_ok=True)
    dataset(*args, **changes).save_as(path, enforce_file_format=True)
    return Path(path)


def save_series(folder, count=4, step=2.0, each=None, **changes):
    """Save slices under names that do not sort as they lie; slice n holds 100 n to 100 n + 29. Return their values."""
    values = [np.arange(30, dtype=np.int16).reshape(SHAPE) + 100 * number for number in range(count)]
    for number, stored in enumerate(values):
        own = each(number) if each else {}
        save_dicom(
            folder / f"Doe{(7 * number) % 11:02d}.dcm", stored, own.pop("height", number * step), **changes, **own
        )
    return np.stack(values)


def save_multiframe(path, order=(2, 0, 1), slopes=None, **changes):
    """Save an enhanced MR whose frames lie in another order than that of their storage; return values as they lie."""
    values = np.stack([np.arange(30, dtype=np.uint16).reshape(SHAPE) + 100 * place for place in range(len(order))])
    made = dataset(
        values[list(order)], SOPClassUID=EnhancedMRImageStorage, Modality="MR", NumberOfFrames=len(order),
        ImagePositionPatient=None, ImageOrientationPatient=None, PixelSpacing=None, SliceThickness=None,
        RescaleSlope=None, RescaleIntercept=None, **changes,
    )  # fmt: skip
    shared = Dataset()
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=TILTED)]
    shared.PixelMeasuresSequence = [_item(PixelSpacing=[0.75, 0.5], SliceThickness=2)]
    shared.MRImageFrameTypeSequence = [_item(FrameType=["ORIGINAL", "PRIMARY", "T1", "NONE"])]
    made.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for place in order:
        frame = Dataset()
        position = [float(f"{x:.6f}") for x in 3.0 * place * NORMAL]
        frame.PlanePositionSequence = [_item(ImagePositionPatient=position)]
        slope = slopes[place] if slopes else 1
        frame.PixelValueTransformationSequence = [_item(RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")]
        frames.append(frame)
    made.PerFrameFunctionalGroupsSequence = frames
    made.save_as(path, enforce_file_format=True)
    return values


def _item(**elements):
    item = Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    return item


def changed(path, **elements):
    """Set elements of a file, and delete those that are None."""
    found = pydicom.dcmread(path)
    for name, value in elements.items():
        if value is None:
            delattr(found, name)
        else:
            setattr(found, name, value)
    correct_ambiguous_vr(found, is_little_endian=True)
    found.save_as(path)
    return path


def stored_in(files):
    """Integers that files of one slice each store, shape (D, H, W)."""
    return np.stack([pydicom.dcmread(path).pixel_array for path in files])
