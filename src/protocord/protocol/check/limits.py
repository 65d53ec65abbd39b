"""The bounds that a protocol prints against the rule from which they are said to follow."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import exp, lgamma, log, log1p

from protocord.errors import Problem
from protocord.protocol.check.registry import check, place
from protocord.protocol.document.limits import Limit, Looks, PosteriorRule
from protocord.protocol.model import Protocol

# A posterior probability this near to the certainty asked for could fall to either side by rounding: nothing is said of it.
_TOO_NEAR = 1e-9


def beta_tail(a: float, b: float, x: float) -> float:
    """This will return the probability that a beta(a, b) variable exceeds x, for 0 < x < 1, to about 12 digits.

    One minus the regularised incomplete beta function by its hypergeometric series, whose terms are all positive (DLMF 8.17.8).
    """
    term = total = exp(a * log(x) + b * log1p(-x) - log(a) + lgamma(a + b) - lgamma(a) - lgamma(b))
    n = 0
    while term > total * 1e-17:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    return 1 - total


def crossing(rule: PosteriorRule, subjects: int) -> int | None:
    """This will return the least number of events among `subjects` at which a posterior rule is crossed; None when no number does.

    None too where a probability lies too near to the certainty to tell.
    """
    a, b, rate, certainty = (float(value) for value in (rule.prior.a, rule.prior.b, rule.rate, rule.certainty))
    for events in range(subjects + 1):
        probability = beta_tail(a + events, b + subjects - events, rate)
        if abs(probability - certainty) < _TOO_NEAR:
            return None
        if probability > certainty:
            return events
    return None


@check
def bounds_that_do_not_follow_from_the_rule(protocol: Protocol) -> Iterator[Problem]:
    """A safety limit whose printed bounds are not those of its posterior rule."""
    for limit in protocol.safety.limits:
        if limit.bounds and limit.looks is not None and limit.purpose == "safety" and isinstance(limit.rule, PosteriorRule):
            slip = _first_difference(limit, limit.rule, limit.looks)
            if slip:
                remedy = "Mend the list, or the rule; or leave the list out, and the software computes it."
                yield Problem(place(protocol, "safety", "limits", limit.id, "bounds"), slip, remedy)


def _first_difference(limit: Limit, rule: PosteriorRule, looks: Looks) -> str:
    for subjects in looks.at or range(looks.first, looks.last + 1, looks.every):
        follows = crossing(rule, subjects)
        listed = max(
            (bound for bound in limit.bounds if bound.subjects <= subjects), key=lambda bound: bound.subjects, default=None
        )
        if limit.direction not in ("at_least", "more_than") or follows is None:
            continue
        printed = None if listed is None else listed.events + (1 if limit.direction == "more_than" else 0)
        if printed != follows:
            said = "no bound" if printed is None else f"{printed}"
            sure = f"P(rate > {_plain(rule.rate)}) > {_plain(rule.certainty)}"
            return f"at {subjects} evaluable subjects {follows} events are the first to cross ({sure}), and the list says {said}."
    return ""


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
