"""ingest_domain: images of the other domain of a translation, and who of them may be learned from."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Study
from pipeline.steps.ingest import ingest
from pipeline.steps.split import split


def ingest_domain(study: Study, domain: str, out: Path, splits: Path) -> None:
    """Write the images and the splits of a domain, as `ingest` and `split` do of the study's own.

    Groups that are in both domains have the same roles in both, where both have the same groups.

    Parameters
    ----------
    study : Study
    domain : {"into", "truth"}
        The section of ``translate`` that describes the images.
    out, splits : Path

    Raises
    ------
    ConfigError
        If the study has no such images.
    """
    own = study.of_domain(domain)
    ingest(own, out)
    split(out, own, splits)
