"""The clinical scales over tables: each row graded, as results; a row that cannot be is a problem with its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from protocord.errors import Problem
from protocord.safety.moments import Moment
from protocord.safety.scales.agvhd import AgvhdFindings, agvhd, agvhd_stages, confidence
from protocord.safety.scales.columns import AGVHD, CRS, ICANS, REACTIONS
from protocord.safety.scales.crs import CrsFindings, crs
from protocord.safety.scales.grades import ScaleGrade
from protocord.safety.scales.hypotension import hypotension
from protocord.safety.scales.icans import IcansFindings, icans
from protocord.safety.scales.infusion_reaction import reaction_coding
from protocord.safety.scales.scores import Score, capd_score, ice_score
from protocord.statistics import Results, Statistic
from protocord.tables import TableProblems, fingerprint, problem
from protocord.values import Reason, completed_years

__all__ = ["agvhd_table", "crs_table", "icans_table", "reaction_table"]

Row = Mapping[str, Any]


def crs_table(frame: pl.DataFrame) -> Results:
    """This will grade every row of a table `CRS` (as `protocord.tables.read` returns it).

    Where `hypotension` is empty, the systolic pressure is judged by age; a pressure that is not low says that there is none
    only where no vasopressor runs. For each row: grade (or, where it is open, why), grade_min, grade_max, and what decided.
    Raises TableProblems.
    """
    return _over(frame, CRS.name, ("crs_after_treatment", "hypotension_age"), lambda row: crs(_crs_findings(row)))


def icans_table(frame: pl.DataFrame) -> Results:
    """This will grade every row of a table `ICANS`; scores come from their totals or, where those are empty, from their items."""
    return _over(frame, ICANS.name, ("icans_alert", "icans_capd_baseline"), lambda row: icans(_icans_findings(row)))


def agvhd_table(frame: pl.DataFrame) -> Results:
    """This will grade every row of a table `AGVHD`, with the stage of each organ and the confidence of the diagnosis."""
    return _over(frame, AGVHD.name, ("agvhd_gap", "agvhd_stool"), lambda row: agvhd(_agvhd_findings(row)), _agvhd_details)


def reaction_table(frame: pl.DataFrame, window: timedelta) -> Results:
    """This will code every row of a table `REACTIONS`, with the window of the protocol. Raises TableProblems."""
    found: list[Statistic] = []
    problems: list[Problem] = []
    for row in frame.iter_rows(named=True):
        moments: list[Moment | None] = []
        for name in ("onset", "infusion_start", "infusion_end"):
            try:
                moments.append(None if row[name] is None else Moment.parse(row[name]))
            except ValueError as error:
                problems.append(problem(REACTIONS.name, row["row"], name, f"{error}."))
        if len(moments) < 3:
            continue
        onset, start, end = moments
        beyond, criteria = row["crs_after_window"], row["crs_criteria"]
        coded = reaction_coding(onset, start, end, window, crs_after_window=beyond, crs_criteria=criteria)
        context = {"subject": row["subject"], "onset": row["onset"] or ""}
        reason = coded.reasons[0] if coded.coding is None else None
        found.append(
            Statistic(
                "infusion_reaction", "coding", coded.coding, context=context, conventions=("reaction_window",), reason=reason
            )
        )
    if problems:
        raise TableProblems(problems)
    return Results(tuple(found), fingerprint(frame))


def _over(
    frame: pl.DataFrame,
    file: str,
    conventions: tuple[str, ...],
    grade: Callable[[Row], ScaleGrade],
    details: Callable[[Row, Mapping[str, Any]], Iterator[Statistic]] | None = None,
) -> Results:
    found: list[Statistic] = []
    problems: list[Problem] = []
    for row in frame.iter_rows(named=True):
        context = {"subject": row["subject"], "date": row["date"]}
        try:
            graded = grade(row)
            more = list(details(row, context)) if details else []
        except ValueError as error:
            problems.append(problem(file, row["row"], "", f"{error}."))
            continue
        found += [*_statistics(graded, context, conventions), *more]
    if problems:
        raise TableProblems(problems)
    return Results(tuple(found), fingerprint(frame))


def _statistics(graded: ScaleGrade, context: Mapping[str, Any], conventions: tuple[str, ...]) -> Iterator[Statistic]:
    method = f"{graded.scale}/{graded.version}"
    about = {"context": context, "method": method, "conventions": conventions}
    reason = None if graded.grade is not None else (graded.reasons or (Reason.of("scale_open_grade"),))[0]
    yield Statistic(graded.scale, "grade", graded.grade, reason=reason, **about)  # type: ignore[arg-type]
    yield Statistic(graded.scale, "grade_min", graded.grade_min, **about)  # type: ignore[arg-type]
    yield Statistic(graded.scale, "grade_max", graded.grade_max, **about)  # type: ignore[arg-type]
    if graded.grade_min:
        yield Statistic(graded.scale, "rows", " ".join(graded.deciding), **about)  # type: ignore[arg-type]
    for number, missing in enumerate(graded.reasons, 1):
        yield Statistic(graded.scale, "missing", None, context={**context, "number": number}, method=method, reason=missing)
    for number, remark in enumerate(graded.remarks, 1):
        yield Statistic(graded.scale, "remark", None, context={**context, "number": number}, method=method, reason=remark)


def _crs_findings(row: Row) -> CrsFindings:
    low = row["hypotension"]
    if low is None:
        measured = hypotension(row["systolic"], row["birth_date"], row["date"])
        # A normal pressure under a vasopressor, or with nobody saying that none runs, is not the absence of hypotension.
        low = measured if measured or (row["vasopressors"] == 0 and row["vasopressin"] is False) else None
    names = ("temperature", "fever_explained", "treated", "vasopressors", "vasopressin", "oxygen", "flow", "airway_only", "died")
    return CrsFindings(hypotension=low, **{name: row[name] for name in names})


def _icans_findings(row: Row) -> IcansFindings:
    years = None
    if row["birth_date"] is not None:
        years = completed_years(row["birth_date"], row["date"])
        if years < 0:
            message = f"the child is not born on {row['date']}"
            raise ValueError(message)
    names = ("delayed", "capd_unable", "capd_baseline", "consciousness", "seizure", "motor", "oedema", "died")
    return IcansFindings(years=years, ice=_ice(row), capd=_capd(row), **{name: row[name] for name in names})


def _ice(row: Row) -> int | Score | None:
    items = {name: row[f"ice_{name}"] for name in ("year", "month", "city", "hospital", "command", "writing", "attention")}
    given = [value for value in (*items.values(), row["ice_objects"]) if value is not None]
    if row["ice"] is not None or not given:
        score: int | None = row["ice"]
        return score
    return ice_score(objects=row["ice_objects"], **items)


def _capd(row: Row) -> int | Score | None:
    answers = [row[f"capd_{number}"] for number in range(1, 9)]
    if row["capd"] is not None or not any(answers):
        score: int | None = row["capd"]
        return score
    return capd_score(answers)


def _agvhd_findings(row: Row) -> AgvhdFindings:
    names = (
        "skin", "bullae", "desquamation", "bilirubin", "bilirubin_unit", "upper_gut", "mixed_with_urine", "weight", "pain_opioid",
        "pain_performance", "bloody_stool",
    )  # fmt: skip
    volumes, counts = ([row[f"{what}_{day}"] for day in (1, 2, 3)] for what in ("volume", "stools"))
    return AgvhdFindings(stool_volumes=volumes, stool_counts=counts, **{name: row[name] for name in names})


def _agvhd_details(row: Row, context: Mapping[str, Any]) -> Iterator[Statistic]:
    for organ, stage in agvhd_stages(_agvhd_findings(row)).items():
        about = {**context, "organ": organ}
        known = stage.low if stage.low == stage.high else None
        reason = (stage.reasons or (Reason.of("scale_open_grade"),))[0] if known is None else None
        yield Statistic("magic_agvhd", "stage", known, context=about, reason=reason)
        yield Statistic("magic_agvhd", "stage_min", stage.low, context=about)
        yield Statistic("magic_agvhd", "stage_max", stage.high, context=about)
    sure = confidence(row["biopsy"], suspected=row["suspected"], treated=row["treated"])
    reason = Reason.of("agvhd_confidence_open") if sure is None else None
    yield Statistic("magic_agvhd", "confidence", sure, context=context, reason=reason)
