"""Why this many subjects? What a given number buys in several ways, and whether the arguments that a protocol states hold.

Nothing here is of one study: the number, the arguments and the assumed losses come from the protocol, the grid of rates is a
convention named in every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from scipy.stats import binom

from protocord.design.deviation import Inflation, inflated
from protocord.design.one_stage import Question, SingleStage, critical_count, fleming, single_stage
from protocord.design.two_stage import TwoStage, simon
from protocord.design.widths import Precision, chance_of_any, excluded_by_none, precision, rate_seen

if TYPE_CHECKING:
    from protocord.protocol import Protocol
    from protocord.protocol.document.assumptions import Assumption
    from protocord.protocol.document.study import SampleSize

NULL_RATES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30)
GAINS = (0.15, 0.20, 0.25)
ERRORS = ((0.05, 0.8), (0.05, 0.9), (0.1, 0.8), (0.1, 0.9))
NEAR = 0.1
"""A two-stage design counts as near where its total lies within this share of the number."""


@dataclass(frozen=True, slots=True)
class Buys:
    """What an exact test of all n says against one null rate."""

    p0: float
    test: SingleStage
    powers: tuple[tuple[float, float], ...]
    """(true rate, power) at each gain over p0."""


@dataclass(frozen=True, slots=True)
class NearDesign:
    """A Simon design whose total lies near n."""

    question: Question
    kind: str
    """`optimal`, `minimax`, or `admissible` between them; `optimal_minimax` where it is both."""
    design: TwoStage


@dataclass(frozen=True, slots=True)
class StatedArgument:
    """An argument of the protocol and what it needs, computed anew; None where the protocol does not state enough."""

    id: str
    method: str
    stated: int | None
    """Evaluable subjects that the protocol says it needs."""
    computed: int | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Every way in which n can be justified, exact."""

    n: int
    alpha: float
    level: float
    buys: tuple[Buys, ...]
    clopper_pearson: Precision
    wilson: Precision
    event_rate_seen: float
    """True rate at which at least one event is seen with probability 0.95."""
    excluded_one_sided: float
    excluded_two_sided: float
    near: tuple[NearDesign, ...]
    evaluable: Inflation | None
    """What n enrolled leaves evaluable under the assumed loss, None where no loss is assumed."""
    chance_evaluable: tuple[tuple[int, float], ...]
    """(count, P(at least that many evaluable)) under the assumed loss."""
    arguments: tuple[StatedArgument, ...]


def why(
    n: int,
    *,
    null_rates: Sequence[float] = NULL_RATES,
    gains: Sequence[float] = GAINS,
    alpha: float = 0.05,
    level: float = 0.95,
    loss: float | None = None,
    arguments: tuple[StatedArgument, ...] = (),
) -> Why:
    """This will return what `n` subjects buy: exact tests, intervals, events, Simon designs of about that size, and losses.

    `alpha` one-sided, `level` of two-sided intervals, `loss` the share that cannot be evaluated. Raises ValueError for n < 2.
    """
    if n < 2:
        message = f"there is nothing to justify with {n} subjects"
        raise ValueError(message)
    rates = sorted({*null_rates, *(round(p0 + gain, 4) for p0 in null_rates for gain in gains if p0 + gain < 1)})
    lost = None if not loss else inflated(n, loss)
    left = () if not loss else tuple((count, float(binom.sf(count - 1, n, 1 - loss))) for count in _left(n, loss))
    return Why(
        n=n,
        alpha=alpha,
        level=level,
        buys=tuple(_buys(n, p0, gains, alpha) for p0 in null_rates),
        clopper_pearson=precision(n, rates, level=level),
        wilson=precision(n, rates, level=level, method="wilson"),
        event_rate_seen=rate_seen(n, 0.95),
        excluded_one_sided=excluded_by_none(n, level, sides=1),
        excluded_two_sided=excluded_by_none(n, level, sides=2),
        near=tuple(near_designs(n, null_rates=null_rates, gains=gains)),
        evaluable=lost,
        chance_evaluable=left,
        arguments=arguments,
    )


def _left(n: int, loss: float) -> range:
    middle = round(n * (1 - loss))
    return range(max(1, middle - 2), min(n, middle + 2) + 1)


def _buys(n: int, p0: float, gains: Sequence[float], alpha: float) -> Buys:
    reject_at = critical_count(n, p0, alpha)
    error = float(binom.sf(reject_at - 1, n, p0))
    better = [round(p0 + gain, 10) for gain in gains if p0 + gain < 1]
    powers = tuple((rate, float(binom.sf(reject_at - 1, n, rate))) for rate in better)
    return Buys(p0, SingleStage(n, reject_at, error, powers[0][1] if powers else error), powers)


def near_designs(n: int, *, null_rates: Sequence[float], gains: Sequence[float]) -> Iterator[NearDesign]:
    """This will yield Simon's optimal, minimax and admissible designs whose total lies within a tenth of `n`.

    Over null rates from the smallest given up to 0.5 in the same steps, each gain, and the usual pairs of errors.
    """
    step = min((b - a for a, b in pairwise(null_rates)), default=0.05)
    low = min(null_rates)
    grid = [round(low + index * step, 10) for index in range(int((0.5 - low) / step + 1e-9) + 1)]
    for p0 in grid:
        for gain in gains:
            for alpha, power in ERRORS:
                if p0 + gain >= 1:
                    continue
                question = Question(p0, round(p0 + gain, 10), alpha, power)
                if not _can_be_near(question, n):
                    continue
                search = simon(question)
                for design in search.admissible:
                    if abs(design.n - n) <= NEAR * n + 1e-9:
                        kinds = [name for name in ("optimal", "minimax") if getattr(search, name).numbers == design.numbers]
                        yield NearDesign(question, "_".join(kinds) or "admissible", design)


def _can_be_near(question: Question, n: int) -> bool:
    # The minimax size is close to that of one stage, and the optimal at most about twice it: the rest need not be searched.
    size = fleming(question).n
    return 0.35 * n <= size <= 1.4 * n


def why_study(protocol: Protocol) -> Why:
    """This will justify the protocol's own number: `planned_subjects`, the share it assumes to be lost, its stated arguments."""
    design = protocol.study.design
    losses = [item for item in protocol.assumptions.assumptions if item.area == "dropout"]
    level = next((float(row.confidence) for row in design.sample_size if row.confidence is not None), 0.95)
    alpha = next((float(row.alpha) for row in design.sample_size if row.alpha is not None), 0.05)
    return why(
        design.planned_subjects,
        alpha=alpha,
        level=level,
        loss=_typical(losses[0]) if losses else None,
        arguments=tuple(_argument(row) for row in design.sample_size),
    )


def _typical(assumption: Assumption) -> float | None:
    """The typical value of an assumed probability: itself where fixed, the mean of a beta or uniform distribution."""
    given = assumption.distribution
    if given.kind == "fixed":
        return float(given.value)
    if given.kind == "beta":
        return float(given.a) / float(given.a + given.b)
    if given.kind == "uniform":
        return float(given.low + given.high) / 2
    return None


def _argument(row: SampleSize) -> StatedArgument:
    needs = {"null_rate": row.null_rate, "alternative_rate": row.alternative_rate, "alpha": row.alpha, "power": row.power}
    missing = tuple(name for name, value in needs.items() if value is None)
    computed = None
    if row.method in {"single_stage_exact", "simon_optimal", "simon_minimax"} and not missing:
        numbers = {name: float(value) for name, value in needs.items() if value is not None}
        one_sided = numbers["alpha"] / (row.sides or 1)
        question = Question(numbers["null_rate"], numbers["alternative_rate"], one_sided, numbers["power"])
        if row.method == "single_stage_exact":
            computed = single_stage(question).smallest.n
        else:
            found = simon(question)
            computed = found.optimal.n if row.method == "simon_optimal" else found.minimax.n
    if row.method in {"precision", "admissible", "bryant_day", "assurance"}:
        missing = ()
    return StatedArgument(row.id, row.method, row.evaluable, computed, missing)


def chance_of_event(n: int, rates: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """This will return (rate, P(at least one event among n)) for each rate."""
    return tuple((rate, chance_of_any(n, rate)) for rate in rates)
