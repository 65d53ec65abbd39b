"""Reasons and values in a reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from protocord import words
from protocord.values import PartialDate, Quantity, Reason, Text


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (Quantity(Decimal("0.5"), "10*9/L"), "0.5 ×10⁹/L", "0.5 ×10⁹/L"),
        (Quantity(Decimal(66), "umol/L"), "66 µmol/L", "66 µmol/L"),
        (Quantity(Decimal("1.50"), "1"), "1.50", "1.50"),
        (Quantity(Decimal(50), "{score}"), "50", "50"),
        (Quantity(Decimal(2), "{grade}"), "2", "2"),
        (Quantity(Decimal("1.1"), "{INR}"), "1.1", "1.1"),
        (Quantity(Decimal(12), "wk"), "12 weeks", "12周"),
        (Quantity(Decimal(1), "d"), "1 day", "1天"),
        (Quantity(Decimal("37.5"), "Cel"), "37.5°C", "37.5°C"),
        (Quantity(Decimal(98), "%"), "98%", "98%"),
        (Quantity(Decimal(250), "/uL"), "250/µL", "250/µL"),
        (Quantity(Decimal("3E+2"), "10*9/L", "<="), "≤300 ×10⁹/L", "≤300 ×10⁹/L"),
        (Quantity(Decimal("0.1"), None, "<"), "<0.1", "<0.1"),
        (Quantity(Decimal(80), "mL/min/{1.73_m2}"), "80 mL/min/1.73 m²", "80 mL/min/1.73 m²"),
        (Quantity(Decimal(7), "furlong"), "7 furlong", "7 furlong"),
        (PartialDate(2025, 6), "2025-06", "2025-06"),
        (date(2025, 6, 9), "2025-06-09", "2025-06-09"),
        (Text("blood", "血"), "blood", "血"),
        (Decimal("1E+3"), "1000", "1000"),
        (True, "yes", "是"),
        (False, "no", "否"),
        (None, "unknown", "不详"),
        (3, "3", "3"),
        ("VAC", "VAC", "VAC"),
    ],
)
def test_values_are_shown_as_clinicians_write_them(value: object, english: str, chinese: str) -> None:
    assert words.shown(value, "en") == english  # type: ignore[arg-type]
    assert words.shown(value, "zh") == chinese  # type: ignore[arg-type]


def test_a_reason_is_said_with_its_particulars_in_each_language() -> None:
    concept, value = Text("Creatinine", "肌酐"), Quantity(Decimal(70), None)
    reason = Reason.of("unit_missing", concept=concept, value=value, accepted="umol/L, mg/dL")
    assert words.say(reason, "en") == "Creatinine: 70 has no unit; accepted units: umol/L, mg/dL"
    assert words.say(reason, "zh") == "肌酐：70 未注明单位；可接受的单位：umol/L, mg/dL"


def test_a_kind_without_words_names_itself_and_the_remedy() -> None:
    with pytest.raises(words.WordsMissing, match=r"no words for 'never_heard_of' in zh: add it to words/zh/"):
        words.say(Reason.of("never_heard_of"), "zh")


def test_a_missing_particular_is_named_with_those_that_are_there() -> None:
    with pytest.raises(words.WordsMissing, match=r"'unit_missing' ask for 'value', which the reason lacks \(it has: concept\)"):
        words.say(Reason.of("unit_missing", concept="ALT"), "en")


def test_a_term_slot_takes_the_words_of_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"en": {"it_is": "it is {what:term}", "cold": "very cold"}, "zh": {"it_is": "{what:term}", "cold": "很冷"}}
    monkeypatch.setattr(words, "_all_words", lambda language: tables[language])
    assert words.say(Reason.of("it_is", what="cold"), "en") == "it is very cold"
    assert words.say(Reason.of("it_is", what="cold"), "zh") == "很冷"
    assert words.term("cold", "zh") == "很冷"


def test_doubled_braces_stand_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_all_words", lambda _: {"unit": "{{score}} is {name}"})
    assert words.say(Reason.of("unit", name="a unit"), "en") == "{score} is a unit"
