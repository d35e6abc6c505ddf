"""A whole study of patients: nothing that it writes or says tells who they are."""

import base64
import gzip
import hashlib
import io
import logging
import re

import h5py
import numpy as np
import pandas as pd
import pytest
from made_dicom import save_dicom
from made_slices import slice_of
from made_training import NAFNET
from PIL import Image
from whole_study import WholeStudy

from pipeline.config import study_from

NAMES = ["Quixwell^Zebediah", "Vorpalson^Ludmilla", "Jabberwock^Isolde", "Snarkhunt^Barnaby"]
FOLDER = "MercyWard"
NETWORK = NAFNET | {"regression": {"steps": 2, "batch": 2, "crop": 16}, "adversarial": {"steps": 0}}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Folder of the results, and all that was said."""
    folder = tmp_path_factory.mktemp("patients")
    for number, name in enumerate(NAMES):
        for place in range(3):
            stored = slice_of(10 * number + place).pixels[0].astype(np.int16)
            path = folder / FOLDER / name.replace("^", "_") / f"{place}.dcm"
            path.parent.mkdir(parents=True, exist_ok=True)
            who = {"PatientName": name, "PatientID": f"hospital-{name[:5]}", "SeriesInstanceUID": f"1.2.3.{number}"}
            save_dicom(path, stored, height=2.0 * place, PixelSpacing=[4.0, 4.0], **who)
    study = study_from(
        {
            "study": "patients",
            "threads": 1,
            "images": {
                "dataset": "volumes",
                "path": str(folder / FOLDER / "{id}"),
                "background": "air",
                "smallest": 32,
            },
            "split": {"folds": 2, "calibrate": 0},
            "degrade": {"ct": {"dose": [0.3], "views": [48], "photons": 1e5}},
            "methods": ["degraded", "regularised_inverse"],
            "networks": {"net": NETWORK},
            "train": {"stretch": "linear"},
            "restore": {"data_consistency": False},
            "evaluate": {
                "bootstrap": 100,
                "classifiers": False,
                "tissue": {"lesion": {"diameter_mm": 10, "contrasts": [300], "inside": [-200, 300]}},
            },
            "publish": {"final": "fold0"},
        }
    )
    handler = logging.StreamHandler(said := io.StringIO())
    logging.getLogger().addHandler(handler)
    logging.getLogger("clearfield").setLevel(logging.DEBUG)
    try:
        WholeStudy(study, folder / "results").run()
    finally:
        logging.getLogger().removeHandler(handler)
    return folder / "results", said.getvalue()


def unpacked(path):
    """All that a file holds, byte by byte, and again without compression."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            nodes = [file, *found_in(file)]
            yield from (f"{node.name} {dict(node.attrs)}".encode() for node in nodes)
            yield from (np.asarray(node[()]).tobytes() for node in nodes if isinstance(node, h5py.Dataset))
    elif path.suffix == ".parquet":
        yield pd.read_parquet(path).to_csv().encode()
    elif path.suffix == ".html":
        for kind, coded in re.findall(r"data:([\w/+]+);base64,([\w+/=]+)", raw.decode()):
            inside = base64.b64decode(coded)
            yield inside
            if kind in ("image/png", "image/webp", "image/jpeg"):
                picture = Image.open(io.BytesIO(inside))
                yield repr(picture.info).encode() + picture.tobytes()


def found_in(group):
    """All groups and datasets below one."""
    nodes = []
    group.visititems(lambda _, node: nodes.append(node))
    return nodes


def forms(identifier):
    """An identifier as somebody might have written it."""
    plain = identifier.encode()
    for kind in ("md5", "sha1", "sha256", "blake2b"):
        digest = hashlib.new(kind, plain)
        yield from (digest.digest(), digest.hexdigest().encode())
    yield from (plain, plain.lower(), plain.upper(), identifier.encode("utf-16-le"), identifier.encode("utf-16-be"))
    yield from (base64.b64encode(plain).rstrip(b"="), gzip.compress(plain)[10:-8])


def test_the_study_ran_from_files_to_page_and_model(done):
    folder, said = done
    names = {path.name for path in folder.rglob("*")}
    assert {"images.h5", "report.html", "provenance.json", "lesions.csv", "net_faithful.safetensors"} <= names
    assert "p0001" in (folder / "splits.csv").read_text()
    assert "ingest" in said


def test_no_byte_tells_a_name_or_part_of_one_an_id_or_a_folder(done):
    folder, said = done
    parts = [
        part for name in NAMES for part in (name, name.replace("^", "_"), *name.split("^"), f"hospital-{name[:5]}")
    ]
    sought = {form: identifier for identifier in (*parts, FOLDER) for form in forms(identifier)}
    pattern = re.compile(b"|".join(map(re.escape, sought)))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 20
    for path in files:
        for content in unpacked(path):
            found = pattern.search(content)
            assert found is None, f"{path}: {sought[found.group()]}"
    assert pattern.search(said.encode()) is None


def test_the_page_says_that_the_path_is_withheld(done):
    assert "path: withheld" in (done[0] / "report.html").read_text()
