"""A study's eligibility rules as CQL over FHIR 4.0.1, written from the checked tree: one define a criterion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from protocord.concepts import Concepts
from protocord.criteria import Truth
from protocord.criteria import plan as rows
from protocord.criteria.lengths import Length
from protocord.criteria.numbers import decides
from protocord.criteria.tree import Comparison, Spot
from protocord.errors import DocumentProblems, Place, Problem
from protocord.exchange.cql.words import decimal, quoted, strings, vocabulary
from protocord.exchange.fhir.elements import _SYSTEM_ALIASES
from protocord.exchange.mapping import SiteMapping
from protocord.values import CodeSystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocord.criteria import CheckedRule
    from protocord.protocol import Protocol

Where = Callable[[Spot], Place]
HELPERS = "ProtocordHelpers"
_HELPERS_VERSION = "1.0.0"
_TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_NO_TIME = Length()
_PLACES = 8  # of a Decimal in CQL

_EVENT = """id String, concept String, status String, certain Boolean, dayFirst Integer, dayLast Integer, overFirst Integer, overLast Integer,
undated Boolean, ended Boolean, ongoing Boolean, kind String, low Decimal, high Decimal, lowStrict Boolean, highStrict Boolean, upper Decimal,
code String, readable Boolean, answered Boolean, above List<System.String>, below List<System.String>, toxicity String"""
_FACT = """id String, concept String, status String, kind String, begun_ Date, finish Date, ongoing Boolean, value Decimal, unit String,
comparator String, code String, upper Decimal, upperUnit String, bandLow Integer, bandHigh Integer, child Boolean, sex String"""
_WORDS = """keys List<System.String>, concepts List<System.String>, ids List<System.String>, known List<System.String>,
kinds List<System.String>, above List<List<System.String>>, below List<List<System.String>>, units List<System.String>, pure List<System.String>,
unitKeys List<System.String>, factors List<System.Decimal>, least List<System.Decimal>, most List<System.Decimal>, patterns List<System.String>,
spelt List<System.String>, meant List<System.String>, answerKeys List<System.String>, answers List<System.String>, ownKeys List<System.String>,
ownAnswers List<System.String>, listed List<System.String>, scoreKeys List<System.String>, scores List<System.Decimal>,
coverageKeys List<System.String>, coverage List<System.String>, childRanges Boolean"""
_TYPES = {
    "$EVENT": _EVENT,
    "$FACT": _FACT,
    "$WORDS": _WORDS,
    "$CODING": "system String, code String, key String",
    "$STRETCH": "concept String, since Integer, until Integer",
    "$HISTORY": "concept String, since Date, until Date",
    "$PERSON": "birthFirst Integer, birthLast Integer, sex String",
    "$RANGE": "upper Decimal, unit String, bandLow Integer, bandHigh Integer, child Boolean, sex String",
}  # fmt: skip


def helper_library() -> str:
    """This will return the CQL text of the helper library, the same for every study."""
    text = files("protocord.exchange.cql").joinpath("helpers.cql").read_text("utf-8")
    for name, elements in _TYPES.items():
        parts = (element.strip().split(" ", 1) for element in elements.replace("\n", " ").split(","))
        typed = ", ".join(f"{part} {kind if kind.startswith('List') else 'System.' + kind}" for part, kind in parts)
        text = text.replace(name, f"Tuple {{ {typed} }}")
    aliases = [f"when written = {quoted(alias)} then {quoted(system.value)}" for alias, system in _SYSTEM_ALIASES.items()]
    return text.replace("$ALIASES", "\n    ".join(aliases)).replace("$ICD_O_3", CodeSystem.ICD_O_3.value)


def library_name(study: str) -> str:
    """This will return the name of a study's library: letters, digits and underscores."""
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in study).upper()
    return name if name[:1].isalpha() else f"STUDY_{name}"


def study_library(protocol: Protocol, mapping: SiteMapping | None = None) -> str:
    """This will return the CQL text of a study's criteria in the readings chosen.

    Of a criterion `I01` there are `I01 rule` (true, false or null), `I01 review` (whether a person must judge) and `I01` (whether it
    is met; null while unknown or while a person must judge). Raises DocumentProblems naming each rule that CQL cannot repeat exactly.
    """
    writer = Writer(protocol.concepts)
    defines = [_criterion(writer, protocol, one.id) for one in protocol.eligibility.criteria]
    if writer.problems:
        raise DocumentProblems(sorted(writer.problems))
    return writer.library(
        library_name(protocol.study.id), protocol.version, mapping or SiteMapping(), defines, _eligible(protocol)
    )


def rules_library(name: str, rules: Mapping[str, CheckedRule], concepts: Concepts, mapping: SiteMapping | None = None) -> str:
    """This will return a CQL library with one define a rule, counted to "Reference Date". Raises DocumentProblems."""
    writer = Writer(concepts)
    defines = []
    for one, rule in rules.items():
        where = partial(_rule_place, one)
        defines.append(f"define {_named(one)}:\n  {writer.condition(rule.plan, _AT, where)}")
    if writer.problems:
        raise DocumentProblems(sorted(writer.problems))
    return writer.library(name, "1.0.0", mapping or SiteMapping(), defines, "")


def _rule_place(name: str, spot: Spot) -> Place:
    return Place(name, spot.line)


def _named(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_AT, _INFUSION = '"At"', '"At infusion"'


def _place(protocol: Protocol, criterion: str, reading: str, key: str) -> Where:
    """Where a part of a rule stands: the file and line of the study's document."""
    steps = ("criteria", criterion, key) if reading == "default" else ("criteria", criterion, "readings", reading, key)

    def place(spot: Spot) -> Place:
        if protocol.sources is None:
            return Place("eligibility.yaml", spot.line, ".".join(steps))
        return protocol.sources.place_within("eligibility", *steps, line=spot.line, column=spot.column)

    return place


def _criterion(writer: Writer, protocol: Protocol, name: str) -> str:
    criterion = next(one for one in protocol.eligibility.criteria if one.id == name)
    rules = protocol.rules[name]
    read = {one.id: one.as_of for one in criterion.readings}.get(rules.reading_id)
    at = _INFUSION if (read or criterion.as_of) == "planned_infusion" else _AT
    rule = writer.condition(rules.rule.plan, at, _place(protocol, name, rules.reading_id, "rule"))
    review = "false"
    if rules.review_when is not None:
        review = writer.condition(rules.review_when.plan, at, _place(protocol, name, rules.reading_id, "review_when"))
    kept = f'"{name} rule"' if criterion.type == "inclusion" else f'not "{name} rule"'
    said = " ".join(criterion.text.en.split()).replace("*/", "* /")
    return f"""/*
@criterion: {name}
@type: {criterion.type}
@reading: {rules.reading_id}
@text: {said}
*/
define {_named(f"{name} rule")}:
  {rule}

define {_named(f"{name} review")}:
  {review}

define {_named(name)}:
  if "{name} review" is false then {kept} else null"""


def _eligible(protocol: Protocol) -> str:
    parts = "\n    and ".join(_named(one.id) for one in protocol.eligibility.criteria)
    return f'define "Eligible":\n  {parts}\n'


@dataclass
class Writer:
    """Turns plans into CQL expressions, and gathers what they ask for and what cannot be said."""

    concepts: Concepts
    problems: list[Problem] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def condition(self, plan: rows.Plan, at: str, place: Where) -> str:
        """This will return the CQL of a condition counted to the day that `at` names."""
        match plan:
            case rows.Constant(truth=truth):
                return {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "null as System.Boolean"}[truth]
            case rows.Asked():
                return self._asked(plan, at)
            case rows.Negation(operand=operand):
                return f"(not {self.condition(operand, at, place)})"
            case rows.Junction(decisive=decisive, left=left, right=right):
                word = "or" if decisive is Truth.TRUE else "and"
                return f"({self.condition(left, at, place)}\n    {word} {self.condition(right, at, place)})"
            case rows.Choice(condition=condition, then=then, otherwise=otherwise):
                return self._choose(*(self.condition(part, at, place) for part in (condition, then, otherwise)))
            case rows.Comparing(operator=operator, left=left, right=right, at=spot):
                return self._comparison(left, operator, right, at, place, spot)

    @staticmethod
    def _choose(condition: str, then: str, otherwise: str) -> str:
        return f"P.Choose({condition},\n    {then},\n    {otherwise})"

    def _comparison(
        self, left: rows.NumberPlan, operator: Comparison, right: rows.NumberPlan, at: str, place: Where, spot: Spot
    ) -> str:
        for side, other, turned in ((left, right, False), (right, left, True)):
            if isinstance(side, rows.NumberChoice):
                one, two = (
                    self._comparison(*((other, operator, branch) if turned else (branch, operator, other)), at, place, spot)
                    for branch in (side.then, side.otherwise)
                )
                return self._choose(self.condition(side.condition, at, place), one, two)
        if isinstance(left, rows.Written) and isinstance(right, rows.Asked):
            left, operator, right = right, _TURNED[operator], left
        if isinstance(left, rows.Asked) and isinstance(right, rows.Written):
            if right.value is None:
                return "null as System.Boolean"
            if _digits(right.value) > _PLACES:
                self._refuse(place, spot, "has a limit of more than eight decimal places", "Write the limit with fewer.")
            return self._compared(left, operator, right.value, at)
        if isinstance(left, rows.Written) and isinstance(right, rows.Written):
            return self.condition(rows.Constant(decides(left.numbers, operator, right.numbers), spot), at, place)
        self._refuse(
            place, spot, "compares two numbers that are both asked of the child", "Compare with a limit that the rule writes."
        )
        return "null as System.Boolean"

    def _refuse(self, place: Where, spot: Spot, what: str, remedy: str) -> None:
        self.problems.append(Problem(place(spot), f"the rule {what}, which CQL cannot repeat.", remedy))

    def _asked(self, plan: rows.Asked, at: str) -> str:
        return _TRUTHS[plan.function.name](self, at, *plan.arguments)

    def _compared(self, plan: rows.Asked, operator: Comparison, limit: Decimal, at: str) -> str:
        return _NUMBERS[plan.function.name](self, at, f"{quoted(operator)}, {decimal(limit)}", *plan.arguments)

    # ---- what is asked for

    def events(self, concept: str) -> str:
        """This will name the events of a concept."""
        self.asked[concept] = 1
        return _named(f"events of {concept}")

    def covers(self, concept: str, opens: str, closes: str) -> str:
        """This will ask whether every event of a concept between two days is on record."""
        names = strings(sorted(self.concepts.ancestors(concept) | {concept}))
        return f'P.Covers("Histories", {names}, {opens}, {closes})'

    def library(self, name: str, version: str, mapping: SiteMapping, defines: list[str], end: str) -> str:
        """This will return the whole text of a library."""
        events = [
            f'define {_named(f"events of {one}")}:\n  P.Of("Events", {strings(sorted(self.concepts.descendants(one) | {one}))}, '
            f"{strings(sorted(self.concepts.possible(one)))})"
            for one in sorted(self.asked)
        ]
        return (
            _HEAD.format(name=name, version=version, helpers=HELPERS, helpers_version=_HELPERS_VERSION)
            + f'define "Words":\n  {vocabulary(self.concepts, mapping, self.asked)}\n'
            + _FACTS
            + "\n\n".join([*events, *defines, end])
        )


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _opens(at: str, lookback: Length | None) -> str:
    return "P.LongAgo()" if lookback is None else f"P.Back({at}, {lookback.days}, {lookback.months})"


def _known(at: str) -> str:
    return f'P.Smaller({at}, "At")'


def _washout(writer: Writer, at: str, concept: str, gap: Length) -> str:
    last = _known(at)
    covered = writer.covers(concept, f"P.Smaller({_opens(at, gap)}, {last})", last)
    return f'P.Washout({writer.events(concept)}, {at}, "At", {gap.days}, {gap.months}, {covered})'


def _has(writer: Writer, at: str, concept: str, lookback: Length | None = None) -> str:
    above = strings(sorted(writer.concepts.ancestors(concept) | {concept}))
    covered = "false" if lookback else writer.covers(concept, "P.LongAgo()", _known(at))
    return f"P.Has({writer.events(concept)}, {at}, {_opens(at, lookback)}, {quoted(concept)}, {above}, {covered})"


def _recovered(writer: Writer, at: str, concept: str, grade: Decimal) -> str:
    covered = writer.covers(concept, _known(at), _known(at))
    return f"P.RecoveredTo(P.Numeric({writer.events(concept)}), {at}, {decimal(grade)}, {covered})"


def _ever(writer: Writer, at: str, concept: str) -> str:
    return f"P.Ever({writer.events(concept)}, {at}, {writer.covers(concept, 'P.LongAgo()', _known(at))})"


def _windowed(function: str) -> Callable[..., str]:
    def write(writer: Writer, at: str, concept: str, lookback: Length | None = None) -> str:
        return f"P.{function}({writer.events(concept)}, {at}, {_opens(at, lookback)})"

    return write


def _code_in(writer: Writer, at: str, concept: str, codes: frozenset[str], _name: Any) -> str:
    return f"P.CodeIn({writer.events(concept)}, {at}, {strings(sorted(codes))})"


def _on_or_before(writer: Writer, at: str, first: str, second: str) -> str:
    own = strings(sorted(writer.concepts.descendants(second) | {second}))
    covered = writer.covers(second, "P.LongAgo()", _known(at))
    return f'P.OnOrBefore({writer.events(first)}, {writer.events(second)}, {at}, P.NotDone("Events", {own}), {covered})'


def _result(function: str) -> Callable[..., str]:
    def write(writer: Writer, at: str, limit: str, concept: str, lookback: Length) -> str:
        return f"P.{function}(P.Numeric({writer.events(concept)}), {at}, {_opens(at, lookback)}, {limit})"

    return write


def _age(_writer: Writer, at: str, limit: str) -> str:
    return f'P.AgeInYears("Person", {at}, {limit})'


def _age_at(writer: Writer, at: str, limit: str, concept: str, before: Length = _NO_TIME) -> str:
    return f'P.AgeInYearsOn("Person", {writer.events(concept)}, {at}, {before.days}, {before.months}, {limit})'


_TRUTHS: dict[str, Callable[..., str]] = {
    "Attested": _windowed("Attested"),
    "Recorded": _windowed("Recorded"),
    "CodeIn": _code_in,
    "Has": _has,
    "Ever": _ever,
    "Washout": _washout,
    "RecoveredTo": _recovered,
    "OnOrBefore": _on_or_before,
}
_NUMBERS: dict[str, Callable[..., str]] = {
    "Latest": _result("Latest"),
    "TimesULN": _result("TimesULN"),
    "AgeInYears": _age,
    "AgeInYearsAt": _age_at,
}

_HEAD = """library {name} version '{version}'

using FHIR version '4.0.1'

include {helpers} version '{helpers_version}' called P

// The day of the assessment; required.
parameter "Reference Date" System.Date
// The day of the first infusion as planned, not before the assessment; bind it to null where none is planned.
parameter "Planned Infusion" System.Date

context Patient

// What codes mean to this study, and to the site whose mapping was given.
"""
_FACTS = """
define "At":
  P.EarliestDay("Reference Date")

define "At infusion":
  if "Planned Infusion" is null then "At" else P.EarliestDay("Planned Infusion")

define "Facts":
  flatten {
    P.PatientFacts(Patient),
    P.ProcedureFacts([Procedure], Patient, "Words"),
    P.AdministrationFacts([MedicationAdministration], [Medication], Patient, "Words"),
    P.StatementFacts([MedicationStatement], [Medication], Patient, "Words"),
    P.ConditionFacts([Condition], Patient, "Words"),
    P.ConsentFacts([Consent], Patient, "Words"),
    P.ObservationFacts([Observation], Patient, "Words") }

define "Person":
  P.Person("Facts")

define "Histories":
  P.Stretches(flatten {
    P.DeclaredBy([Observation], Patient, "Words"),
    P.EmptyLists(["List"], Patient, "Words") }, "Person")

define "Events":
  P.Events("Facts", "Person", "Words")

"""
