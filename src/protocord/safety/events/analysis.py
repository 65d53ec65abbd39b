"""The whole account of the adverse events of a study, as results: read the tables, apply the protocol's rule, count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from protocord.protocol import Protocol
from protocord.safety.events.emergent import EmergentRule, emergent, on_treatment
from protocord.safety.events.incidence import incidence, subject_grades
from protocord.safety.events.rates import first_event, per_infusion, rates
from protocord.safety.events.shift import shifts
from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar
from protocord.tables import fingerprint

__all__ = ["EventData", "adverse_events"]


@dataclass(frozen=True, slots=True)
class EventData:
    """The tables of one data cut, as `protocord.tables.read` returns them; `graded` where shift tables are wanted."""

    events: pl.DataFrame
    infusions: pl.DataFrame
    followed: pl.DataFrame
    graded: pl.DataFrame | None = None


def adverse_events(protocol: Protocol, data: EventData, *, cut_off: date, level: float = 0.95) -> Results:
    """This will return incidence, worst grades, rates, counts per infusion, the first event over time, the grid, and the shifts.

    Denominators are the subjects treated by `cut_off`; treatment-emergent is what safety.yaml says. `level` is that of every
    interval. Raises TableProblems with every row that cannot be used, and ValueError where the protocol's rule has no days.
    """
    rule = EmergentRule.of(protocol.safety.adverse_events)
    treatment = on_treatment(data.infusions, data.followed, rule, cut_off)
    events = emergent(data.events, treatment, rule, cut_off)
    found: list[Statistic] = [
        *_about(treatment, events),
        *incidence(events, treatment, level=level),
        *rates(events, treatment, level=level),
        *per_infusion(events, treatment, data.infusions, level=level),
        *first_event(events, treatment, level=level),
        *subject_grades(events),
    ]
    tables = [data.events, data.infusions, data.followed]
    if data.graded is not None:
        found += shifts(data.graded, treatment)
        tables.append(data.graded)
    about: dict[str, Scalar] = {"study": protocol.study.id, "protocol_version": protocol.version, "cut_off": cut_off}
    return Results(tuple(found), fingerprint(*tables), about)


def _about(treatment: pl.DataFrame, events: pl.DataFrame) -> tuple[Statistic, ...]:
    treated = treatment.filter(pl.col("first").is_not_null())
    days = int(treated["risk_days"].sum())
    counts = [
        ("subjects", treatment.height),
        ("treated", treated.height),
        ("infusions", int(treated["infusions"].sum())),
        ("events", events.height),
    ]
    counts += [
        (f"events_{name}", events.filter(pl.col("emergence") == name).height)
        for name in ("emergent", "worsened", "before", "after", "unknown", "not_treated")
    ]
    found = [Statistic("ae_exposure", name, value) for name, value in counts]
    return (*found, Statistic("ae_exposure", "risk_days", days, unit="d", conventions=("ae_person_time",)))
