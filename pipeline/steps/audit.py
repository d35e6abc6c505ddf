"""audit: the verdicts on all methods, on a page and in tables."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd

from pipeline.audit.maps import Maps, read_maps
from pipeline.audit.verdict import judgements, uses
from pipeline.config import Study
from pipeline.errors import ClearfieldError
from pipeline.image import DISPLAY
from pipeline.report.audit_page import AuditPage, write_audit_page
from pipeline.store import written_aside

ON_DISPLAY = "The images are in display units, stretched for the eye: light that is measured on them is no flux."
OF_SLICES = (
    "The instrument is a scanner: cells are of its data, 16 views by 16 bins or 16 lines by 16 samples, and maps of χ² "
    "and correlation lie on their grid.",
    "A body has no empty sky and no point sources: false lesions, and the contrast of true ones, are asked for in "
    "their place, where evaluate.tissue.lesion says what a lesion is.",
    "Not asked of scanners: a mistaken PSF, since there is none; whether a user is warned of odd input, since nothing "
    "looks for it in such data; motion; what two halves of the images have in common.",
)

log = logging.getLogger("clearfield")


class AuditError(ClearfieldError):
    """An audit of nothing."""


def audit(findings: list[Path], maps: list[Path], study: Study, out: Path) -> None:
    """Write ``findings.csv``, ``verdicts.csv``, ``report.html`` and ``figures/`` to a folder.

    Parameters
    ----------
    findings : list of path
        ``audit/<condition>/<method>.parquet``, and ``<method>.halves.parquet`` where halves were trained.
    maps : list of path
        ``audit/<condition>/<method>.npz``.
    study : Study
    out : path

    Raises
    ------
    AuditError
        If there is no table.
    """
    if not findings:
        raise AuditError(f"{out}: no findings are given; the step `examine` writes them, a .parquet for each method")
    table = pd.concat([pd.read_parquet(path) for path in findings], ignore_index=True)
    drawn = {(path.parent.name, path.stem): read_maps(path) for path in maps}
    remarks: tuple[str, ...] = (ON_DISPLAY,) if study.images.dataset == "hubble" or study.images.unit == DISPLAY else ()
    remarks += OF_SLICES if study.degrade.scan else ()
    write_audit(table, drawn, study, f"study {study.study}", out, remarks)


def write_audit(
    table: pd.DataFrame, maps: dict[tuple[str, str], Maps], study: Study, title: str, out: Path, remarks: tuple = ()
) -> None:
    """Write tables and page of an audit.

    Parameters
    ----------
    table : DataFrame
        With the columns of :data:`~pipeline.audit.table.COLUMNS`.
    maps : dict of (condition, method) to Maps
    study : Study
        For its settings of the audit, and the names of its conditions.
    title : str
        What was audited.
    out : path
        Folder.
    remarks : tuple of str
        What a reader must know of how it was done, a sentence each.
    """
    found = judgements(table)
    for name, rows in (
        ("findings.csv", table),
        ("verdicts.csv", pd.DataFrame([(j.condition, j.method, j.inconsistent, j.invented, "; ".join(j.why)) for j in
         found], columns=["condition", "method", "inconsistent", "invented", "why"])),
    ):  # fmt: skip
        with written_aside(out / name) as aside:
            rows.to_csv(aside, index=False)
    write_audit_page(AuditPage(table, found, uses(table), maps, study, title, tuple(remarks)), out)
    many = sum(j.invented for j in found), sum(j.inconsistent for j in found)
    log.info("audit: %d of %d invented, %d inconsistent; %s", many[0], len(found), many[1], out / "report.html")
