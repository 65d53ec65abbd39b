"""Everything that a rule or a screening can say has words in every language, and no words are left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import protocord
from protocord import concepts, words
from protocord.criteria import in_words, parse
from protocord.criteria.functions import FUNCTIONS
from protocord.criteria.numbers import FAMILIES, RELATIONS
from protocord.values import LANGUAGES

SOURCES = [path for part in ("criteria", "eligibility") for path in (Path(protocord.__file__).parent / part).rglob("*.py")]
_QUOTED = re.compile(r'"([a-z][a-z0-9_]+)"')
ALREADY = {"unit_missing", "unit_unknown", "unit_not_measured"}  # said by the concepts, in the area `answers`
CONCEPTS = concepts.load()


def said_in_code() -> set[str]:
    texts = {match for path in SOURCES for match in _QUOTED.findall(path.read_text("utf-8"))}
    compared = {f"{family}_{relation}" for family in FAMILIES for relation in RELATIONS}
    return texts | compared | {f"calculation_{name}" for name in ("bedside_schwartz", "cockcroft_gault")}


def test_no_words_are_left_over() -> None:
    known = {*words.table("criteria", "en"), *words.table("eligibility", "en")}
    assert known - said_in_code() == set()


def test_every_kind_of_reason_has_words() -> None:
    kinds = {match for path in SOURCES for match in re.findall(r'Reason\.of\(\s*"([a-z_]+)"', path.read_text("utf-8"))}
    kinds |= {f"{family}_{relation}" for family in FAMILIES for relation in RELATIONS}
    for language in LANGUAGES:
        known = {*words.table("criteria", language), *words.table("eligibility", language)}
        assert kinds - known - ALREADY == set()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_said_with_its_arguments_in_every_language(name: str) -> None:
    function = FUNCTIONS[name]
    slots = {argument.name.replace(" ", "_") for argument in function.arguments if not argument.optional}
    for language in LANGUAGES:
        assert words.slots(function.phrase.say(language)) == slots


def test_a_rule_is_said_in_english_and_chinese() -> None:
    rule = parse("Latest(\"ANC\", 7 days) >= (if Has(\"Bone marrow involvement\", 28 days) then 0.5 '10*9/L' else 1.0 '10*9/L')")
    assert in_words(rule, CONCEPTS, "en") == (
        "Absolute neutrophil count (latest of the last 7 days) is at least "
        "(if Bone marrow involvement (within 28 days): 0.5 ×10⁹/L; otherwise: 1.0 ×10⁹/L)"
    )
    assert in_words(rule, CONCEPTS, "zh") == (
        "中性粒细胞绝对计数（7天内最后一次）不低于（若有骨髓受累（28天内）：0.5 ×10⁹/L；否则：1.0 ×10⁹/L）"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("a and b and c", "a, and b, and c"),
        ("a and (b or c)", "a, and (b, or c)"),
        ("a implies not b", "if a, then not: b"),
        ("a = null", "a is left open"),
        ("true or false", "yes, or no"),
        ('Unheard("x", 1 year)', "Unheard(x, 1 year)"),
        (
            'AgeInYearsAt("Informed consent", 1 day) < 18',
            "the age in completed years on the day of “Informed consent form signed”, 1 day earlier is less than 18",
        ),
    ],
)
def test_every_kind_of_expression_is_said(rule: str, said: str) -> None:
    assert in_words(parse(rule), CONCEPTS, "en") == said
