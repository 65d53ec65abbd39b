"""What the check says of rules that can be read but make no sense."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocord import concepts
from protocord.criteria import CheckedRule, RuleProblem, Slip, check, parse
from protocord.criteria.check import parameter
from protocord.criteria.tree import Call, Duration, Named

CONCEPTS = concepts.load()
PARAMETERS = {"lab_window": "7 days", "limit": 16, "hb_min": "80 'g/L'", "strict": True}


def checked(text: str) -> CheckedRule:
    return check(parse(text), concepts=CONCEPTS, parameters=PARAMETERS, value_sets={"sarcoma": {"8910/3"}})


def slips(text: str) -> tuple[Slip, ...]:
    with pytest.raises(RuleProblem) as wrong:
        checked(text)
    return wrong.value.slips


NAMES = [
    ('Latest("Platelet cout", 7 days) >= 1', 'no concept "Platelet cout"', "Platelet count"),
    ("AgeInYear() > 3", "no function AgeInYear", "AgeInYears"),
    ('Latest("Lansky", lab_windw) >= 50', "no parameter lab_windw", "lab_window"),
    ("AgeInYears >= 3", "AgeInYears is a function", "AgeInYears()"),
    ('CodeIn("Histology", "sarcomas")', 'no value set "sarcomas"', "sarcoma"),
    ("ANC >= 3", "it is a concept", '"ANC" in double quotes'),
]
TYPES = [
    ('Latest("Lansky") >= 50', "wrong number of arguments (1)", 'Latest("concept", lookback)'),
    ('Latest("Lansky", 7) >= 50', "needs a length of time", "Latest"),
    ("Latest(7 days, 7 days) >= 50", "name of a concept in double quotes", "Latest"),
    ('Latest("Liver metastasis", 7 days) >= 50', "is of kind condition", "Has"),
    ('Washout("ANC", 7 days)', "is of kind measurement", "Latest"),
    ('Has("Lomustine")', "is of kind exposure", "Washout"),
    ('RecoveredTo("Weight loss", 7 days)', "needs a plain number", "RecoveredTo"),
    ("AgeInYears()", "gives a number", "AgeInYears(…) >="),
    ('Has("Liver metastasis") >= 1', "gives true or false", "as it stands"),
    ('not Latest("Lansky", 7 days) >= 50', "'not' binds tighter", "not (… >= …)"),
    ("1 < AgeInYears() < 5", "comparisons do not chain", "a <= b and b <= c"),
    ('Has("Liver metastasis") and 7', "a condition, true or false, is needed", "Compare"),
    ("AgeInYears() >= lab_window", "a number is needed here; the parameter lab_window is a length of time", ""),
]
UNITS = [
    ('Latest("ANC", 7 days) >= 1', "1 has no unit, and ANC is measured in 10*9/L", "Write 1 '10*9/L'"),
    ("Latest(\"ANC\", 7 days) >= 1 'g/L'", "the unit 'g/L' is not one that ANC accepts", "10*9/L"),
    ("AgeInYears() >= 16 'a'", "compared with a plain number", "Write 16"),
    ('Latest("ANC", 7 days) >= Latest("Haemoglobin", 7 days)', "measured in", "like with like"),
    ('Latest("ANC", 7 days) >= AgeInYears()', "gives a plain number", "like with like"),
]
SENSE = [
    ("true", "asks nothing of the subject", "Take it out"),
    ("1 > 2", "asks nothing of the subject", "Take it out"),
    ('Has("Liver metastasis") and true', "asks nothing of the subject", "Take it out"),
    ('if Has("Liver metastasis") then true else true', "both branches say the same", "condition"),
    ("AgeInYears() >= 16 and AgeInYears() < 16", "contradicts what is asked before", "limits"),
    ("AgeInYears() > 15 and AgeInYears() < 16", "contradicts what is asked before", "limits"),
    ("AgeInYears() >= 16 or AgeInYears() < 18", "always true", "limits"),
    ("AgeInYears() >= 0", "can never be false", "limits"),
    ("AgeInYears() < 0", "can never be true", "limits"),
    ('Has("Liver metastasis") and not Has("Liver metastasis")', "contradicts", "or"),
    ("Latest(\"ANC\", 7 days) >= 1 '10*9/L' and Latest(\"ANC\", 7 days) < 500 '/uL'", "contradicts", "limits"),
    (
        'if AgeInYears() < 16 then (if AgeInYears() >= 16 then Has("Liver metastasis") else Has("Bone marrow involvement")) else true',
        "the then branch cannot be reached",
        "branch",
    ),
    (
        'if AgeInYears() >= 3 and AgeInYears() < 16 then (if AgeInYears() >= 17 then Has("Liver metastasis") else Ever("Lomustine")) else true',
        "the then branch cannot be reached",
        "branch",
    ),
    (
        'if AgeInYears() < 16 then (if AgeInYears() < 17 then Has("Liver metastasis") else Has("Bone marrow involvement")) else true',
        "the else branch cannot be reached",
        "branch",
    ),
]


@pytest.mark.parametrize(("text", "what", "remedy"), [*NAMES, *TYPES, *UNITS, *SENSE])
def test_a_senseless_rule_says_what_is_wrong_and_the_remedy(text: str, what: str, remedy: str) -> None:
    (slip,) = slips(text)
    assert what in slip.what
    assert remedy in slip.remedy


def test_all_slips_are_told_at_once_in_the_order_of_the_text() -> None:
    found = slips('Latest("ANK", 7) >= 50 and\nHass("Liver metastasis") and Washout("ANC", windw)')
    assert [slip.line for slip in found] == [1, 1, 2, 2, 2]
    assert ["concept" in found[0].what, "length" in found[1].what, "Hass" in found[2].what] == [True] * 3


@pytest.mark.parametrize(
    "text",
    [
        'Latest("ANC", lab_window) >= 1000 \'/uL\' and Latest("Haemoglobin", lab_window) >= hb_min',
        "AgeInYears() >= 16 and AgeInYears() <= 16",
        'Latest("Lansky", 7 days) >= 50 and Latest("Lansky", 14 days) < 50',  # another look-back is another question
        'if Has("Liver metastasis") then true else null',
        '(if Ever("Lomustine") then null else true) and (if Ever("Lomustine") then Has("Liver metastasis") else true)',
        'AgeInYears() >= limit implies Has("Liver metastasis")',
        'CodeIn("Sex", "male") or CodeIn("Histology", "sarcoma")',
        "Latest(\"Lansky\", 7 days) >= 50 '{score}'",
    ],
)
def test_a_sensible_rule_is_accepted(text: str) -> None:
    checked(text)


def test_a_checked_rule_names_what_it_asks_for() -> None:
    rule = checked('Latest("ANC", lab_window) >= 1.0 \'10*9/L\' and CodeIn("Histology", "sarcoma")')
    assert rule.concepts == {"ANC", "Histology"}
    assert rule.parameters == {"lab_window"}
    assert rule.value_sets == {"sarcoma"}
    assert "lab_window" in rule.text
    assert Call("Latest", (Named("ANC"), Duration(7, "day"))) in {rule.expression.left.left}  # type: ignore[union-attr]


def test_a_parameter_is_a_literal_of_the_language() -> None:
    assert parameter("7 days") == Duration(7, "day")
    assert parameter(Decimal("1.5")) == parse("1.5")
    assert parameter(True) == parse("true")
    with pytest.raises(RuleProblem, match="one value"):
        parameter("a and b")
