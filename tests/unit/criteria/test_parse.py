"""What the parser makes of a text, and what it says of a text that it cannot read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord.criteria import RuleProblem, parse, to_text
from protocord.criteria.tree import And, Call, Compare, Duration, If, Implies, Measure, Named, Not, Number, Or, Parameter

A, B, C = Parameter("a"), Parameter("b"), Parameter("c")


def test_and_binds_tighter_than_or_and_or_than_implies() -> None:
    assert parse("a or b and c") == Or(A, And(B, C))
    assert parse("a or b implies c") == Implies(Or(A, B), C)


def test_not_binds_tighter_than_and() -> None:
    assert parse("not a and b") == And(Not(A), B)


def test_operators_group_to_the_left() -> None:
    assert parse("a and b and c") == And(And(A, B), C)


def test_the_else_branch_reaches_to_the_end() -> None:
    assert parse("if a then b else c or a") == If(A, B, Or(C, A))


def test_a_quantity_a_length_of_time_and_a_name_are_read_as_written() -> None:
    rule = parse("Latest(\"ANC\", 7 days) >= 0.50 '10*9/L'")
    assert rule == Compare(">=", Call("Latest", (Named("ANC"), Duration(7, "day"))), Measure(Decimal("0.50"), "10*9/L"))


@pytest.mark.parametrize(("written", "unit"), [("1 day", "day"), ("2 weeks", "week"), ("6 months", "month"), ("1 years", "year")])
def test_every_unit_of_calendar_time_is_read_in_singular_and_plural(written: str, unit: str) -> None:
    read = parse(written)
    assert isinstance(read, Duration)
    assert read.unit == unit


def test_a_name_may_hold_quotes() -> None:
    rule = parse(r'Has("so-called \"field\"")')
    assert rule == Call("Has", (Named('so-called "field"'),))
    assert parse(to_text(rule)) == rule


def test_remarks_are_skipped_and_a_rule_may_span_lines() -> None:
    assert parse("a // the first\n  and /* not\n c but */ b") == And(A, B)


def test_names_that_begin_with_a_word_of_the_language_are_names() -> None:
    assert parse("android or notable") == Or(Parameter("android"), Parameter("notable"))


def test_places_count_lines_and_columns_from_one() -> None:
    rule = parse('a and\n  Has("x")')
    assert isinstance(rule, And)
    assert (rule.right.at.line, rule.right.at.column) == (2, 3)


def test_only_the_parentheses_that_are_needed_are_written() -> None:
    assert to_text(parse("((a) and (b)) or ((c) = (1))")) == "a and b or c = 1"
    assert to_text(parse("a and (b or c)")) == "a and (b or c)"
    assert to_text(parse("a and (b and c)")) == "a and (b and c)"
    assert to_text(parse("c >= (if a then 1 else 2)")) == "c >= (if a then 1 else 2)"
    assert to_text(Number(Decimal("1E+2"))) == "100"


@pytest.mark.parametrize(
    ("text", "column", "what", "remedy"),
    [
        ("", 1, "the rule is empty", "AgeInYears()"),
        ("a and", 6, "ends too early: expected a value", ""),
        ("(a and b", 9, "ends too early: expected ')'", ""),
        ("a and b)", 8, "')' was not expected", "one ')' too many"),
        ("if a then b", 12, "expected 'else'", ""),
        ("a == 1", 4, "'=' was not expected", "Write '=' instead of '=='"),
        ("a ≥ 1", 3, "'≥' is not part", "'>='"),
        ("a && b", 3, "not part of the language", "'and'"),
        ("a AND b", 3, "'AND' was not expected", "'and' in small letters"),
        ("a nad b", 3, "'nad' was not expected", "Did you mean 'and'?"),
        ("a + b", 3, "not part of the language", "does not calculate"),
        ("Latest('ANC') > 3", 8, "was not expected", "Names of concepts stand in double quotes"),
        ('Has("ANC)', 5, "not part of the language", "never closed"),
        ("b > if a then 1 else 2", 5, "'if' was not expected", "in parentheses"),
        ("1.5 days", 1, "not a whole number", "whole days"),
        ("Has（“x”）", 4, "not part of the language", "'('"),
    ],
)
def test_an_unreadable_rule_says_where_what_and_the_remedy(text: str, column: int, what: str, remedy: str) -> None:
    with pytest.raises(RuleProblem) as wrong:
        parse(text)
    (slip,) = wrong.value.slips
    assert (slip.line, slip.column) == (1, column)
    assert what in slip.what
    assert remedy in slip.remedy


def test_the_line_of_a_slip_is_the_line_of_the_rule() -> None:
    with pytest.raises(RuleProblem) as wrong:
        parse("a and\nb and\n  ≥")
    assert (wrong.value.slips[0].line, wrong.value.slips[0].column) == (3, 3)
