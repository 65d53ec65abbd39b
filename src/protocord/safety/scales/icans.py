"""ICANS by the ASTCT consensus (Lee 2019, BBMT 25:625, tables 4 to 6), with the ICE score and, for small children, the CAPD."""

from __future__ import annotations

from dataclasses import dataclass

from protocord.safety.scales.crs import with_death
from protocord.safety.scales.grades import RowGrade, ScaleGrade, exact, not_recorded, worst
from protocord.safety.scales.rows import grade_table
from protocord.safety.scales.scores import Score
from protocord.values import Reason

__all__ = ["ICE_FROM_AGE", "IcansFindings", "icans"]

ICE_FROM_AGE = 12
"""Completed years from which ICE is asked, unless development is delayed (Lee 2019, table 6)."""

_MOST = 4


@dataclass(frozen=True, slots=True)
class IcansFindings:
    """What ICANS is graded from at one time; None is unknown, never no.

    `years` are completed years. `ice` (0 to 10) and `capd` (0 to 32) are scores, or ranges of them where items are missing;
    `capd_unable` says that the CAPD cannot be performed; `capd_baseline` is the score before treatment. `consciousness` is alert,
    spontaneous, voice, touch or unarousable; `seizure` none, resolving or prolonged_or_repetitive; `motor` none or
    deep_focal_weakness; `oedema` none, focal or diffuse_or_raised_pressure. `died` means of ICANS, with no other principal cause.
    """

    years: int | None = None
    delayed: bool | None = None
    ice: int | Score | None = None
    capd: int | Score | None = None
    capd_unable: bool | None = None
    capd_baseline: int | None = None
    consciousness: str | None = None
    seizure: str | None = None
    motor: str | None = None
    oedema: str | None = None
    died: bool | None = None


def icans(findings: IcansFindings) -> ScaleGrade:
    """This will return the grade of ICANS, 0 to 5, or the least and the greatest that the findings leave possible.

    From 12 years on the ICE score enters, below it and where development is delayed the CAPD. Raises ValueError for a score out
    of its range or a word that is no answer.
    """
    table = grade_table("icans")
    reasons: list[Reason] = []
    remarks: list[Reason] = []
    rows = [_thinking(findings, reasons, remarks)]
    for domain in ("consciousness", "seizure", "motor", "oedema"):
        word = getattr(findings, domain)
        if word is None:
            reasons.append(not_recorded(f"scale_item_{domain}"))
            rows.append(RowGrade(f"icans_{domain}", 0, max(row.grade for row in table.of(domain))))
        else:
            rows.append(RowGrade.of(table.word(domain, word)))
    return with_death(worst(table.scale, table.version, rows, reasons, remarks), findings.died, "icans_death")


def _thinking(findings: IcansFindings, reasons: list[Reason], remarks: list[Reason]) -> RowGrade:
    """The row of ICE or of CAPD; where age or development leave open which, the span of both."""
    old = None if findings.years is None else findings.years >= ICE_FROM_AGE
    if findings.delayed or old is False:
        return _capd(findings, reasons, remarks)
    if old and findings.delayed is False:
        return _ice(findings, reasons)
    reasons.append(not_recorded("scale_item_years" if old is None else "scale_item_delayed"))
    either = (_ice(findings, reasons), _capd(findings, reasons, remarks))
    return RowGrade("icans_ice_or_capd", min(row.low for row in either), max(row.high for row in either))


def _ice(findings: IcansFindings, reasons: list[Reason]) -> RowGrade:
    score = _span(findings.ice, "ice")
    if score is None:
        reasons.append(not_recorded("scale_item_ice"))
        return RowGrade("icans_ice", 0, _MOST)
    table = grade_table("icans")
    best, poorest = table.number("ice", exact(score.high)), table.number("ice", exact(score.low))
    # ICE 0 is grade 3 in somebody awake and grade 4 where nobody can wake the child: the row of waking says so.
    low, high = best.grade, poorest.grade
    if score.low == 0 and findings.consciousness in {None, "unarousable"}:
        high = _MOST
        if score.high == 0 and findings.consciousness == "unarousable":
            return RowGrade("icans_ice_0_unarousable", _MOST, _MOST)
    if score.low != score.high:
        reasons.append(not_recorded("scale_item_ice_items"))
    return RowGrade(poorest.id, low, high)


def _capd(findings: IcansFindings, reasons: list[Reason], remarks: list[Reason]) -> RowGrade:
    table = grade_table("icans")
    if findings.capd_unable:
        return RowGrade.of(table.row("icans_capd_impossible"))
    score = _span(findings.capd, "capd")
    if score is None:
        reasons.append(not_recorded("scale_item_capd"))
        return RowGrade("icans_capd", 0, _MOST)
    if score.low != score.high:
        reasons.append(not_recorded("scale_item_capd_items"))
    best, poorest = table.number("capd", exact(score.low)), table.number("capd", exact(score.high))
    low, high = best.grade, poorest.grade
    # Scores of 1 to 8 stand in the columns of grade 1 and of grade 2; how the child wakes tells which.
    if poorest.id == "icans_capd_1_to_8" and findings.consciousness is None:
        high = 2
    baseline = findings.capd_baseline
    if baseline is None:
        if high:
            remarks.append(Reason.of("icans_capd_without_baseline"))
    else:
        table.number("capd", exact(baseline))
        if score.high and score.high <= baseline:
            remarks.append(Reason.of("icans_capd_as_before", baseline=baseline))
            reasons.append(Reason.of("icans_capd_as_before", baseline=baseline))
            low = 0
    return RowGrade(poorest.id, low, high)


def _span(given: int | Score | None, domain: str) -> Score | None:
    if given is None:
        return None
    score = given if isinstance(given, Score) else Score(given, given)
    table = grade_table("icans")
    for end in (score.low, score.high):
        table.number(domain, exact(end))
    return score
