"""Contradictions inside and between the other documents: ranges turned round, versions that differ, draws without a time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import yaml

from protocord.concepts import Concepts
from protocord.errors import Problem
from protocord.protocol.document import Assumptions, Dosing, Kinetics, Safety, Study
from protocord.protocol.document.limits import Limit
from protocord.protocol.reading import Loc, Source, keys, scalar


def turned_ranges(source: Source, problems: list[Problem]) -> None:
    """This will note every mapping of the document whose `low` is above its `high`."""

    def walk(node: yaml.Node, loc: Loc) -> None:
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                if not isinstance(child, yaml.ScalarNode):
                    walk(child, (*loc, index))
            return
        parts = keys(node)
        if "low" in parts and "high" in parts and "type" not in parts:
            low, high = _decimal(parts["low"]), _decimal(parts["high"])
            if low is not None and high is not None and low > high:
                problems.append(
                    Problem(source.place((*loc, "low")), f"the range is empty: {low} is above {high}.", "Exchange the two.")
                )
        for key, child in parts.items():
            if not isinstance(child, yaml.ScalarNode):
                walk(child, (*loc, key))

    if source.root is not None:
        walk(source.root, ())


def _decimal(node: yaml.Node) -> Decimal | None:
    try:
        return Decimal(scalar(node) or "")
    except InvalidOperation:
        return None


def study_faults(source: Source, study: Study, problems: list[Problem]) -> None:
    """This will note contradictions in study.yaml."""
    low, high = study.population.age_min, study.population.age_max
    if low is not None and high is not None and low.unit == high.unit and low.number > high.number:
        place = source.place(("population", "age_min"))
        problems.append(Problem(place, f"the youngest age, {low}, is above the oldest, {high}.", "Exchange the two."))
    if study.regulation.assent_age > study.regulation.majority_age:
        place = source.place(("regulation", "assent_age"))
        problems.append(Problem(place, "assent is asked from an age above majority.", "Mend one of the two ages."))
    if study.population.enrolment < study.design.planned_subjects:
        what = f"{study.design.planned_subjects} subjects are planned, and only {study.population.enrolment} enrolled."
        problems.append(Problem(source.place(("design", "planned_subjects")), what, "Mend one of the two numbers."))
    for index, limit in enumerate(study.design.interim):
        limit_faults(source, ("design", "interim", index), limit, problems)


def safety_faults(
    source: Source, safety: Safety, study: Study | None, concepts: Concepts | None, problems: list[Problem]
) -> None:
    """This will note contradictions in safety.yaml, and with the CTCAE version of study.yaml."""
    for index, scale in enumerate(safety.grading.scales):
        if scale.scale == "ctcae" and study is not None and scale.version != study.regulation.ctcae:
            what = f"grades are CTCAE {scale.version} here and {study.regulation.ctcae} in study.yaml."
            problems.append(
                Problem(
                    source.place(("grading", "scales", index, "version")), what, "One protocol version has one CTCAE version."
                )
            )
    if safety.dlt is not None:
        window = safety.dlt.window
        if window.first_day > window.last_day:
            problems.append(
                Problem(source.place(("dlt", "window")), "the window ends before it begins.", "Exchange the two days.")
            )
        for index, event in enumerate(safety.dlt.events):
            for number, condition in enumerate(event.any_of):
                at: Loc = ("dlt", "events", index, "any_of", number)
                if condition == type(condition)():
                    problems.append(
                        Problem(source.place(at), "the condition is empty.", "State a grade, a duration, or a value.")
                    )
                if condition.concept and condition.unit and concepts is not None and condition.concept in concepts:
                    unit_fault(source, (*at, "unit"), condition.concept, condition.unit, concepts, problems)
                if condition.concept and (condition.below is None) == (condition.above is None):
                    problems.append(
                        Problem(source.place(at), "a condition on a value needs one limit.", "Write `below` or `above`.")
                    )
    for index, limit in enumerate(safety.limits):
        limit_faults(source, ("limits", index), limit, problems)


def unit_fault(source: Source, at: Loc, concept: str, unit: str, concepts: Concepts, problems: list[Problem]) -> None:
    """This will note a unit that a concept does not accept."""
    accepted = concepts[concept].units
    if unit not in accepted:
        what = f"{concept!r} does not accept the unit {unit!r}; it accepts: {', '.join(accepted)}."
        problems.append(
            Problem(source.place(at), what, "UCUM minds letter case; a further unit needs its factor in the concept.")
        )


def limit_faults(source: Source, at: Loc, limit: Limit, problems: list[Problem]) -> None:
    """This will note a limit that is never looked at, or whose bounds turn back."""
    if limit.rule.kind == "each_event":
        if limit.bounds:
            problems.append(
                Problem(source.place((*at, "bounds")), "every event crosses, so there are no bounds.", "Take the bounds away.")
            )
    elif limit.looks is None:
        problems.append(Problem(source.place(at), "the limit is never looked at.", "Write `looks`."))
    elif limit.looks.first > limit.looks.last:
        problems.append(Problem(source.place((*at, "looks")), "the last look stands before the first.", "Exchange the two."))
    for number, (one, following) in enumerate(zip(limit.bounds, limit.bounds[1:], strict=False), start=1):
        if following.subjects <= one.subjects or following.events < one.events:
            what = f"the bound from {following.subjects} subjects does not follow that from {one.subjects}."
            problems.append(
                Problem(source.place((*at, "bounds", number)), what, "List the bounds by subjects; events never go down.")
            )
            break


def dosing_faults(source: Source, dosing: Dosing, problems: list[Problem]) -> None:
    """This will note courses whose infusions do not exist or stand twice, and times turned round."""
    seen: set[int] = set()
    for index, course in enumerate(dosing.infusions.courses):
        for infusion in course.infusions:
            if infusion > dosing.infusions.planned or infusion < 1:
                what = f"there is no infusion {infusion}; {dosing.infusions.planned} are planned."
                problems.append(Problem(source.place(("infusions", "courses", index, "infusions")), what, "Mend the number."))
            elif infusion in seen:
                what = f"infusion {infusion} belongs to two courses."
                problems.append(Problem(source.place(("infusions", "courses", index, "infusions")), what, "Leave it in one."))
            seen.add(infusion)
    low, high = dosing.dose.low, dosing.dose.high
    if (low is not None and dosing.dose.target < low) or (high is not None and dosing.dose.target > high):
        what = f"the target {dosing.dose.target} lies outside the plausible range."
        problems.append(Problem(source.place(("dose", "target")), what, "Mend the target or the range."))
    shortest, longest = dosing.administration.shortest.minutes, dosing.administration.longest.minutes
    if shortest is not None and longest is not None and shortest > longest:
        place = source.place(("administration", "shortest"))
        problems.append(Problem(place, "the shortest infusion is longer than the longest.", "Exchange the two."))


def kinetics_faults(source: Source, kinetics: Kinetics, concepts: Concepts | None, problems: list[Problem]) -> None:
    """This will note draws without a visit or day, intervals without an origin, and units that a concept does not accept."""
    for index, analyte in enumerate(kinetics.analytes):
        if analyte.concept and concepts is not None and analyte.concept in concepts:
            unit_fault(source, ("analytes", index, "unit"), analyte.concept, analyte.unit, concepts, problems)
    for index, sample in enumerate(kinetics.samples):
        at: Loc = ("samples", index)
        if (sample.visit is None) == (sample.day is None):
            problems.append(
                Problem(source.place(at), "a draw needs a visit or a study day, and not both.", "Write `visit` or `day`.")
            )
        if (sample.after is None) == (sample.timing in ("after_start", "after_end")):
            what = "`after` goes with `timing: after_start` or `after_end`, and they with it."
            problems.append(Problem(source.place((*at, "timing")), what, "Write both, or neither."))
    for index, interval in enumerate(kinetics.intervals):
        if (interval.infusion is None) == (interval.course is None):
            what = "an interval begins with an infusion or with a course, and not both."
            problems.append(Problem(source.place(("intervals", index)), what, "Write `infusion` or `course`."))


def assumption_faults(source: Source, assumptions: Assumptions, problems: list[Problem]) -> None:
    """This will note weights that do not sum to 1."""
    for index, assumption in enumerate(assumptions.assumptions):
        weights: Mapping[str, Decimal] | None = getattr(assumption.distribution, "weights", None)
        if weights is not None and sum(weights.values()) != 1:
            what = f"the weights sum to {sum(weights.values())}."
            problems.append(Problem(source.place(("assumptions", index, "distribution", "weights")), what, "They must sum to 1."))
