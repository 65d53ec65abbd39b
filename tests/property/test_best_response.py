"""The best overall response against a second implementation, written from the published table as sets of pairs, on every short sequence."""

from __future__ import annotations

import re
from itertools import product

import pytest

from protocord.efficacy.recist import Point, best_response, onset
from protocord.protocol import STUDIES, load
from protocord.protocol.document.efficacy import TumourResponse

LETTERS = {"C": "CR", "P": "PR", "S": "SD", "O": "NON_CR_NON_PD", "D": "PD", "N": "NE"}
SPACINGS = ((42, 70, 98, 126), (30, 50, 71, 99), (41, 69, 96, 140), (20, 41, 42, 70))


def witness(letters: str, days: tuple[int, ...], *, confirmed: bool, between: int, stable_between: bool) -> str:
    """Eisenhauer 2009 table 3 by regular expressions over the sequence as one word; no state, no early exit."""
    after_complete = re.search(r"C[CN]*[PSO]", letters)
    end = min(
        [at for at in (letters.find("D"), after_complete.end() - 1 if after_complete else -1) if at >= 0], default=len(letters)
    )
    seen, ended = letters[:end], end < len(letters)
    pairs = [(a, b) for b in range(len(seen)) for a in range(b) if days[b] - days[a] >= 28]

    def holds(pattern: str, a: int, b: int) -> bool:
        middle = seen[a + 1 : b]
        stable = middle.count("S") <= (1 if stable_between else 0)
        return bool(re.fullmatch(pattern, seen[a : b + 1])) and middle.count("N") <= between and stable

    if confirmed:
        complete = any(holds("C[CN]*C", a, b) for a, b in pairs)
        partial = any(holds("P[CPNS]*[CP]", a, b) for a, b in pairs)
    else:
        complete, partial = "C" in seen, "P" in seen
    late = {letter for letter, day in zip(seen, days, strict=False) if day >= 42}
    ranked = [
        ("CR", complete),
        ("PR", partial),
        ("SD", bool(late & {"C", "P", "S"})),
        ("NON_CR_NON_PD", "O" in late),
        ("PD", ended),
        ("NE", True),
    ]
    return next(name for name, true in ranked if true)


def rules_of(between: int, *, stable_between: bool) -> TumourResponse:
    rules = load(STUDIES / "nct06848582").efficacy.response
    confirmation = rules.confirmation.model_copy(update={"not_evaluable_between": between, "stable_between": stable_between})
    return rules.model_copy(update={"confirmation": confirmation, "stable_min_days": 42})


@pytest.mark.parametrize(("between", "stable_between"), [(1, False), (0, False), (2, False), (1, True)])
@pytest.mark.parametrize("confirmed", [True, False])
def test_every_sequence_of_four_has_the_best_response_of_the_table(between: int, stable_between: bool, confirmed: bool) -> None:
    rules = rules_of(between, stable_between=stable_between)
    for days in SPACINGS:
        for length in range(1, 5):
            for letters in product(LETTERS, repeat=length):
                word = "".join(letters)
                points = [Point(day, LETTERS[letter]) for day, letter in zip(days, letters, strict=False)]  # type: ignore[arg-type]
                expected = witness(word, days, confirmed=confirmed, between=between, stable_between=stable_between)
                assert best_response(points, rules, confirmed=confirmed).response == expected, (word, days)


def test_a_response_begins_at_the_first_of_a_confirmed_pair_and_only_for_a_responder() -> None:
    rules = rules_of(1, stable_between=False)
    for days in SPACINGS:
        for letters in product(LETTERS, repeat=4):
            points = [Point(day, LETTERS[letter]) for day, letter in zip(days, letters, strict=True)]  # type: ignore[arg-type]
            found = onset(points, rules, confirmed=True)
            best = best_response(points, rules, confirmed=True)
            assert (found is not None) == (best.response in {"CR", "PR"}), (letters, days)
            if found is not None and best.first is not None:
                assert found <= best.first
                assert points[found].response in {"CR", "PR"}
