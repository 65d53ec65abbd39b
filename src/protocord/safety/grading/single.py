"""Grade one result: `grade` on a term by its name, `grade_test` in both directions by what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from protocord import concepts
from protocord.concepts import Concepts
from protocord.concepts.documents import did_you_mean
from protocord.errors import Place, Problem, ProblemsFound
from protocord.safety.grading.exact import Facts, judge
from protocord.safety.grading.grades import AbnormalBaseline, Direction, Grade, Graded, Number, Undecided
from protocord.safety.grading.measured import (
    ALBUMIN,
    CORRECTED_CALCIUM,
    STATED_BY_TEST,
    TOTAL_CALCIUM,
    concept_named,
    corrected_calcium,
    read_value,
    standardised,
)
from protocord.safety.grading.standard import QUALIFIERS, VERSIONS, Term, standard
from protocord.values import Quantity, Reason

Limit = Number | None
_DIRECTIONS: tuple[Direction, ...] = ("low", "high")


def grade(
    term: str,
    value: Number | Quantity,
    unit: str | None = None,
    *,
    version: str,
    measured: str = "",
    low: Limit = None,
    high: Limit = None,
    baseline: Number | Quantity | None = None,
    baseline_low: Limit = None,
    baseline_high: Limit = None,
    albumin: Quantity | None = None,
    stated: Mapping[str, bool] | None = None,
    undecided: Undecided = "ask",
    abnormal_baseline: AbnormalBaseline = "above_upper_limit",
    known: Concepts | None = None,
) -> Grade:
    """This will return the grade of one result on the CTCAE term `term`, with the row and the exact numbers that gave it.

    `value` is the result in `unit` (UCUM; None: the concept's own unit); `low` and `high` its reference range, in the same unit.
    `baseline` is the subject's baseline in that unit, or a Quantity in its own; its range is `baseline_low` and `baseline_high`, and
    without them that of the result. `albumin` corrects a total calcium. `stated` maps clinical facts (symptoms, anticoagulated,
    fasting, …) to yes or no; one that is left out is unknown. `measured` names the concept for a term that more than one measures.
    Source: NCI CTCAE v5.0 and v6.0, row by row in `tables/`. Raises ProblemsFound for an unknown term, version, test or fact, and
    ValueError for a range whose limits are reversed.

    >>> grade("Platelet count decreased", "74.9", version="5.0", low=150).grade
    2
    """
    terms = standard(version).named(term)
    if not terms:
        names = {name for one in VERSIONS for each in standard(one).terms for name in (each.name.en, each.name.zh)}
        what = f"no laboratory term of CTCAE is named {term!r}."
        raise ProblemsFound([Problem(Place(), what, did_you_mean(term, names) or "Terms are named as in the standard.")])
    concept = _graded_as(concept_named(measured, known)) if measured else terms[0].concept
    found = next((one for one in terms if one.concept == concept), None)
    if found is None:
        what = f"{term} is not graded by {measured!r}."
        raise ProblemsFound([Problem(Place(), what, f"It is graded by: {', '.join(one.concept for one in terms)}.")])
    source = TOTAL_CALCIUM if measured and concept_named(measured, known) == TOTAL_CALCIUM else concept
    asked = _Asked(source, known or concepts.load(), undecided, abnormal_baseline)
    asked.take(value, unit, low, high, albumin, stated or {})
    asked.take_baseline(baseline, unit, baseline_low, baseline_high)
    return asked.answer(found)


def grade_test(test: str, value: Number | Quantity, unit: str | None = None, *, version: str, **facts: object) -> Graded:
    """This will return the grades of one result in both directions, by what was measured: a concept, CDISC test or LOINC code.

    The other arguments are those of `grade`. Raises as `grade` does.

    >>> graded = grade_test("PLAT", "24", version="5.0", low="150", high="450")
    >>> graded.low.grade, graded.high, graded.signed
    (4, None, -4)
    """
    known = facts.get("known")
    concept = concept_named(test, known if isinstance(known, Concepts) else None)
    sides: list[Grade | None] = []
    for direction in _DIRECTIONS:
        term = standard(version).side(_graded_as(concept), direction)
        sides.append(grade(term.name.en, value, unit, version=version, measured=concept, **facts) if term else None)  # type: ignore[arg-type]
    return Graded(*sides)


def _graded_as(concept: str) -> str:
    return CORRECTED_CALCIUM if concept == TOTAL_CALCIUM else concept


class _Asked:
    """One result on its way to its facts; the first Reason found on the way ends it."""

    def __init__(self, concept: str, known: Concepts, undecided: Undecided, abnormal: AbnormalBaseline) -> None:
        self.concept, self.known, self.undecided, self.abnormal = concept, known, undecided, abnormal
        self.reason: Reason | None = None
        self.facts: Facts | None = None
        self.reported: Quantity | None = None

    def take(
        self,
        value: Number | Quantity,
        unit: str | None,
        low: Limit,
        high: Limit,
        albumin: Quantity | None,
        stated: Mapping[str, bool],
    ) -> None:
        """This will take the result, its range and what was stated of it."""
        unknown = [name for name in stated if name not in QUALIFIERS]
        if unknown:
            hint = did_you_mean(unknown[0], QUALIFIERS) or f"Facts that grading knows: {', '.join(QUALIFIERS)}."
            raise ProblemsFound([Problem(Place(), f"{unknown[0]!r} is not a fact that grades anything.", hint)])
        found = self._standard(value, unit)
        if isinstance(found, Reason):
            self.reason = found
            return
        self.reported = value if isinstance(value, Quantity) else Quantity.parse(str(value), unit)
        limits = self._limits(low, high, value.unit if isinstance(value, Quantity) else unit)
        if self.concept == TOTAL_CALCIUM:
            corrected = self._corrected(found, albumin)
            if isinstance(corrected, Reason):
                self.reason = corrected
                return
            found = corrected
        said = dict([STATED_BY_TEST[self.concept]]) if self.concept in STATED_BY_TEST else {}
        self.facts = Facts.of(found, low=limits[0], high=limits[1], stated=tuple({**said, **stated}.items()))

    def take_baseline(self, baseline: Number | Quantity | None, unit: str | None, low: Limit, high: Limit) -> None:
        """This will take the baseline and its range; one that is no exact and credible number is none."""
        if self.facts is None or baseline is None:
            return
        found = self._standard(baseline, unit)
        if isinstance(found, Reason) or found.comparator:
            return
        limits = self._limits(low, high, baseline.unit if isinstance(baseline, Quantity) else unit)
        if limits == (None, None):
            limits = (self.facts.low, self.facts.high)
        self.facts = replace(self.facts, baseline=found.value, baseline_low=limits[0], baseline_high=limits[1])

    def answer(self, term: Term) -> Grade:
        """This will return the grade on a term, or the Grade that says why there is none."""
        refused = term.refusal or self.reason
        if refused is not None or self.facts is None:
            names = (term.name.en, term.version, term.direction, term.concept)
            return Grade(*names, "cannot", None, None, None, reasons=(refused,) if refused else ())
        unit = self.known[term.concept].unit
        made = judge(term, self.facts, unit=unit, undecided=self.undecided, abnormal_baseline=self.abnormal)
        if self.reported is None or (self.reported.unit in (None, unit) and self.concept != TOTAL_CALCIUM):
            return made
        return replace(made, facts=MappingProxyType({"reported": self.reported, **made.facts}))

    def _standard(self, value: Number | Quantity, unit: str | None) -> Quantity | Reason:
        read = read_value(value, unit if unit is not None else self.known[self.concept].unit)
        return read if isinstance(read, Reason) else standardised(self.concept, read, self.known)

    def _limits(self, low: Limit, high: Limit, unit: str | None) -> tuple[Decimal | None, Decimal | None]:
        found: list[Decimal | None] = []
        for limit in (low, high):
            read = None if limit is None else read_value(limit, unit if unit is not None else self.known[self.concept].unit)
            standard_ = self.known.standard(self.concept, read) if isinstance(read, Quantity) else None
            found.append(standard_.value if isinstance(standard_, Quantity) else None)
        if found[0] is not None and found[1] is not None and found[0] > found[1]:
            message = f"the lower limit of normal, {low}, lies above the upper one, {high}"
            raise ValueError(message)
        return found[0], found[1]

    def _corrected(self, calcium: Quantity, albumin: Quantity | None) -> Quantity | Reason:
        found = None if albumin is None else standardised(ALBUMIN, albumin, self.known)
        if not isinstance(found, Quantity) or found.comparator:
            return Reason.of("grading_albumin_missing")
        return corrected_calcium(calcium, found)
