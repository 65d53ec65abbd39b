"""The best overall response of a child, with or without confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocord.efficacy.recist.confirmation import confirming
from protocord.efficacy.recist.overall import Overall
from protocord.protocol.document.efficacy import TumourResponse
from protocord.values import Reason

ORDER: tuple[Overall, ...] = ("CR", "PR", "SD", "NON_CR_NON_PD", "NED", "PD", "NE")
_RESPONSES: tuple[Overall, ...] = ("CR", "PR")
DISEASE_AFTER_COMPLETE = frozenset({"PR", "SD", "NON_CR_NON_PD"})


@dataclass(frozen=True, slots=True)
class Point:
    """One assessment in a sequence: days after day 1, and the overall response."""

    day: int
    response: Overall


@dataclass(frozen=True, slots=True)
class Best:
    """The best overall response, the rule that gave it, and the places in the sequence that established it.

    `first` is the assessment that shows it, `second` the one that confirms it (None without confirmation). `used` is how many
    assessments counted: up to the first progression, that included.
    """

    response: Overall
    reason: Reason
    first: int | None = None
    second: int | None = None
    used: int = 0
    queries: tuple[Reason, ...] = ()


def best_response(points: Sequence[Point], rules: TumourResponse, *, confirmed: bool) -> Best:
    """This will return the best overall response of a sequence in order of time (Eisenhauer 2009, section 4.4 and table 3).

    With `confirmed`, CR and PR need a second assessment as the document's confirmation rules say. Stable disease, and a response
    that was not confirmed, count as stable only from `stable_min_days` after day 1 on. Disease seen after CR is a progression at
    that point, and raises a query. Assessments after the first progression do not count.
    """
    counted, queries = until_progression(points)
    if not counted:
        return Best("NE", Reason.of("best_no_assessment"))
    for wanted in _RESPONSES:
        found = _response(counted, wanted, rules, confirmed=confirmed)
        if found is not None:
            first, second = found
            named, day = f"response_{wanted}", counted[first].day
            if second is None:
                reason = Reason.of("best_response_seen", response=named, day=day)
            else:
                reason = Reason.of("best_response_confirmed", response=named, day=day, second=counted[second].day)
            return Best(wanted, reason, first, second, len(counted), queries)
    return _without_response(counted, rules, queries)


def until_progression(points: Sequence[Point]) -> tuple[tuple[Point, ...], tuple[Reason, ...]]:
    """This will return the assessments up to and including the first progression; disease after CR is one, and is queried."""
    counted: list[Point] = []
    complete = False
    for point in points:
        if complete and point.response in DISEASE_AFTER_COMPLETE:
            query = Reason.of("best_query_disease_after_complete", day=point.day, response=f"response_{point.response}")
            return (*counted, Point(point.day, "PD")), (query,)
        counted.append(point)
        if point.response == "PD":
            break
        complete = complete or point.response == "CR"
    return tuple(counted), ()


def _response(
    points: Sequence[Point], wanted: Overall, rules: TumourResponse, *, confirmed: bool
) -> tuple[int, int | None] | None:
    for first, point in enumerate(points):
        if point.response != wanted:
            continue
        if not confirmed:
            return first, None
        second = confirming(points, first, wanted, rules.confirmation)
        if second is not None:
            return first, second
    return None


def onset(points: Sequence[Point], rules: TumourResponse, *, confirmed: bool) -> int | None:
    """This will return the place of the first CR or PR that counts as a response: with `confirmed`, the first of a confirmed pair.

    The duration of response begins there, whichever of the two it is (Eisenhauer 2009, section 4.7.1).
    """
    counted, _ = until_progression(points)
    for place, point in enumerate(counted):
        if point.response not in {"CR", "PR"}:
            continue
        if not confirmed or confirming(counted, place, "PR", rules.confirmation) is not None:
            return place
    return None


def _without_response(points: Sequence[Point], rules: TumourResponse, queries: tuple[Reason, ...]) -> Best:
    least = rules.stable_min_days
    used = len(points)
    for place, point in enumerate(points):
        if point.response in {"CR", "PR", "SD"} and point.day >= least:
            kind = "best_stable" if point.response == "SD" else "best_stable_not_confirmed"
            reason = Reason.of(kind, response=f"response_{point.response}", day=point.day, least=least)
            return Best("SD", reason, place, None, used, queries)
    for place, point in enumerate(points):
        if point.response == "NON_CR_NON_PD" and point.day >= least:
            return Best("NON_CR_NON_PD", Reason.of("best_neither", day=point.day, least=least), place, None, used, queries)
    for place, point in enumerate(points):
        if point.response == "NED":
            return Best("NED", Reason.of("best_no_disease", day=point.day), place, None, used, queries)
    if points[-1].response == "PD":
        return Best("PD", Reason.of("best_progression", day=points[-1].day), used - 1, None, used, queries)
    early = next((point for point in points if point.response != "NE"), None)
    if early is not None:
        reason = Reason.of("best_too_early", response=f"response_{early.response}", day=early.day, least=least)
    else:
        reason = Reason.of("best_not_evaluable")
    return Best("NE", reason, None, None, used, queries)
