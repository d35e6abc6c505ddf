"""Every part of the audit that needs one restorer alone, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.audit.consistency import consistency
from pipeline.audit.displaced_detail import displaced_detail
from pipeline.audit.empty_sky import EmptySky, empty_sky
from pipeline.audit.finding import Finding
from pipeline.audit.injection import injection
from pipeline.audit.specimen import Specimen, Width
from pipeline.audit.split_exposure import split_exposure
from pipeline.audit.unlike import unlike_inputs
from pipeline.audit.wrong_instrument import mistakes, wrong_instrument
from pipeline.config import Audit
from pipeline.image import Image
from pipeline.progress import progress
from pipeline.restorers.restorer import Restorer


def examine(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    sky: EmptySky,
    settings: Audit,
    brightest: Sequence[float] = (),
    width: Width | None = None,
) -> tuple[list[Finding], list[Image]]:
    """Audit a restorer.

    Parameters
    ----------
    restorer : Restorer
        Classical or learned.
    specimens : sequence of Specimen
        That it never learned from; with none, empty sky alone is looked at.
    sky : EmptySky
        Its address is that of all that is random.
    settings : Audit
    brightest : sequence of float
        The brightest light per band that it learned from; empty for a formula.
    width : callable, optional
        The width of its own interval, where it has one.

    Returns
    -------
    list of Finding
    list of Image
        What was made of each specimen.
    """
    restored = [restorer.restore(s.seen) for s in specimens]
    put_up_with, address = settings.contradicted, sky.address
    wrong = mistakes(settings.psf_errors, settings.noise_error)
    parts = {
        "consistency": lambda: consistency(specimens, restored, put_up_with),
        "empty sky": lambda: empty_sky(restorer, sky, settings.fields),
        "injection": lambda: injection(restorer, specimens, restored, settings.snr, *address),
        "detail": lambda: displaced_detail(specimens, restored, settings.ring_correlation, *address),
        "split exposure": lambda: split_exposure(restorer, specimens, restored, settings.ring_correlation),
        "wrong instrument": lambda: wrong_instrument(
            restorer, specimens, restored, sky, wrong, settings.fields_with_mistakes, put_up_with
        ),
        "unlike": lambda: unlike_inputs(restorer, specimens[:2], brightest, width, put_up_with, *address),
    }
    chosen = parts if specimens else {"empty sky": parts["empty sky"]}
    findings: list[Finding] = []
    for part in progress(chosen.values(), "audit", len(chosen), "part"):
        findings += part()
    return findings, restored
