"""The facts and histories that answers become."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from protocord.concepts import Concepts
from protocord.forms import Answers, ItemAnswer, NullFlavour, facts
from protocord.protocol.document import Form, Member, Origin, ValueSet
from protocord.values import Fact, FactStatus, History, PartialDate, Quantity, ReferenceRange, Source, Text

from .conftest import form_of

LAB = form_of("""
id: lab
sections:
  - id: blood
    items:
      - {id: day, type: date}
      - {id: alt, type: number, concept: ALT, units: [U/L]}
      - {id: high, type: number}
      - {id: child, type: yes_no}
      - {id: bad, type: yes_no}
      - {id: lab, type: text}
    facts:
      - {concept: ALT, value: alt, date: day, high: high, range_for_child: child, laboratory: lab, excluded_when: {item: bad, is: ["yes"]}}
""")

THERAPY = form_of("""
id: therapy
sections:
  - id: said
    items: [{id: complete, type: yes_no}, {id: since, type: partial_date, required: "no"}]
  - id: drugs
    repeating: true
    items:
      - id: agent
        type: choice
        choices: [{code: vcr, concept: Vincristine}, {code: ccnu, concept: Lomustine}]
      - {id: start, type: partial_date}
      - {id: end, type: partial_date}
      - {id: ongoing, type: yes_no}
    facts: [{concept_from: agent, start: start, end: end, ongoing: ongoing}]
    history: {concept: Chemotherapy, complete: said.complete}
  - id: operations
    repeating: true
    items: [{id: what, type: choice, value_set: operations}, {id: day, type: partial_date}]
    facts: [{concept_from: what, date: day}]
""")


def made(
    form: Form, concepts: Concepts, value_sets: Mapping[str, ValueSet] | None = None, **typed: str | ItemAnswer
) -> tuple[list[Fact], list[History]]:
    answers: Answers = {k.replace("__", "."): a if isinstance(a, ItemAnswer) else ItemAnswer(a) for k, a in typed.items()}
    found, histories = facts(form, answers, visit="SCR", concepts=concepts, value_sets=value_sets)
    return list(found), list(histories)


def test_a_result_carries_its_range_and_where_it_stands(concepts: Concepts) -> None:
    found, _ = made(
        LAB,
        concepts,
        blood__day="2026-03-04",
        blood__alt=ItemAnswer("<5.0", "U/L"),
        blood__high="40",
        blood__child="yes",
        blood__lab="A",
    )

    high = ReferenceRange(high=Quantity(Decimal(40), "U/L"), age_specific=True, laboratory="A")
    source = Source("form", "SCR/lab", "blood.alt")
    value, day = Quantity(Decimal("5.0"), "U/L", "<"), PartialDate(2026, 3, 4)
    assert found == [Fact("SCR/lab:blood.alt", "ALT", value, day, None, range=high, source=source)]


def test_a_range_not_said_to_be_the_childs_is_not_taken_for_it(concepts: Concepts) -> None:
    (fact,), _ = made(LAB, concepts, blood__day="2026-03-04", blood__alt=ItemAnswer("5", "U/L"), blood__high="40")

    assert fact.range is not None
    assert fact.range.age_specific is False


def test_a_result_without_value_or_without_its_day_is_no_fact(concepts: Concepts) -> None:
    assert made(LAB, concepts, blood__day="2026-03-04")[0] == []
    assert made(LAB, concepts, blood__alt=ItemAnswer("5", "U/L"))[0] == []
    unknown = ItemAnswer(null=NullFlavour.UNKNOWN, note="lost")
    assert made(LAB, concepts, blood__day="2026-03-04", blood__alt=unknown)[0] == []


def test_what_was_not_done_or_spoilt_is_on_record_and_never_used(concepts: Concepts) -> None:
    not_done = ItemAnswer(null=NullFlavour.NOT_DONE, note="tube broke")
    (absent,), _ = made(LAB, concepts, blood__day="2026-03-04", blood__alt=not_done)
    (spoilt,), _ = made(LAB, concepts, blood__day="2026-03-04", blood__alt=ItemAnswer("5", "U/L"), blood__bad="yes")

    assert (absent.status, absent.value) == (FactStatus.NOT_DONE, None)
    assert spoilt.status is FactStatus.EXCLUDED


def test_each_row_is_a_fact_of_the_concept_its_answer_names(concepts: Concepts) -> None:
    found, histories = made(
        THERAPY,
        concepts,
        drugs__1__agent="vcr",
        drugs__1__start="2025-06",
        drugs__1__end="2025-07-09",
        drugs__3__agent="ccnu",
        drugs__3__start="2025",
        drugs__3__ongoing="yes",
    )

    assert [(f.id, f.concept, f.start, f.end, f.ongoing, f.value) for f in found] == [
        ("SCR/therapy:drugs.1.agent", "Vincristine", PartialDate(2025, 6), PartialDate(2025, 7, 9), False, None),
        ("SCR/therapy:drugs.3.agent", "Lomustine", PartialDate(2025), None, True, None),
    ]
    assert histories == []


def test_only_a_yes_states_that_a_list_is_complete(concepts: Concepts) -> None:
    assert made(THERAPY, concepts, said__complete="no")[1] == []
    source = Source("form", "SCR/therapy", "said.complete")
    assert made(THERAPY, concepts, said__complete="yes")[1] == [History("Chemotherapy", None, None, source)]


def test_a_limit_that_a_history_asks_for_and_does_not_get_leaves_it_unstated(concepts: Concepts) -> None:
    """
    id: f
    sections:
      - id: s
        items: [{id: complete, type: yes_no}, {id: since, type: partial_date}]
        history: {concept: Chemotherapy, complete: complete, since: since}
    """
    form = form_of(test_a_limit_that_a_history_asks_for_and_does_not_get_leaves_it_unstated.__doc__ or "")

    assert made(form, concepts, s__complete="yes")[1] == []
    assert made(form, concepts, s__complete="yes", s__since="2020")[1][0].since == PartialDate(2020)


def test_an_event_of_one_day_starts_and_ends_on_it_and_a_value_set_names_its_concept(concepts: Concepts) -> None:
    procedure = next(c.id for c in concepts.values() if c.kind == "procedure")
    member = Member("x", "local", Text("x", "x"), Origin.CONVENTION, concept=procedure)
    sets = {"operations": ValueSet("operations", (member,))}

    (fact,), _ = made(THERAPY, concepts, sets, operations__1__what="x", operations__1__day="2025-06-09")

    day = PartialDate(2025, 6, 9)
    assert (fact.concept, fact.start, fact.end) == (procedure, day, day)


def test_answers_that_mean_yes_or_no_are_so_and_others_are_no_fact(concepts: Concepts) -> None:
    """
    id: f
    sections:
      - id: s
        items: [{id: marrow, type: choice, choices: [{code: seen}, {code: clear}, {code: unsure}]}, {id: day, type: date}]
        facts: [{concept: Bone marrow involvement, value: marrow, true_when: [seen], false_when: [clear], date: day}]
    """
    form = form_of(test_answers_that_mean_yes_or_no_are_so_and_others_are_no_fact.__doc__ or "")

    values = {
        c: [f.value for f in made(form, concepts, s__marrow=c, s__day="2026-01-01")[0]] for c in ("seen", "clear", "unsure")
    }

    assert values == {"seen": [True], "clear": [False], "unsure": []}


def test_a_score_has_its_own_unit_and_one_item_may_make_two_facts(concepts: Concepts) -> None:
    """
    id: f
    sections:
      - id: s
        items: [{id: score, type: integer}, {id: day, type: date}, {id: ok, type: yes_no}]
        facts:
          - {concept: Lansky, value: score, date: day}
          - {concept: Karnofsky, value: score, date: day, when: {item: ok, is: ["yes"]}}
    """
    form = form_of(test_a_score_has_its_own_unit_and_one_item_may_make_two_facts.__doc__ or "")

    one, _ = made(form, concepts, s__score="90", s__day="2026-01-01")
    two, _ = made(form, concepts, s__score="90", s__day="2026-01-01", s__ok="yes")

    assert [fact.value for fact in one] == [Quantity(Decimal(90), concepts["Lansky"].unit)]
    assert [fact.id for fact in two] == ["SCR/f:s.score", "SCR/f:s.score#2"]


def test_a_corrected_answer_keeps_the_fact_its_name(concepts: Concepts) -> None:
    before, _ = made(THERAPY, concepts, drugs__1__agent="vcr", drugs__1__start="2025-06")
    after, _ = made(THERAPY, concepts, drugs__1__agent="ccnu", drugs__1__start="2025-07")

    assert before[0].id == after[0].id
