"""What the row evaluator says is missing: everything that would settle an open part, and nothing that is known already."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from protocord.concepts import Concept, ConceptKind, Concepts
from protocord.criteria import Anchors, Evaluation, FactIndex, Truth, check, parse
from protocord.values import Fact, FactStatus, PartialDate, Quantity, SubjectRecord, Text


def _concept(name: str, kind: ConceptKind, unit: str | None = None) -> Concept:
    return Concept(name, kind, Text(name, name), (), unit, {unit: Decimal(1)} if unit else {})


CONCEPTS = Concepts(
    [
        _concept("ANC", ConceptKind.MEASUREMENT, "10*9/L"),
        _concept("Marrow", ConceptKind.CONDITION),
        _concept("Looked", ConceptKind.ATTESTATION),
        _concept("Surgery", ConceptKind.PROCEDURE),
        _concept("Birth date", ConceptKind.DATE),
        _concept("Sex", ConceptKind.CODED),
    ]
)
DAY = date(2025, 3, 31)


def _decided(rule: str, *facts: Fact) -> Evaluation:
    index = FactIndex(SubjectRecord("1", tuple(facts)), CONCEPTS)
    return check(parse(rule), concepts=CONCEPTS).evaluate(index, Anchors(DAY, DAY))


def _missing(rule: str, *facts: Fact) -> list[str]:
    found = _decided(rule, *facts)
    assert found.truth is Truth.UNKNOWN
    return [reason.kind for reason in found.missing]


def _on(text: str) -> PartialDate:
    return PartialDate.parse(text)


def test_of_the_condition_that_chooses_a_limit_only_what_is_open_is_missing() -> None:
    rule = """Latest("ANC", 7 days) >= (if (if Has("Marrow") then Attested("Looked") else false) then 0.5 '10*9/L' else 1 '10*9/L')"""
    marrow = Fact("f1", "Marrow", True, _on("2025-03-01"))
    count = Fact("f2", "ANC", Quantity(Decimal("0.7"), "10*9/L"), _on("2025-03-30"))

    assert _missing(rule, marrow, count) == ["no_record"]


def test_a_statement_with_words_where_yes_or_no_belongs_lacks_its_answer() -> None:
    assert _missing('Attested("Looked")', Fact("f1", "Looked", "perhaps", _on("2025-03-01"))) == ["value_missing"]
    assert _missing('Has("Marrow")', Fact("f1", "Marrow", "perhaps", _on("2025-03-01"))) == ["value_missing"]


def test_a_statement_with_words_is_no_sure_first_of_an_order() -> None:
    words = Fact("f1", "Looked", "perhaps", _on("2025-03-01"))
    not_done = Fact("f2", "Surgery", None, _on("2025-03-02"), status=FactStatus.NOT_DONE)

    assert _missing('OnOrBefore("Looked", "Surgery")', words, not_done) == ["value_missing"]


def test_a_surgery_has_no_value_that_could_be_missing() -> None:
    both = [Fact("f1", "Surgery", None, _on("2025-03-01")), Fact("f2", "Surgery", None, _on("2025-03-02"))]

    assert _missing('OnOrBefore("Surgery", "Looked")', *both) == ["history_missing"]
    looked = Fact("f3", "Looked", True, _on("2025-03"))
    assert _missing('OnOrBefore("Surgery", "Looked")', *both[1:], looked) == ["date_partial"]


def test_the_end_is_partly_known_only_where_it_may_be_on_several_days() -> None:
    both = Fact("f1", "Marrow", True, _on("2025-03-30"), _on("2025-04"))
    assert _decided('Has("Marrow")', both).truth is Truth.TRUE
    assert _missing('Has("Marrow")', Fact("f1", "Marrow", True, _on("2025-03-30"), _on("2025"))) == ["end_partial"]
    denied_later = Fact("f2", "Marrow", None, _on("2025-03-31"))
    begun_late = Fact("f1", "Marrow", True, _on("2025-03-31"), _on("2025-04-01"))
    assert _missing('Has("Marrow")', begun_late, denied_later) == ["statements_disagree", "value_missing"]


def test_what_ended_before_the_look_back_was_not_set_aside_in_it() -> None:
    ended = Fact("f1", "ANC", None, _on("2025"), _on("2025-01-10"), status=FactStatus.EXCLUDED)
    later = Fact("f2", "ANC", None, _on("2025-03"), status=FactStatus.EXCLUDED)

    assert _missing("""Latest("ANC", 7 days) >= 1 '10*9/L'""", ended) == ["no_record_in_lookback"]
    assert _missing("""Latest("ANC", 7 days) >= 1 '10*9/L'""", later) == ["no_record_in_lookback", "record_excluded"]
