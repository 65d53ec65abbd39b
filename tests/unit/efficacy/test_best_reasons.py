"""The best overall response says the rule that gave it, and which assessments established it."""

from __future__ import annotations

import re

import pytest

from protocord.efficacy.recist import Point, best_response
from protocord.protocol.document.efficacy import TumourResponse
from protocord.words import say


def points(*steps: str) -> list[Point]:
    return [Point(int(re.sub(r"\D", "", step)), re.sub(r"\d", "", step)) for step in steps]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "said", "places", "used"),
    [
        ([], "No assessment after baseline.", (None, None), 0),
        (["PR42", "PR84"], "PR 42 days after day 1, confirmed 84 days after day 1.", (0, 1), 2),
        (["SD42", "CR84", "CR126", "PD160", "CR200"], "CR 84 days after day 1, confirmed 126 days after day 1.", (1, 2), 4),
        (["SD30", "SD50", "PD90"], "SD 50 days after day 1 (at least 42).", (1, None), 3),
        (["PR45", "PD90"], "PR 45 days after day 1 was not confirmed: it counts as SD (at least 42 days).", (0, None), 2),
        (["NON_CR_NON_PD50"], "Non-CR/Non-PD 50 days after day 1 (at least 42).", (0, None), 1),
        (["NED40"], "No disease at baseline, none 40 days after day 1.", (0, None), 1),
        (["NE20", "PD60"], "PD 60 days after day 1, nothing better before.", (1, None), 2),
        (
            ["NE10", "PR30", "NE60"],
            "PR 30 days after day 1 came before 42 days, and nothing evaluable followed.",
            (None, None),
            3,
        ),
        (["NE42"], "No assessment was evaluable.", (None, None), 1),
    ],
)
def test_a_best_response_says_its_rule_and_its_assessments(
    steps: list[str], said: str, places: tuple[int | None, int | None], used: int, rules: TumourResponse
) -> None:
    found = best_response(points(*steps), rules, confirmed=True)

    assert say(found.reason, "en") == said
    assert say(found.reason, "zh")
    assert ((found.first, found.second), found.used, found.queries) == (places, used, ())


def test_without_confirmation_the_first_best_one_counts(rules: TumourResponse) -> None:
    found = best_response(points("SD42", "PR84", "PR126"), rules, confirmed=False)

    assert say(found.reason, "en") == "PR 84 days after day 1; confirmation is not asked."
    assert (found.first, found.second) == (1, None)


def test_disease_after_a_complete_response_is_queried(rules: TumourResponse) -> None:
    (query,) = best_response(points("CR42", "PR84"), rules, confirmed=True).queries

    assert say(query, "en") == "Query: PR 84 days after day 1 follows a CR and counts as PD. Was the CR a PR?"
    assert say(query, "zh")
