"""The two verdicts on each method, and plain words on what it may be used for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from pipeline.audit.finding import INCONSISTENT, INVENTED
from pipeline.audit.sown import POINT

GOOD_FLUX = 0.05
"""Relative error of light up to which it counts as measured."""
WORTH = 0.5
"""Loss of PSNR in dB that a mistaken PSF may cost."""


@dataclass(frozen=True)
class Judgement:
    """What the audit says of one method under one condition; ``why`` rests on the table's numbers, a sentence each."""

    condition: str
    method: str
    inconsistent: bool
    invented: bool
    why: tuple[str, ...]


@dataclass(frozen=True)
class Use:
    """What a method may be used for, and what not, a sentence each: the worst of all conditions counts."""

    method: str
    may: tuple[str, ...]
    may_not: tuple[str, ...]


def judgements(table: pd.DataFrame) -> list[Judgement]:
    """A judgement for each condition and method, in the order of the table.

    Parameters
    ----------
    table : DataFrame
        With the columns of :data:`~pipeline.audit.table.COLUMNS`.
    """
    found = []
    for (condition, method), rows in table.groupby(["condition", "method"], sort=False):
        against = rows[rows["against"]]
        verdicts = set(against["verdict"])
        why = tuple(_sentence(row) for _, row in rows[rows["verdict"] != ""].iterrows())
        found.append(Judgement(str(condition), str(method), INCONSISTENT in verdicts, INVENTED in verdicts, why))
    return found


def uses(table: pd.DataFrame) -> list[Use]:
    """What each method may be used for; the rules are stated where they are applied."""
    result = []
    for method, rows in table.groupby("method", sort=False):
        sentences = [
            *_on_invention(rows),
            *_on_data(rows),
            *_on_light(rows),
            *_on_the_psf(rows),
            *_on_mistakes(rows),
            *_on_warnings(rows),
        ]
        may, may_not = (tuple(words for good, words in sentences if good is which) for which in (True, False))
        result.append(Use(str(method), may, may_not))
    return result


_WHAT = {
    "contradicted_cells": "data contradict the image in {} of the cells of 16 px",
    "fields_with_invention": "sources that the data did not ask for in {} of the empty fields",
    "false_lesions": "a lesion that is not there in {} of the places",
    "displaced_patches": "detail that is not the scene’s in {} of the patches of 32 px",
}


def _sentence(row: pd.Series) -> str:
    if not row["n"]:
        return f"{_WHAT[row['measure']].format('an unknown share')}, since there was none to look at"
    null = f"{percent(row['null'])}, at most {percent(row['null_high'])}, where nothing is wrong"
    limit = f"; {percent(row['threshold'])} is put up with" if row["threshold"] > 0 else ""
    what = _WHAT[row["measure"]].format(f"{percent(row['value'])} ({percent(row['low'])} to {percent(row['high'])})")
    return f"{what}; {null}{limit}"


def percent(share: float) -> str:
    """A share, as precise as it is small."""
    if share != share:
        return "an unknown share"
    return f"{100 * share:.2g}%" if share < 0.1 else f"{100 * share:.0f}%"


Sentences = Iterator[tuple[bool, str]]
"""Whether it says what a method may be used for, and the words."""


def _on_invention(rows: pd.DataFrame) -> Sentences:
    on = {name: rows[rows["measure"] == name] for name in ("fields_with_invention", "displaced_patches")}
    fields = on["fields_with_invention"][on["fields_with_invention"]["part"] == "empty_sky"]
    if fields["against"].any():
        worst = percent(fields["value"].max())
        yield False, f"to find or count faint sources: it puts some into {worst} of empty fields"
    elif fields["n"].sum():
        some, most = fields["value"].max(), percent(fields["high"].max())
        made = (
            f"no more often than chance did it make any that the data do not show (in {percent(some)} of fields"
            if some > 0
            else "it made none that the data do not show (in none of the fields"
        )
        yield True, f"to find sources: on empty sky {made}, {most} at most)"
    false = rows[rows["measure"] == "false_lesions"]
    if false["against"].any():
        yield False, f"to find faint lesions: it shows one in {percent(false['value'].max())} of places without any"
    if on["displaced_patches"]["against"].any():
        worst = percent(on["displaced_patches"]["value"].max())
        yield False, f"to claim a single feature: in {worst} of the patches the detail is not the scene’s"


def _on_data(rows: pd.DataFrame) -> Sentences:
    cells = rows[(rows["measure"] == "contradicted_cells") & (rows["part"] == "consistency")]
    if cells["against"].any():
        yield False, f"as the light that was there: data contradict {percent(cells['value'].max())} of it, by area"
    elif cells["n"].sum() and (cells["high"] <= cells["threshold"]).all():
        yield True, "as an image that explains its data to their noise"


def _on_light(rows: pd.DataFrame) -> Sentences:
    """Light of point sources counts as measured from the lowest S/N on above which no median error exceeds 5%."""
    bias = rows[(rows["measure"] == "flux_bias") & rows["case"].str.startswith(POINT) & rows["value"].notna()]
    if bias.empty:
        return
    worst = bias.assign(error=bias["value"].abs(), snr=bias["case"].map(_level)).groupby("snr")["error"].max()
    good = [snr for snr in worst.index if (worst[worst.index >= snr] <= GOOD_FLUX).all()]
    if good:
        words = f"from S/N {min(good):g} up: the median is right to {percent(GOOD_FLUX)}"
        yield True, f"to measure the light of point sources {words}"
    low = [snr for snr in worst.index if snr not in good]
    if low:
        level = max(low)
        words = f"without a correction, of point sources at S/N {level:g}" + (" and below" if len(low) > 1 else "")
        yield False, f"to measure light {words}: it is off by up to {percent(worst[low].max())}"


def _level(case: str) -> float:
    return float(case.rpartition("S/N ")[2])


def _on_the_psf(rows: pd.DataFrame) -> Sentences:
    change = rows[(rows["measure"] == "psnr_change") & rows["case"].str.startswith("PSF")]
    change = change[change["value"].notna()]
    if change.empty:
        return
    share = change["case"].str.extract(r"(\d+)%")[0].astype(float)
    worst = change["value"].groupby(share).min()
    fine = [one for one in worst.index if (worst[worst.index <= one] >= -WORTH).all()]
    if fine:
        yield True, f"where the width of the PSF is known to {max(fine):g}%: that costs {WORTH:g} dB at most"
    bad = [one for one in worst.index if one not in fine]
    if bad:
        yield False, f"where the width of the PSF may be off by {min(bad):g}%: that costs {-worst[min(bad)]:.1f} dB"


def _on_mistakes(rows: pd.DataFrame) -> Sentences:
    """Mistakes with which it invents on empty sky more often than the observation itself would have it."""
    fields = rows[(rows["measure"] == "fields_with_invention") & (rows["part"] == "wrong_instrument")]
    for case, of_one in fields[fields["low"] > fields["null_high"]].groupby("case", sort=False):
        worst = percent(of_one["value"].max())
        yield False, f"where it may be told {case}: it then puts sources into {worst} of empty fields"


def _on_warnings(rows: pd.DataFrame) -> Sentences:
    warned = rows[(rows["measure"] == "warned") & (rows["case"] != "as it is")]
    of_case = warned.groupby("case", sort=False)["value"].min()
    for silent, words in ((of_case == 0, "of which nothing warns"), (of_case.between(0, 1, "neither"), "of which not "
                          "every image is warned of")):  # fmt: skip
        if silent.any():
            yield False, f"on input with {', '.join(of_case.index[silent])}, {words}"
