"""Whole trials by simulation, only where time decides: delayed toxicity, pending subjects, accrual, survival at a milestone.

What a rule does when every subject is known at each look is computed exactly in `monitoring`; the policy "wait" here must agree
with it. Every number comes with its Monte Carlo standard error, the seed and the generator. Trials are drawn in blocks of fixed
size, each from its own branch of one seed tree, so neither the number of workers nor the way the work is cut changes a bit, and
a run of 1,000 trials is the beginning of a run of 10,000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from protocord.design.monitoring import Boundary, Posterior, Threshold, both_probability
from protocord.design.simulation_kernel import FIELDS, run_trials
from protocord.statistics import Statistic
from protocord.statistics.streams import Streams, blocks

Floats = npt.NDArray[np.float64]
Pending = Literal["complete", "as_known", "wait", "weighted"]

BLOCK = 2048
YEAR = 365.25
MONTH = YEAR / 12
_POLICIES: dict[Pending, int] = {"complete": 0, "as_known": 1, "wait": 2, "weighted": 3}
_DRAWS = ("arrival", "cell", "toxicity_time", "death", "dropout")


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What a trial does.

    `subjects` at most are enrolled. `toxicity` is watched whenever a subject arrives and after the last; `response` boundaries at
    their looks, when so many subjects have been assessed. `window_days` is the toxicity window, `response_days` the time from
    enrolment to a known response. Survival is analysed `follow_up_days` after the last enrolment by Kaplan-Meier at
    `milestone_days`, with the log-log interval at `level` (two-sided), against `null_survival`.

    `pending` says how subjects inside their window count at a toxicity look: "complete": not at all, and neither do their events
    until the window is over; "as_known": an event at once, no event only after the window; "wait": enrolment waits until all are
    known; "weighted": an event at once, no event in the share of the window passed (posterior rules only).
    """

    subjects: int
    toxicity: Boundary | None = None
    response: tuple[Boundary, ...] = ()
    pending: Pending = "complete"
    window_days: float = 28.0
    response_days: float = 84.0
    follow_up_days: float = YEAR
    milestone_days: float = YEAR
    null_survival: float = 0.5
    level: float = 0.9

    def __post_init__(self) -> None:
        if self.subjects < 1 or min(self.window_days, self.response_days, self.follow_up_days, self.milestone_days) <= 0:
            message = "a trial has subjects, and its times are positive numbers of days"
            raise ValueError(message)
        if not (0 < self.null_survival < 1 and 0 < self.level < 1) or self.pending not in _POLICIES:
            message = "survival and level lie strictly between 0 and 1; pending is one of " + ", ".join(_POLICIES)
            raise ValueError(message)
        if self.pending == "weighted" and (self.toxicity is None or _posterior_rule(self.toxicity) is None):
            message = "pending subjects can be weighted only in a posterior rule on too many toxicities"
            raise ValueError(message)
        if self.toxicity is not None and (self.toxicity.direction != ">=" or self.toxicity.looks[-1] > self.subjects):
            message = "the toxicity boundary is on too many events, with looks within the subjects of the trial"
            raise ValueError(message)
        if self.toxicity is not None and self.toxicity.looks[-1] - self.toxicity.looks[0] >= len(self.toxicity.looks):
            message = (
                "toxicity is watched continuously here: its boundary needs a look at every number from its first to its last"
            )
            raise ValueError(message)
        if any(boundary.looks[-1] > self.subjects for boundary in self.response):
            message = "looks at responses lie within the subjects of the trial"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is true in a simulated world.

    `per_month` subjects arrive on average (a Poisson process). Toxicity happens with probability `toxicity` inside the window, at
    a time of window x U^(1 / lateness): 1 is uniform, above 1 later. `response` and `toxicity` have the given odds ratio. The
    milestone is survived with probability `survival` (Weibull with `shape`) by those who do not respond; the hazard of those who
    do is `responder_hazard` times as high, from the start. `dropout` is the yearly probability of being lost.
    """

    toxicity: float
    response: float
    survival: float
    per_month: float = 2.0
    odds_ratio: float = 1.0
    lateness: float = 1.0
    shape: float = 1.0
    responder_hazard: float = 1.0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        inside = 0 <= self.toxicity <= 1 and 0 <= self.response <= 1 and 0 <= self.dropout < 1
        if not inside or not 0 < self.survival < 1:
            message = "rates lie from 0 to 1, dropout below 1, survival strictly between 0 and 1"
            raise ValueError(message)
        if min(self.per_month, self.odds_ratio, self.lateness, self.shape, self.responder_hazard) <= 0:
            message = "accrual, odds ratio, lateness, shape and hazard ratio are positive"
            raise ValueError(message)

    def milestone(self) -> float:
        """This will return the true probability of surviving the milestone, over responders and others."""
        return float((1 - self.response) * self.survival + self.response * self.survival**self.responder_hazard)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A simulated number with its Monte Carlo standard error and the trials behind it."""

    name: str
    value: float
    mcse: float
    trials: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """The outcome of simulated trials: `outcomes` (trials x FIELDS, one row a trial, in the order of the seed tree) and its summary."""

    plan: TrialPlan
    scenario: Scenario
    seed: int
    about: dict[str, str | int]
    outcomes: Floats

    def column(self, name: str) -> Floats:
        """This will return one field of every trial. Raises ValueError for no such field."""
        return np.asarray(self.outcomes[:, FIELDS.index(name)], dtype=np.float64)

    def estimates(self) -> tuple[Estimate, ...]:
        """This will return the summary: each number with its Monte Carlo standard error.

        Numbers on the milestone are over the trials in which Kaplan-Meier reaches it; how many do is one of the numbers.
        """
        code = self.column("stopped")
        reached = self.column("estimable") == 1
        truth = self.scenario.milestone()
        found = [
            _share("stops_for_toxicity", code == 1),
            _share("stops_for_futility", code == 2),
            _share("stops_for_efficacy", code == 3),
            _mean("subjects", self.column("enrolled")),
            _mean("toxicities", self.column("toxicities")),
            _mean("responses", self.column("responses")),
            _mean("enrolment_months", self.column("days") / MONTH),
            _share("milestone_estimable", reached),
        ]
        if reached.any():
            lower, upper = self.column("lower")[reached], self.column("upper")[reached]
            found += [
                _mean("milestone_survival", self.column("survival")[reached]),
                _share("milestone_covered", (lower <= truth) & (truth <= upper)),
                _share("milestone_above_null", lower > self.plan.null_survival),
            ]
        return tuple(found)


def simulate(
    plan: TrialPlan,
    scenario: Scenario,
    *,
    trials: int,
    seed: int,
    workers: int = 1,
    watch: Callable[[int], None] | None = None,
) -> Simulation:
    """This will return `trials` simulated trials of one scenario.

    `workers` threads share the blocks; it changes the time, never the numbers. `watch`, where given, is told the trials done.
    Raises ValueError where `trials` or `workers` is not positive.
    """
    if trials < 1 or workers < 1:
        message = "trials and workers are counted from 1"
        raise ValueError(message)
    streams = Streams(seed).child("trials")
    tables = _tables(plan, scenario)
    outcomes = np.empty((trials, len(FIELDS)))

    def work(block: int, wanted: int) -> int:
        outcomes[block * BLOCK : block * BLOCK + wanted] = _block(streams, block, plan, scenario, tables)[:wanted]
        return wanted

    done = 0
    with ThreadPoolExecutor(workers) as pool:
        for wanted in pool.map(lambda part: work(*part), blocks(trials, BLOCK)):
            done += wanted
            if watch is not None:
                watch(done)
    return Simulation(plan, scenario, seed, streams.about(), outcomes)


def draws(streams: Streams, block: int, subjects: int) -> dict[str, Floats]:
    """This will return the random numbers of one block (BLOCK x subjects), each kind from its own stream."""
    found: dict[str, Floats] = {}
    for name in _DRAWS:
        generator = streams.child(name).generator(block)
        draw = generator.random if name in {"cell", "toxicity_time"} else generator.standard_exponential
        found[name] = draw((BLOCK, subjects))
    return found


@dataclass(frozen=True, slots=True)
class _Tables:
    toxicity: npt.NDArray[np.int64]  # bound by number evaluable, 0 … n
    information: Floats  # most information with which so many events cross, for weighted looks
    looks: npt.NDArray[np.int64]
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]
    numbers: Floats


def _tables(plan: TrialPlan, scenario: Scenario) -> _Tables:
    n = plan.subjects
    never = np.iinfo(np.int64).max
    toxicity = np.full(n + 1, never, dtype=np.int64)
    if plan.toxicity is not None:
        for look, bound in zip(plan.toxicity.looks, plan.toxicity.bounds, strict=True):
            toxicity[look] = never if bound is None else bound
    looks = np.array(sorted({look for boundary in plan.response for look in boundary.looks}), dtype=np.int64)
    low, high = np.full(looks.size, -1, dtype=np.int64), np.full(looks.size, never, dtype=np.int64)
    for boundary in plan.response:
        for look, bound in zip(boundary.looks, boundary.bounds, strict=True):
            place = int(np.searchsorted(looks, look))
            if bound is not None and boundary.direction == "<=":
                low[place] = max(low[place], bound)
            elif bound is not None:
                high[place] = min(high[place], bound)
    both = float(both_probability(np.array([scenario.response]), np.array([scenario.toxicity]), scenario.odds_ratio)[0])
    scale = plan.milestone_days / (-log(scenario.survival)) ** (1 / scenario.shape)
    numbers = [
        MONTH / scenario.per_month,
        both,
        scenario.response,
        scenario.toxicity,
        1 / scenario.lateness,
        scale,
        1 / scenario.shape,
        scenario.responder_hazard ** (-1 / scenario.shape),
        YEAR / -log(1 - scenario.dropout) if scenario.dropout > 0 else np.inf,
        plan.window_days,
        plan.response_days,
        plan.follow_up_days,
        plan.milestone_days,
        float(stats.norm.isf((1 - plan.level) / 2)),
    ]
    return _Tables(toxicity, _information(plan), looks, low, high, np.array(numbers))


def _information(plan: TrialPlan) -> Floats:
    """For each number of events the most information (events, others, and shares of the pending) with which they still cross."""
    found = np.full(plan.subjects + 1, -1.0)
    rule = _posterior_rule(plan.toxicity) if plan.pending == "weighted" and plan.toxicity is not None else None
    if rule is None or plan.toxicity is None:
        return found
    measure, certainty = rule
    for events in range(plan.subjects + 1):

        def beyond(others: float, events: int = events) -> float:
            return float(special.betaincc(measure.a + events, measure.b + others, measure.rate)) - certainty

        if beyond(0.0) <= 0:
            continue
        top = float(plan.subjects - events)
        found[events] = events + (top if beyond(top) > 0 else optimize.brentq(beyond, 0.0, top, xtol=1e-12))
    return found


def _posterior_rule(boundary: Boundary) -> tuple[Posterior, float] | None:
    rule = boundary.criterion
    if isinstance(rule, Threshold) and isinstance(rule.measure, Posterior) and rule.direction == ">=":
        return rule.measure, rule.critical
    return None


def _block(streams: Streams, block: int, plan: TrialPlan, scenario: Scenario, tables: _Tables) -> Floats:
    drawn = draws(streams, block, plan.subjects)
    first = plan.toxicity.looks[0] if plan.toxicity is not None else plan.subjects + 1
    del scenario
    return run_trials(
        drawn["arrival"], drawn["cell"], drawn["toxicity_time"], drawn["death"], drawn["dropout"], tables.toxicity,
        tables.information, first, tables.looks, tables.low, tables.high, tables.numbers, _POLICIES[plan.pending],
    )  # fmt: skip


def _share(name: str, happened: npt.NDArray[np.bool_]) -> Estimate:
    share = float(happened.mean())
    return Estimate(name, share, sqrt(share * (1 - share) / happened.size), happened.size)


def _mean(name: str, values: Floats) -> Estimate:
    spread = float(values.std(ddof=1)) / sqrt(values.size) if values.size > 1 else 0.0
    return Estimate(name, float(values.mean()), spread, values.size)


def true_survival(scenario: Scenario, plan: TrialPlan, days: Sequence[float]) -> Floats:
    """This will return the true probability of being alive at each day, over responders and others."""
    hazard = -log(scenario.survival) * (np.asarray(days, dtype=np.float64) / plan.milestone_days) ** scenario.shape
    responders = np.array([exp(-value * scenario.responder_hazard) for value in hazard])
    return np.asarray((1 - scenario.response) * np.exp(-hazard) + scenario.response * responders, dtype=np.float64)


def estimate_statistics(found: Simulation, analysis: str = "monitoring_simulation") -> Iterator[Statistic]:
    """This will yield each simulated number and, as a statistic of its own, its Monte Carlo standard error."""
    method = f"simulation/{found.plan.pending}"
    for one in found.estimates():
        context = {"trials": one.trials, "seed": found.seed}
        yield Statistic(analysis, one.name, one.value, context=context, method=method, conventions=("simulation_blocks",))
        yield Statistic(
            analysis, f"{one.name}_mcse", one.mcse, context=context, method=method, conventions=("simulation_blocks",)
        )
