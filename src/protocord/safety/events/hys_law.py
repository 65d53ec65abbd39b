"""A screen for serious liver injury by the laboratory part of Hy's law. A screen finds children to look at; it diagnoses nobody."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from protocord.statistics import Statistic
from protocord.values import Reason

__all__ = ["hys_law"]

TRANSFERASES = ("ALT", "AST")
_BILIRUBIN, _PHOSPHATASE = "Total bilirubin", "Alkaline phosphatase"
_TRANSFERASE_LIMIT, _BILIRUBIN_LIMIT, _PHOSPHATASE_LIMIT = 3.0, 2.0, 2.0
_TOGETHER_DAYS = 30
_CONVENTIONS = ("hys_law_screen",)
_TOLERANCE = 1e-12  # so that 3 x 40 U/L is not above 3 times 40 for the sake of a binary digit


def hys_law(liver: pl.DataFrame, treatment: pl.DataFrame) -> tuple[Statistic, ...]:
    """This will screen the treated subjects: ALT or AST above 3 x ULN, and bilirubin above 2 x ULN the same day or within 30 days after.

    `liver` holds subject, date, concept (ALT, AST, Total bilirubin, Alkaline phosphatase), value and high (the upper limit, in
    the value's unit), after the first infusion only; a result without its limit is left out and counted in `without_limit`.
    A subject without any usable transferase or bilirubin is not screened (`subjects_screened` counts the others) and never negative.
    For each subject with results: the highest multiples reached, whether both limits were passed together (`screen_positive`),
    and whether alkaline phosphatase stayed below 2 x ULN within the same 30 days (`without_cholestasis`). FDA 2009, Guidance on
    drug-induced liver injury, IV.A.
    """
    days = treatment.filter(pl.col("first").is_not_null()).select("subject", "first")
    after = liver.join(days, on="subject", how="inner").filter(pl.col("date") > pl.col("first"))
    usable = after.filter((pl.col("high") > 0) & pl.col("value").is_not_null())
    rows = usable.with_columns((pl.col("value") / pl.col("high")).alias("times"))
    found = [Statistic("hys_law", "without_limit", after.height - usable.height, conventions=_CONVENTIONS)]
    positive = screened = 0
    for (subject,), own in rows.sort("subject", "date").group_by("subject", maintain_order=True):
        context = {"subject": str(subject)}
        for concept in (*TRANSFERASES, _BILIRUBIN, _PHOSPHATASE):
            highest = own.filter(pl.col("concept") == concept)["times"].max()
            name = f"highest_{concept.lower().replace(' ', '_')}"
            reason = Reason.of("ae_no_result", concept=concept) if highest is None else None
            value = None if highest is None else float(highest)  # type: ignore[arg-type]
            found.append(Statistic("hys_law", name, value, unit="[ULN]", context=context, reason=reason))
        together, clean = _together(own)
        positive += together
        lacking = _lacking(own)
        screened += lacking is None
        found.append(
            Statistic(
                "hys_law",
                "screen_positive",
                None if lacking else together,
                context=context,
                conventions=_CONVENTIONS,
                reason=lacking,
            )
        )
        if together:
            reason = Reason.of("ae_no_result", concept=_PHOSPHATASE) if clean is None else None
            found.append(
                Statistic("hys_law", "without_cholestasis", clean, context=context, conventions=_CONVENTIONS, reason=reason)
            )
    found.append(Statistic("hys_law", "subjects_positive", positive, conventions=_CONVENTIONS))
    found.append(Statistic("hys_law", "subjects_screened", screened, conventions=_CONVENTIONS))
    found.append(Statistic("hys_law", "n", days.height, conventions=("ae_denominator",)))
    return tuple(found)


def _lacking(own: pl.DataFrame) -> Reason | None:
    """What a subject lacks to be screened: any transferase, or bilirubin."""
    seen = set(own["concept"].to_list())
    if _BILIRUBIN not in seen:
        return Reason.of("ae_no_result", concept=_BILIRUBIN)
    return None if seen & set(TRANSFERASES) else Reason.of("ae_no_result", concept=TRANSFERASES[0])


def _together(own: pl.DataFrame) -> tuple[bool, bool | None]:
    """Whether a transferase and then bilirubin passed their limits within 30 days, and whether phosphatase stayed low meanwhile."""

    def passing(concepts: tuple[str, ...], limit: float) -> list[date]:
        beyond = pl.col("times") > limit * (1 + _TOLERANCE)
        return own.filter(pl.col("concept").is_in(list(concepts)), beyond)["date"].to_list()

    window = timedelta(days=_TOGETHER_DAYS)
    pairs = [
        (begin, end)
        for begin in passing(TRANSFERASES, _TRANSFERASE_LIMIT)
        for end in passing((_BILIRUBIN,), _BILIRUBIN_LIMIT)
        if begin <= end <= begin + window
    ]
    if not pairs:
        return False, None
    near = pl.any_horizontal([pl.col("date").is_between(begin, begin + window) for begin, _ in pairs])
    phosphatase = own.filter(pl.col("concept") == _PHOSPHATASE, near)["times"].max()
    return True, None if phosphatase is None else bool(phosphatase < _PHOSPHATASE_LIMIT)  # type: ignore[operator]
