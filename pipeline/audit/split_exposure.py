"""Where a restorer makes other detail of a second exposure of the same sky: of images whose truth nobody knows."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.audit.displaced_detail import detail_map
from pipeline.audit.finding import INVENTED, Finding, rate
from pipeline.audit.specimen import Specimen
from pipeline.image import Image
from pipeline.restorers.restorer import Restorer


def split_exposure(
    restorer: Restorer, specimens: Sequence[Specimen], restored: Sequence[Image], threshold: float
) -> list[Finding]:
    """The share of patches whose detail is not that of the other exposure.

    A linear restorer's two images agree as far as the two exposures do, so that nothing is found of it; an image with
    detail that follows from the noise agrees less. What a restorer invents alike in both is not found here.

    Parameters
    ----------
    restorer : Restorer
    specimens : sequence of Specimen
        Those without another exposure are left out.
    restored : sequence of Image
        What it made of them.
    threshold : float
        See :func:`~pipeline.audit.displaced_detail.detail_map`.

    Returns
    -------
    list of Finding
        ``displaced_patches``, which speaks for *invented*; nothing where there is no other exposure.
    """
    flagged, compared = 0, 0
    for specimen, image in zip(specimens, restored, strict=True):
        if specimen.again is None:
            continue
        other = restorer.restore(specimen.again)
        made, made_again = specimen.part(image.pixels), specimen.part(other.pixels)
        seen, again = specimen.part(specimen.seen.preview.pixels), specimen.part(specimen.again.preview.pixels)
        found = detail_map(made, seen, made_again, again, threshold)
        flagged, compared = flagged + int(found.flagged.sum()), compared + int(found.compared.sum())
    if not compared:
        return []
    # The exposures in place of what was made of them: by definition they agree as far as they do.
    null = rate(0, compared)
    case = "split exposure"
    return [Finding("detail", case, "displaced_patches", rate(flagged, compared), compared, null, INVENTED, 0.0)]
