"""Running pseudonyms in place of patients: who stands behind them is known from one file, kept apart by the user."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pipeline
from pipeline.errors import ClearfieldError
from pipeline.store import written_aside

COLUMNS = ("pseudonym", "patient")

_WORKPLACES = ("results", "work", "logs")
"""Folders of a study that are passed on, or may be."""
_MARKS = (".git", "Snakefile")
"""What lies at the top of a repository."""


class PseudonymError(ClearfieldError):
    """A key file that is none, or a place where it must not lie."""


class Pseudonyms:
    """Names such as ``p0001``, given to patients in the order in which they come, one to each.

    Parameters
    ----------
    known : sequence of str
        Patients who have ``p0001``, ``p0002``, ... already.

    Notes
    -----
    Nothing of a patient is in a pseudonym, not even a hash, which anybody could find again who tries all numbers.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self._names = {patient: _name(number) for number, patient in enumerate(known, 1)}

    def of(self, patient: str) -> str:
        """The pseudonym of a patient, a new one where none was given yet."""
        return self._names.setdefault(patient, _name(len(self._names) + 1))

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Pseudonyms({len(self)} patients)"

    @classmethod
    def read(cls, path: str | Path) -> Pseudonyms:
        """Read a key file, so that its patients keep their names.

        Raises
        ------
        PseudonymError
            If it is missing, or no key file.
        """
        try:
            with Path(path).open(encoding="utf-8", newline="") as file:
                header, *rows = list(csv.reader(file))
        except FileNotFoundError:
            raise PseudonymError("the key file of pseudonyms is not there; name the one that was written") from None
        except (ValueError, csv.Error):
            header, rows = [], []
        patients = [row[1] for row in rows if len(row) == 2]
        expected = [[_name(number), patient] for number, patient in enumerate(patients, 1)]
        if header != list(COLUMNS) or rows != expected or len(set(patients)) < len(patients):
            raise PseudonymError(
                "the key file of pseudonyms does not hold pseudonym,patient with p0001, p0002, ... in turn, each "
                "patient once; name the one that was written"
            )
        return cls(patients)

    def write(self, path: str | Path, results: Sequence[str | Path] = ()) -> None:
        """Write the key file: a table (CSV) with the columns pseudonym and patient, readable by its owner alone.

        Parameters
        ----------
        path : path
        results : sequence of paths
            Folders that are passed on, beside ``results``, ``work`` and ``logs`` of the working directory.

        Raises
        ------
        PseudonymError
            If it would lie in one of these, or in a repository.
        """
        refuse_key_place(path, results)
        with written_aside(path) as aside:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
                table = csv.writer(file, lineterminator="\n")
                table.writerow(COLUMNS)
                table.writerows((name, patient) for patient, name in self._names.items())


def refuse_key_place(path: str | Path, results: Sequence[str | Path] = ()) -> None:
    """Refuse a place for a key file that is passed on with results or code, links followed.

    Parameters
    ----------
    path : path
    results : sequence of paths
        Folders that are passed on, beside ``results``, ``work`` and ``logs`` of the working directory.

    Raises
    ------
    PseudonymError
        If it lies in one of these, in this program, or below a folder with ``.git`` or a ``Snakefile``, a repository.
    """
    if where := passed_on(path, results):
        raise PseudonymError(
            f"the key file of pseudonyms would lie within {where}; name a place outside, such as ~/keys/study.csv"
        )


def passed_on(path: str | Path, results: Sequence[str | Path] = ()) -> str:
    """Within what a file lies that is passed on with results or code, links followed, in words; else nothing.

    Parameters
    ----------
    path, results
        As those of :func:`refuse_key_place`.
    """
    place = Path(path).resolve()
    folders = [Path(folder).resolve() for folder in (*_WORKPLACES, *results)]
    if any(place.is_relative_to(folder) for folder in (*folders, Path(pipeline.__file__).resolve().parent)):
        return "results, work, logs or the program, which are passed on"
    if any((folder / mark).exists() for folder in place.parents for mark in _MARKS):
        return "a repository (.git or Snakefile), which is passed on"
    return ""


def _name(number: int) -> str:
    return f"p{number:04d}"
