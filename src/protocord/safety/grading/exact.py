"""Grade one result, exactly: decimals throughout, three-valued where something is missing, every grade with its row and numbers.

A row holds, does not hold, or may hold (what it asks is missing). Where the fact that tells a term's branches apart is unknown, each
branch is tried. So `grade_min` and `grade_max` are what the missing facts leave, and a grade is given only where both are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal
from types import MappingProxyType

from protocord.safety.grading.grades import AbnormalBaseline, Grade, Status, Undecided
from protocord.safety.grading.standard import STATED, End, Rule, Term
from protocord.values import Quantity, Reason

_EXACT = Context(prec=60)
_DIGITS = Context(prec=15)
_HAIR = Decimal("1e-30")  # below any difference that two reported numbers can have
_FAR = Decimal(10) ** 12


def decimal(number: Decimal | float | str) -> Decimal:
    """This will return a number as the decimal that was written, to 15 significant digits; a float by its shortest notation.

    With 15 digits a text, a Decimal and the binary number nearest to either are one and the same, so 3 × 1.1 is 3.3.
    Raises decimal.InvalidOperation for a text that is not a number.
    """
    return _DIGITS.create_decimal(repr(number) if isinstance(number, float) else str(number))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a term is held against, all in the concept's unit; None is not known.

    `below` and `above` are the least and the greatest value that the result allows: the same number, but for one such as `<0.1`.
    `stated` holds the clinical facts that were stated, each with yes or no.
    """

    below: Decimal
    above: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    baseline: Decimal | None = None
    baseline_low: Decimal | None = None
    baseline_high: Decimal | None = None
    stated: tuple[tuple[str, bool], ...] = ()

    @classmethod
    def of(cls, value: Quantity, **others: object) -> Facts:
        """This will return the facts of a result whose comparator, if any, leaves a stretch of values."""
        number = value.value
        low, high = {
            "": (number, number),
            "<": (min(Decimal(0), number), _EXACT.subtract(number, _HAIR)),
            "<=": (min(Decimal(0), number), number),
            ">": (_EXACT.add(number, _HAIR), max(_FAR, number + 1)),
            ">=": (number, max(_FAR, number + 1)),
        }[value.comparator]
        return cls(low, high, **others)  # type: ignore[arg-type]

    @property
    def within_range(self) -> bool | None:
        """Whether the value lies within the stated limits of normal, both included; None where none is stated or a comparator hides it."""
        low, high = self.low, self.high
        if (low is not None and self.above < low) or (high is not None and self.below > high):
            return False
        inside = (low is None or low <= self.below) and (high is None or self.above <= high)
        return True if inside and not low is high is None else None

    def says(self, name: str) -> bool | None:
        """What was stated of a clinical fact; None where nothing was."""
        return dict(self.stated).get(name)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The grades between which a value lies, the rows behind them, and the kinds of reason that keep them apart."""

    low: int
    high: int
    sure: tuple[Rule, ...]
    possible: tuple[Rule, ...]
    causes: frozenset[str]
    no_grade: bool = False


def judge(
    term: Term,
    facts: Facts,
    *,
    unit: str | None,
    undecided: Undecided = "ask",
    abnormal_baseline: AbnormalBaseline = "above_upper_limit",
) -> Grade:
    """This will return the grade of facts on a term that the version grades."""
    deciding = _deciding(term, facts, abnormal_baseline)
    answer = _joined(
        [
            _graded(term, replace(facts, below=at, above=at), deciding, abnormal_baseline)
            for at in dict.fromkeys((facts.below, facts.above))
        ]
    )

    def made(status: Status, grade: int | None, rules: tuple[Rule, ...], reasons: tuple[Reason, ...] = ()) -> Grade:
        low, high = (None, None) if answer.no_grade else (answer.low, answer.high)
        names = (term.name.en, term.version, term.direction, term.concept)
        shown = MappingProxyType(_shown(facts, rules if status == "graded" else (), unit))
        return Grade(*names, status, grade, low, high, tuple(rule.id for rule in rules), shown, facts.within_range, reasons)

    if answer.no_grade:
        return made("cannot", None, answer.sure, (_reason("outside_standard", term),))
    if answer.low == answer.high:
        return made("graded", answer.low, tuple(rule for rule in answer.sure if rule.grade == answer.low))
    reasons = tuple(_reason(cause, term) for cause in sorted(answer.causes))
    rules = tuple(dict.fromkeys([*answer.sure, *answer.possible]))
    if not answer.causes <= set(STATED):
        return made("cannot", None, rules, reasons)
    if undecided == "ask":
        return made("ask", None, rules, reasons)
    return made("assumed", answer.high if undecided == "worst" else answer.low, rules, reasons)


def _graded(term: Term, facts: Facts, deciding: bool | None, abnormal: AbnormalBaseline) -> _Answer:
    """The answer at one value; both branches are tried where the deciding fact is unknown."""
    gap = [rule for rule in term.rules if rule.grade is None and _holds(rule, term, facts, abnormal)[0]]
    if gap:
        return _Answer(0, 0, tuple(gap), (), frozenset(), no_grade=True)
    if not term.decided_by or deciding is not None:
        return _in_branch(term, facts, deciding, abnormal)
    no, yes = (_in_branch(term, facts, branch, abnormal) for branch in (False, True))
    joined = _joined([no, yes], comparator=False)
    if (no.low, no.high) != (yes.low, yes.high):
        joined = replace(joined, causes=joined.causes | {_unknown(term, facts)})
    return joined


def _in_branch(term: Term, facts: Facts, deciding: bool | None, abnormal: AbnormalBaseline) -> _Answer:
    sure: list[Rule] = []
    open_: list[tuple[Rule, frozenset[str]]] = []
    for rule in term.rules:
        if rule.grade is None or (rule.when is not None and rule.when != deciding):
            continue
        if rule.needs and facts.says(rule.needs) is not True:
            continue
        holds, missing = _holds(rule, term, facts, abnormal)
        if holds:
            sure.append(rule)
        elif holds is None:
            open_.append((rule, missing))
    least = max((rule.grade or 0 for rule in sure), default=0)
    possible = [(rule, missing) for rule, missing in open_ if (rule.grade or 0) > least]
    most = max((rule.grade or 0 for rule, _ in possible), default=least)
    causes = frozenset().union(*(missing for _, missing in possible))
    return _Answer(least, most, tuple(sure), tuple(rule for rule, _ in possible), causes)


def _holds(rule: Rule, term: Term, facts: Facts, abnormal: AbnormalBaseline) -> tuple[bool | None, frozenset[str]]:
    """Whether the value lies between the row's ends; None where that depends on what is missing, which comes with it."""
    missing: set[str] = set()
    for end, is_low in ((rule.low, True), (rule.high, False)):
        for bound, lacking in _bounds(end, facts) if end else ():
            if bound is not None:
                if not _beyond(facts.below, bound, is_low, end.inclusive):  # type: ignore[union-attr]
                    return False, frozenset()
                continue
            best = _best_case(end, is_low, rule, term, facts, abnormal) if end else None
            if best is not None and not _beyond(facts.below, best, is_low, inclusive=False):
                return False, frozenset()
            missing.add(lacking)
    return (None, frozenset(missing)) if missing else (True, frozenset())


def _beyond(value: Decimal, bound: Decimal, is_low: bool, inclusive: bool) -> bool:
    if value == bound:
        return inclusive
    return value > bound if is_low else value < bound


def _bounds(end: End, facts: Facts) -> list[tuple[Decimal | None, str]]:
    """The numbers of an end, each with what is missing where it is None; the value must lie beyond all of them."""
    lln, uln, baseline = (facts.low, "low_missing"), (facts.high, "high_missing"), (facts.baseline, "baseline_missing")
    if end.of == "value":
        return [(end.number, "")]
    if end.of == "above ULN":
        return [(None if facts.high is None else _EXACT.add(end.number, facts.high), "high_missing")]
    bases = {"LLN": [lln], "ULN": [uln], "baseline": [baseline], "ULN and baseline": [uln, baseline]}[end.of]
    return [(_times(end.number, limit), lacking) for limit, lacking in bases]


def _best_case(end: End, is_low: bool, rule: Rule, term: Term, facts: Facts, abnormal: AbnormalBaseline) -> Decimal | None:
    """The bound that a missing baseline cannot go beyond, in the branch where it is known to lie outside a limit; None for none.

    An abnormal baseline lies above ULN, so a value that is not above 3 × ULN cannot be above 3 × baseline.
    """
    if end.of != "baseline" or not rule.branch or (term.direction == "high") != is_low:
        return None
    if term.decided_by == "baseline_abnormal" and abnormal == "above_upper_limit":
        return _times(end.number, facts.high)
    if term.decided_by == "baseline_below_lln" and term.direction == "low":
        return _times(end.number, facts.low)
    return None


def _times(number: Decimal, limit: Decimal | None) -> Decimal | None:
    return None if limit is None else _EXACT.multiply(number, limit)


def _deciding(term: Term, facts: Facts, abnormal: AbnormalBaseline) -> bool | None:
    """What the term's deciding fact is; None where it is unknown or the term has none."""
    if term.decided_by in STATED:
        return facts.says(term.decided_by)
    if not term.decided_by or facts.baseline is None:
        return None
    below = None if facts.baseline_low is None else facts.baseline < facts.baseline_low
    if term.decided_by == "baseline_below_lln":
        return below
    above = None if facts.baseline_high is None else facts.baseline > facts.baseline_high
    if abnormal == "above_upper_limit" or above:
        return above
    return True if below else (None if above is None or below is None else False)


def _unknown(term: Term, facts: Facts) -> str:
    """The kind of reason for which the deciding fact is unknown."""
    if term.decided_by in STATED:
        return term.decided_by
    return "baseline_missing" if facts.baseline is None else "baseline_limit_missing"


def _joined(answers: list[_Answer], *, comparator: bool = True) -> _Answer:
    """The grades that several cases leave together."""
    if len(answers) == 1:
        return answers[0]
    low, high = min(answer.low for answer in answers), max(answer.high for answer in answers)
    causes = frozenset().union(*(answer.causes for answer in answers))
    if comparator and len({(answer.low, answer.high, answer.no_grade) for answer in answers}) > 1:
        causes |= {"comparator"}
    sure = tuple(dict.fromkeys(rule for answer in answers for rule in answer.sure))
    possible = tuple(dict.fromkeys(rule for answer in answers for rule in answer.possible))
    return _Answer(low, high, sure, possible, causes, any(answer.no_grade for answer in answers))


def _reason(cause: str, term: Term) -> Reason:
    return Reason.of(f"grading_{cause}", term=term.name, version=term.version)


def _shown(facts: Facts, rules: tuple[Rule, ...], unit: str | None) -> dict[str, Quantity]:
    """The numbers that were compared, and the ends of the row that gave the grade, as numbers in the concept's unit."""
    named = ("low", "high", "baseline", "baseline_low", "baseline_high")
    shown = {"value": Quantity(facts.below, unit)} if facts.below == facts.above else {}
    shown |= {name: Quantity(number, unit) for name in named if (number := getattr(facts, name)) is not None}
    for rule in rules[:1]:
        for name, end in (("from", rule.low), ("to", rule.high)):
            bounds = [bound for bound, _ in _bounds(end, facts) if bound is not None] if end else []
            if bounds:
                shown[name] = Quantity(max(bounds), unit)
    return shown
