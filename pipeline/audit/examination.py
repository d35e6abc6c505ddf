"""Every part of the audit that needs one restorer alone, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.audit.consistency import consistency
from pipeline.audit.displaced_detail import displaced_detail
from pipeline.audit.empty_sky import EmptySky, empty_sky
from pipeline.audit.finding import Finding
from pipeline.audit.injection import injection
from pipeline.audit.lesions import Body, lesions
from pipeline.audit.specimen import Specimen, Width
from pipeline.audit.split_exposure import split_exposure
from pipeline.audit.unlike import unlike_inputs
from pipeline.audit.wrong_instrument import mistakes, wrong_instrument
from pipeline.config import Audit
from pipeline.image import Image
from pipeline.progress import progress
from pipeline.restorers.restorer import Restorer

Parts = dict[str, Callable[[], Iterable[Finding]]]


def examine(
    restorer: Restorer,
    specimens: Sequence[Specimen],
    ground: EmptySky | Body,
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
    ground : EmptySky or Body
        On what nothing should be found: sky without sources, or tissue without lesions. Its address is that of all that
        is random.
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
    put_up_with, address = settings.contradicted, ground.address
    sky = ground if isinstance(ground, EmptySky) else None
    wrong = mistakes(settings.psf_errors if sky else (), settings.noise_error)
    common: Parts = {
        "consistency": lambda: consistency(specimens, restored, put_up_with),
        "detail": lambda: displaced_detail(specimens, restored, settings.ring_correlation, *address),
        "split exposure": lambda: split_exposure(restorer, specimens, restored, settings.ring_correlation),
        "wrong instrument": lambda: wrong_instrument(
            restorer, specimens, restored, sky, wrong, settings.fields_with_mistakes, put_up_with
        ),
        "unlike": lambda: unlike_inputs(restorer, specimens[:2], brightest, width, put_up_with, *address),
    }
    parts = _on(ground, restorer, specimens, restored, settings) | (common if specimens else {})
    findings: list[Finding] = []
    for part in progress(parts.values(), "audit", len(parts), "part"):
        findings += part()
    return findings, restored


def _on(
    ground: EmptySky | Body,
    restorer: Restorer,
    specimens: Sequence[Specimen],
    restored: Sequence[Image],
    settings: Audit,
) -> Parts:
    """Whether something is found where there is nothing, and how much of what is put there."""
    if isinstance(ground, Body):
        return {"lesions": lambda: lesions(restorer, specimens, ground)}
    light: Parts = {"injection": lambda: injection(restorer, specimens, restored, settings.snr, *ground.address)}
    return {"empty sky": lambda: empty_sky(restorer, ground, settings.fields)} | (light if specimens else {})
