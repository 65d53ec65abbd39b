"""What must hold of every rule and every child: drawn, not chosen.

Rules are drawn backwards from their types (what can give a truth? what a number?) over few concepts and colliding dates, so that
ties, overlaps and leap days are common. A child is drawn whole and then blurred: parts of it become unknown again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.criteria import Anchors, FactIndex, Truth, parse, to_text
from protocord.criteria import tree as t
from protocord.criteria.compile import Compiler
from protocord.criteria.functions import FUNCTIONS, Ask, Gives
from protocord.values import Fact, FactStatus, History, PartialDate, Quantity, ReferenceRange, SubjectRecord, Text

# --- a small world of concepts ------------------------------------------------------------------------------------------

_K = ConceptKind


def _concept(name: str, kind: ConceptKind, *parents: str, unit: str | None = None, **units: str) -> Concept:
    factors = {unit: Decimal(1), **{key.replace("_", "/"): Decimal(factor) for key, factor in units.items()}} if unit else {}
    return Concept(name, kind, Text(name, name), parents, unit, factors)


CONCEPTS = Concepts(
    [
        _concept("Birth date", _K.DATE),
        _concept("Sex", _K.CODED),
        _concept("Consent", _K.ATTESTATION),
        _concept("Own consent", _K.ATTESTATION, "Consent"),
        _concept("Drug", _K.EXPOSURE),
        _concept("Chemotherapy", _K.EXPOSURE, "Drug"),
        _concept("Nitrosourea", _K.EXPOSURE, "Chemotherapy"),
        _concept("Trial drug", _K.EXPOSURE, "Drug"),
        _concept("New nitrosourea", _K.EXPOSURE, "Nitrosourea", "Trial drug"),
        _concept("Surgery", _K.PROCEDURE),
        _concept("ANC", _K.MEASUREMENT, unit="10*9/L", _uL="0.001"),
        _concept("Bilirubin", _K.MEASUREMENT, unit="umol/L", mg_dL="17.1"),
        _concept("Total bilirubin", _K.MEASUREMENT, "Bilirubin", unit="umol/L", mg_dL="17.1"),
        _concept("Lansky", _K.SCORE, unit="{score}"),
        _concept("Toxicity", _K.TOXICITY, unit="{grade}"),
        _concept("Nausea", _K.TOXICITY, "Toxicity", unit="{grade}"),
        _concept("Neuropathy", _K.TOXICITY, "Toxicity", unit="{grade}"),
        _concept("Metastasis", _K.CONDITION),
        _concept("Liver metastasis", _K.CONDITION, "Metastasis"),
        _concept("Histology", _K.CODED),
    ]
)
VALUE_SETS = {"sarcoma": ("8900/3", "8910/3")}
PARAMETERS: dict[str, t.Constant] = {"window": t.Duration(7, "day"), "limit": t.Number(Decimal(16)), "yes": t.Flag(True)}

FIRST, LAST = date(2024, 12, 20), date(2025, 3, 20)
DAYS = [FIRST + timedelta(days=count) for count in range((LAST - FIRST).days + 1)]
_dates = st.sampled_from(
    [date(2024, 2, 29), date(2024, 12, 30), date(2024, 12, 31), *DAYS[20:80:3], date(2025, 2, 28), date(2025, 3, 1)]
)
_births = st.sampled_from([date(2008, 2, 29), date(2009, 1, 15), date(2007, 3, 1), date(2024, 2, 1), date(2009, 12, 31)])

# --- rules, drawn backwards from their types ----------------------------------------------------------------------------

_SMALL = {"concept": {}, "number": st.sampled_from([t.Number(Decimal(1)), t.Number(Decimal(2))])}
_lengths = st.sampled_from(
    [
        t.Duration(3, "day"),
        t.Duration(21, "day"),
        t.Duration(2, "week"),
        t.Duration(1, "month"),
        t.Duration(1, "year"),
        t.Parameter("window"),
    ]
)


@st.composite
def calls(draw: st.DrawFn, gives: Gives, name: str = "") -> t.Expression:
    """A call of a function that gives what is wanted (the one named, where one is), with arguments of the right kinds."""
    fitting_functions = [one for one in FUNCTIONS.values() if one.gives is gives and name in ("", one.name)]
    function = draw(st.sampled_from(fitting_functions))
    arguments: list[t.Expression] = []
    for argument in function.arguments:
        if argument.optional and draw(st.booleans()):
            break
        if argument.takes == "concept":
            fitting = [one.id for one in CONCEPTS.values() if not argument.kinds or one.kind in argument.kinds]
            arguments.append(t.Named(draw(st.sampled_from(fitting))))
        elif argument.takes == "length":
            arguments.append(draw(_lengths))
        elif argument.takes == "value set":
            arguments.append(t.Named("sarcoma"))
        else:
            arguments.append(draw(_SMALL["number"]))
    return t.Call(function.name, tuple(arguments))


@st.composite
def comparisons(draw: st.DrawFn, conditions: st.SearchStrategy[t.Expression], name: str = "") -> t.Expression:
    """A number asked for, compared with one or two limits in its unit."""
    gives = FUNCTIONS[name].gives if name else draw(st.sampled_from([Gives.NUMBER, Gives.RATIO, Gives.QUANTITY]))
    asked = draw(calls(gives, name))
    assert isinstance(asked, t.Call)
    first = asked.arguments[0] if asked.arguments else None
    concept = CONCEPTS[first.name] if gives is Gives.QUANTITY and isinstance(first, t.Named) else None
    limits: list[t.Expression] = [t.Number(Decimal(number)) for number in ("1", "1.5", "16", "17.5")] + [
        t.Null(),
        t.Parameter("limit"),
    ]
    if concept is not None and not concept.is_pure_number:
        limits = [t.Measure(Decimal(number), unit) for number in ("1", "1.0", "1500") for unit in concept.units] + [t.Null()]
    limit = draw(st.sampled_from(limits))
    if not name and draw(st.booleans()):
        limit = t.If(draw(conditions), limit, draw(st.sampled_from(limits)))
    sides = (asked, limit) if draw(st.booleans()) else (limit, asked)
    return t.Compare(draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="])), *sides)


def _deeper(conditions: st.SearchStrategy[t.Expression]) -> st.SearchStrategy[t.Expression]:
    return st.one_of(
        st.builds(t.And, conditions, conditions),
        st.builds(t.Or, conditions, conditions),
        st.builds(t.Implies, conditions, conditions),
        st.builds(t.Not, conditions),
        st.builds(t.If, conditions, conditions, conditions),
        comparisons(conditions),
    )


_leaves = st.one_of(
    calls(Gives.TRUTH),
    comparisons(calls(Gives.TRUTH)),
    calls(Gives.TRUTH),
    st.sampled_from([t.Flag(True), t.Flag(False), t.Null(), t.Parameter("yes")]),
)
rules = st.recursive(_leaves, _deeper, max_leaves=5)


def asking(name: str) -> st.SearchStrategy[t.Expression]:
    """The shortest rules that ask one function."""
    gives = FUNCTIONS[name].gives
    return calls(gives, name) if gives is Gives.TRUTH else comparisons(st.nothing(), name)


# --- children, drawn whole, then blurred --------------------------------------------------------------------------------


def _value(kind: ConceptKind, concept: Concept) -> st.SearchStrategy[Quantity | bool | str | None]:
    match kind:
        case ConceptKind.TOXICITY:
            return st.builds(lambda grade: Quantity(Decimal(grade), "{grade}"), st.integers(0, 3))
        case ConceptKind.MEASUREMENT | ConceptKind.SCORE:
            numbers = st.sampled_from(["0.5", "0.99", "1", "1.0", "1.5", "17.1", "26", "1500"]).map(Decimal)
            return st.builds(Quantity, numbers, st.sampled_from(sorted(concept.units)), st.sampled_from(["", "", "", "<", ">="]))
        case ConceptKind.CONDITION | ConceptKind.ATTESTATION:
            return st.booleans()
        case ConceptKind.CODED:
            return st.sampled_from(["8900/3", "9999/3"])
        case _:
            return st.none()


_TOLD = tuple(name for name in CONCEPTS if name not in ("Birth date", "Sex"))
_HIGH = st.sampled_from(["1", "1.0", "17", "20"]).map(Decimal)


@st.composite
def facts(draw: st.DrawFn, known_on: date, names: tuple[str, ...] = _TOLD) -> Fact:
    """A fact of which everything is known, of one of the concepts named."""
    concept = CONCEPTS[draw(st.sampled_from(names))]
    start = draw(_dates)
    fact = Fact("", concept.id, draw(_value(concept.kind, concept)), PartialDate.of(start))
    if concept.kind in (_K.EXPOSURE, _K.PROCEDURE, _K.TOXICITY):
        if start <= known_on and draw(st.integers(0, 4)) == 0:
            return replace(fact, ongoing=True)
        return replace(fact, end=PartialDate.of(start + timedelta(days=draw(st.sampled_from([0, 0, 1, 9, 30])))))
    if concept.kind is _K.CONDITION and draw(st.booleans()):
        return replace(fact, end=PartialDate.of(start + timedelta(days=draw(st.sampled_from([0, 5, 20])))))
    if concept.kind is _K.MEASUREMENT:
        unit = draw(st.sampled_from(sorted(concept.units)))
        band = draw(st.sampled_from([(None, None, True), (12, 16, False), (17, None, False), (18, 99, False)]))
        low, high, specific = band
        sex = draw(st.sampled_from([None, None, "female"]))
        return replace(fact, range=ReferenceRange(None, Quantity(draw(_HIGH), unit), low, high, specific, sex))
    status = draw(st.sampled_from([FactStatus.RECORDED] * 6 + [FactStatus.NOT_DONE, FactStatus.EXCLUDED]))
    return replace(fact, status=status)


_histories = st.builds(
    History,
    st.sampled_from(
        ["Drug", "Chemotherapy", "Nitrosourea", "Surgery", "Trial drug", "Toxicity", "Metastasis", "Consent", "Nausea"]
    ),
    st.one_of(st.none(), _dates.map(PartialDate.of)),
    st.one_of(st.none(), st.none(), _dates.map(PartialDate.of)),
)


@st.composite
def children(draw: st.DrawFn, known_on: date, rule: t.Expression | None = None) -> SubjectRecord:
    """A child of which everything is known; most facts are about what the rule asks, or above or below it."""
    asked = {part.name for part in t.walk(rule) if isinstance(part, t.Named)} & set(_TOLD) if rule else set()
    near = asked.union(*(CONCEPTS.possible(name) | CONCEPTS.descendants(name) for name in asked))
    told = draw(st.lists(facts(known_on, tuple(sorted(near)) or _TOLD), max_size=5)) + draw(st.lists(facts(known_on), max_size=2))
    about = [
        Fact("b", "Birth date", start=PartialDate.of(draw(_births))),
        Fact("s", "Sex", draw(st.sampled_from(["male", "female"]))),
    ]
    numbered = [replace(fact, id=f"f{number}") for number, fact in enumerate(told)]
    return SubjectRecord("1", (*about, *draw(st.permutations(numbered))), tuple(draw(st.lists(_histories, max_size=4))))


def _partly(draw: st.DrawFn, day: PartialDate | None) -> PartialDate | None:
    if day is None:
        return None
    return draw(st.sampled_from([day, PartialDate(day.year, day.month), PartialDate(day.year), None]))


def _blurs(draw: st.DrawFn, fact: Fact, denied: bool) -> list[Fact]:
    """The fact with one part unknown again, in every way that the fact allows."""
    concept = CONCEPTS[fact.concept]
    condition = concept.kind is _K.CONDITION
    less = [replace(fact, start=_partly(draw, fact.start))]
    if fact.end is not None:
        # The end of a condition may be partial; with none at all it counts as lasting, which is an answer, not an unknown.
        blurred = _partly(draw, fact.end)
        less += (
            [replace(fact, end=blurred), replace(fact, end=blurred, start=_partly(draw, fact.start))]
            if blurred or not condition
            else []
        )
    if fact.value is not None:
        less.append(replace(fact, value=None))
    if isinstance(fact.value, Quantity):
        less.append(replace(fact, value=replace(fact.value, unit=None)))
    if fact.range is not None:
        bare = replace(fact.range, age_low=None, age_high=None, age_specific=False)
        less += [replace(fact, range=None), replace(fact, range=replace(fact.range, high=None))]
        # From 18 years on a range of unstated age is taken to be an adult's (convention); the oldest child drawn is 18 on 1 March.
        if fact.range.age_high != 16 or (fact.start and fact.start.latest < date(2025, 3, 1)):
            less.append(replace(fact, range=bare))
    # "There is a metastasis" and, later, "none in the liver" mean one elsewhere: the first is then no blur of "one in the liver".
    # Nor is "the metastases have ended" a blur of "the one in the liver has": it says more, not less.
    says_more = condition and (denied or fact.end is not None)
    if concept.is_a and fact.value is not False and not says_more:
        less.append(replace(fact, concept=draw(st.sampled_from(concept.is_a))))
    return less


def _blurred(draw: st.DrawFn, fact: Fact, denied: bool) -> Fact:
    return draw(st.sampled_from([fact, *_blurs(draw, fact, denied)]))


@st.composite
def blurred_children(draw: st.DrawFn, known_on: date, rule: t.Expression) -> tuple[SubjectRecord, SubjectRecord]:
    """A child as it is, and with less known of it."""
    whole = draw(children(known_on, rule))
    denied = any(fact.value is False and CONCEPTS[fact.concept].kind is _K.CONDITION for fact in whole.facts)
    known = tuple(_blurred(draw, fact, denied) for fact in whole.facts)
    return whole, replace(whole, facts=known, histories=tuple(one for one in whole.histories if draw(st.booleans())))


def plan(rule: t.Expression):
    """The plan of a drawn rule; drawn rules are right in all but their sense."""
    compiler = Compiler(CONCEPTS, PARAMETERS, VALUE_SETS)
    made = compiler.condition(rule)
    assert not compiler.slips, compiler.slips
    return made


def truth(rule: t.Expression, record: SubjectRecord, day: date, known_on: date) -> Truth:
    answer: Truth = plan(rule).decide(Ask(FactIndex(record, CONCEPTS), day.toordinal(), known_on.toordinal())).truth
    return answer


def _asks(rule: t.Expression, function: str) -> bool:
    return any(isinstance(part, t.Call) and part.function == function for part in t.walk(rule))


EVERYDAY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_known = st.sampled_from(DAYS[25:70:5])


# --- properties ---------------------------------------------------------------------------------------------------------


@settings(EVERYDAY, max_examples=150)
@given(rules)
def test_a_rule_written_out_is_read_as_the_same_rule(rule: t.Expression) -> None:
    assert parse(to_text(rule)) == rule


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(EVERYDAY, max_examples=80)
@given(data=st.data(), known_on=_known)
def test_a_decided_answer_of_each_function_stands_when_an_unknown_becomes_known(
    data: st.DataObject, known_on: date, name: str
) -> None:
    stands_when_more_is_known(data, data.draw(asking(name)), known_on)


@settings(EVERYDAY, max_examples=150)
@given(st.data(), rules, _known)
def test_a_decided_answer_stands_when_an_unknown_becomes_known(data: st.DataObject, rule: t.Expression, known_on: date) -> None:
    stands_when_more_is_known(data, rule, known_on)


def stands_when_more_is_known(data: st.DataObject, rule: t.Expression, known_on: date) -> None:
    whole, less = data.draw(blurred_children(known_on, rule))
    made, indexes = plan(rule), (FactIndex(less, CONCEPTS), FactIndex(whole, CONCEPTS))
    for day in DAYS[data.draw(st.integers(0, 2)) :: 3]:
        before, after = (made.answer(Ask(index, day.toordinal(), known_on.toordinal())) for index in indexes)
        if before is not Truth.UNKNOWN:
            assert after is before, (day, to_text(rule))


@settings(EVERYDAY, max_examples=100)
@given(st.data(), rules.filter(lambda rule: not _asks(rule, "Recorded")), _known, st.booleans())
def test_a_decided_answer_stands_when_somebody_signs(data: st.DataObject, rule: t.Expression, known_on: date, yes: bool) -> None:
    unsigned = data.draw(children(known_on, rule))
    others = tuple(fact for fact in unsigned.facts if CONCEPTS[fact.concept].kind is not _K.ATTESTATION)
    histories = tuple(one for one in unsigned.histories if one.concept != "Consent")
    unsigned = replace(unsigned, facts=others, histories=histories)
    birth = others[0].start
    assert birth is not None
    signed_on = max(data.draw(_dates), birth.earliest)
    signed = replace(unsigned, facts=(*others, Fact("z", "Own consent", yes, PartialDate.of(signed_on))))
    for day in data.draw(st.lists(st.sampled_from(DAYS), min_size=3, max_size=8)):
        before = truth(rule, unsigned, day, known_on)
        if before is not Truth.UNKNOWN:
            assert truth(rule, signed, day, known_on) is before, (day, to_text(rule))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@settings(EVERYDAY, max_examples=80)
@given(data=st.data(), known_on=_known)
def test_the_breakpoints_of_each_function_tell_the_same_as_every_single_day(
    data: st.DataObject, known_on: date, name: str
) -> None:
    breakpoints_tell_every_day(data, data.draw(asking(name)), known_on, 0)


@settings(EVERYDAY, max_examples=60)
@given(st.data(), rules, _known, st.sampled_from([0, 20, -3]))
def test_the_breakpoints_tell_the_same_as_every_single_day(
    data: st.DataObject, rule: t.Expression, known_on: date, lead: int
) -> None:
    breakpoints_tell_every_day(data, rule, known_on, lead)


def breakpoints_tell_every_day(data: st.DataObject, rule: t.Expression, known_on: date, lead: int) -> None:
    _, record = data.draw(blurred_children(known_on, rule))
    made = plan(rule)
    index = FactIndex(record, CONCEPTS)
    steps = {day - lead for day in made.days(index, known_on.toordinal())}
    held = None
    for day in DAYS:
        answer = made.answer(Ask(index, day.toordinal() + lead, known_on.toordinal()))
        if held is not None and day.toordinal() not in steps:
            assert answer is held, (day, to_text(rule))
        held = answer


@settings(EVERYDAY, max_examples=80)
@given(st.data(), rules, _known, st.sampled_from(DAYS))
def test_the_order_of_the_facts_does_not_matter(data: st.DataObject, rule: t.Expression, known_on: date, day: date) -> None:
    _, record = data.draw(blurred_children(known_on, rule))
    mixed = replace(record, facts=tuple(data.draw(st.permutations(record.facts))), histories=record.histories[::-1])
    asked = Ask(FactIndex(record, CONCEPTS), day.toordinal(), known_on.toordinal())
    again = Ask(FactIndex(mixed, CONCEPTS), day.toordinal(), known_on.toordinal())
    assert plan(rule).decide(asked) == plan(rule).decide(again)


@settings(EVERYDAY, max_examples=80)
@given(st.data(), _known, st.sampled_from(["Drug", "Chemotherapy", "Nitrosourea", "Surgery"]), _lengths)
def test_one_more_exposure_never_makes_a_washout_earlier(
    data: st.DataObject, known_on: date, concept: str, gap: t.Expression
) -> None:
    record = data.draw(children(known_on))
    extra = data.draw(facts(known_on).filter(lambda fact: CONCEPTS[fact.concept].kind.is_event))
    more = replace(record, facts=(*record.facts, replace(extra, id="z")))
    rule = t.Call("Washout", (t.Named(concept), gap))
    for day in DAYS:
        if truth(rule, more, day, known_on) is Truth.TRUE:
            assert truth(rule, record, day, known_on) is Truth.TRUE, day


@settings(EVERYDAY, max_examples=60)
@given(st.data(), rules, _known, st.sampled_from(DAYS))
def test_an_undecided_answer_says_what_is_missing_and_each_answer_why(
    data: st.DataObject, rule: t.Expression, known_on: date, day: date
) -> None:
    _, record = data.draw(blurred_children(known_on, rule))
    found = plan(rule).decide(Ask(FactIndex(record, CONCEPTS), day.toordinal(), known_on.toordinal()))
    assert plan(rule).answer(Ask(FactIndex(record, CONCEPTS), day.toordinal(), known_on.toordinal())) is found.truth
    if found.truth is Truth.UNKNOWN:
        assert found.missing
        assert found.reasons
    for reason in (*found.reasons, *found.missing, *found.thresholds):
        from protocord.words import say

        assert say(reason, "en")
        assert say(reason, "zh")


# --- the drawing itself is complete -------------------------------------------------------------------------------------

_NODES = (
    t.Flag,
    t.Null,
    t.Number,
    t.Measure,
    t.Duration,
    t.Named,
    t.Parameter,
    t.Call,
    t.Compare,
    t.Not,
    t.And,
    t.Or,
    t.Implies,
    t.If,
)
_DRAWN = settings(database=None, max_examples=3000, phases=[Phase.generate], deadline=None, derandomize=True)


def test_the_list_of_node_kinds_is_that_of_the_language() -> None:
    assert set(_NODES) == set(t.Expression.__args__)


@pytest.mark.parametrize("node", _NODES)
def test_every_kind_of_node_is_drawn(node: type) -> None:
    find(rules, lambda rule: any(isinstance(part, node) for part in t.walk(rule)), settings=_DRAWN)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_drawn(name: str) -> None:
    find(rules, lambda rule: _asks(rule, name), settings=_DRAWN)


def test_anchors_and_the_index_give_the_same_answer_as_the_plan() -> None:
    from protocord.criteria import check

    record = SubjectRecord("1", (Fact("b", "Birth date", start=PartialDate(2009, 1, 15)),))
    rule = check(parse("AgeInYears() >= limit"), concepts=CONCEPTS, parameters={"limit": 16}, value_sets=VALUE_SETS)
    day = date(2025, 1, 15)
    assert rule.evaluate(FactIndex(record, CONCEPTS), Anchors(day, day)).truth is Truth.TRUE
