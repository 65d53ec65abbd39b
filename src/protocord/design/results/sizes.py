"""Sample sizes and designs in stages as data."""

from __future__ import annotations

from collections.abc import Sequence

from protocord.design.deviation import Attained, Inflation
from protocord.design.one_stage import Question, SingleStage, SingleStageSearch
from protocord.design.response_and_toxicity import BryantDayFound, JointCharacteristics, joint_characteristics
from protocord.design.results.rows import Value, bound_row, characteristics_rows, curve_rates, design_rows, results, rows
from protocord.design.staged import StagedDesign, operating_characteristics
from protocord.design.stages import FoundDesign, GehanDesign
from protocord.design.two_stage import SimonSearch, TwoStage
from protocord.statistics.results import Results, Scalar, Statistic


def asked(question: Question) -> dict[str, Scalar]:
    """This will return a question as context for every row."""
    return {
        "p0": question.p0,
        "p1": question.p1,
        "alpha": question.alpha,
        "power_asked": question.power,
        "type_one_rule": "<" if question.strict else "<=",
    }


def _size_rows(design: str, one: SingleStage, method: str, conventions: tuple[str, ...]) -> list[Statistic]:
    values: dict[str, Value] = {"n": one.n, "reject_at": one.reject_at, "type_one": one.type_one, "power": one.power}
    return rows("single_stage", {"design": design}, values, method=method, conventions=conventions)


def single_results(search: SingleStageSearch) -> Results:
    """This will return the single-stage answer: the sizes, the bound of the smallest, characteristics and the saw-tooth."""
    q = search.question
    exact = ("type_one_not_strict", "every_size_proven")
    found = _size_rows("smallest", search.smallest, "exact_binomial", exact)
    found += _size_rows("settled", search.settled, "exact_binomial", exact)
    found += _size_rows("fleming", search.fleming, "normal_approximation", ("fleming_normal_approximation",))
    found += design_rows(search.smallest.design, {"design": "smallest"})
    found += characteristics_rows(search.smallest.design, curve_rates(q.p0, q.p1), {"design": "smallest"})
    row = search.saw_tooth
    last = min(len(row.n), search.settled.n + 15)
    for index in range(last):
        values: dict[str, Value] = {
            "reject_at": int(row.reject_at[index]),
            "type_one": float(row.type_one[index]),
            "power": float(row.power[index]),
            "works": bool(row.works[index]),
        }
        found += rows("saw_tooth", {"n": int(row.n[index])}, values, method="exact_binomial", conventions=exact[:1])
    return results(found, {**asked(q), "all_sizes_work_beyond": search.settled_by})


def _two_stage_rows(design: str, one: TwoStage, question: Question) -> list[Statistic]:
    at = operating_characteristics(one.design, [question.p0, question.p1])
    values: dict[str, Value] = {
        "r1": one.r1,
        "n1": one.n1,
        "r": one.r,
        "n": one.n,
        "type_one": float(at.reject[0]),
        "power": float(at.reject[1]),
        "expected_n_null": float(at.expected_n[0]),
        "expected_n_alternative": float(at.expected_n[1]),
        "stop_early_null": float(at.stop_early[0]),
    }
    if one.q_low is not None and one.q_high is not None:
        values |= {"q_low": one.q_low, "q_high": one.q_high}
    kept = ("type_one_not_strict", "simon_largest_r", "expected_n_ties", "search_until_proven")
    return rows("two_stage", {"design": design}, values, method="exact", conventions=kept)


def simon_results(search: SimonSearch) -> Results:
    """This will return Simon's optimal and minimax design with bounds in words and characteristics."""
    q = search.question
    found: list[Statistic] = []
    for name, one in (("optimal", search.optimal), ("minimax", search.minimax)):
        found += _two_stage_rows(name, one, q)
        found += design_rows(one.design, {"design": name})
        found += characteristics_rows(one.design, curve_rates(q.p0, q.p1), {"design": name})
    return results([*found, *_search_rows(search)], asked(q))


def admissible_results(search: SimonSearch) -> Results:
    """This will return every admissible design with its interval of weights, and the best design of each size."""
    q = search.question
    found: list[Statistic] = []
    for one in search.admissible:
        found += _two_stage_rows(str(one), one, q)
        found += design_rows(one.design, {"design": str(one)})
        found += characteristics_rows(one.design, curve_rates(q.p0, q.p1), {"design": str(one)})
    for best in search.by_size:
        if best.n > search.optimal.n + 10:
            break
        values: dict[str, Value] = {"design": str(best), "expected_n_null": best.expected_n, "type_one": best.type_one}
        found += rows("best_of_size", {"n": best.n}, {**values, "power": best.power}, method="exact")
    return results([*found, *_search_rows(search)], asked(q))


def _search_rows(search: SimonSearch) -> list[Statistic]:
    values: dict[str, Value] = {
        "searched_to": search.searched_to,
        "needed_to": search.needed_to,
        "proven": search.proven,
    }
    return rows("search", {}, values, method="exact", conventions=("search_until_proven",))


def staged_results(
    question: Question,
    name: str,
    found: FoundDesign,
    also: Sequence[tuple[str, StagedDesign]] = (),
    *,
    conventions: tuple[str, ...] = (),
) -> Results:
    """This will return a design in stages, and designs to show beside it (such as the same one curtailed)."""
    statistics: list[Statistic] = []
    for label, design in ((name, found.design), *also):
        at = operating_characteristics(design, [question.p0, question.p1])
        values: dict[str, Value] = {
            "stages": len(design.stages),
            "n": design.n,
            "type_one": float(at.reject[0]),
            "power": float(at.reject[1]),
            "expected_n_null": float(at.expected_n[0]),
            "expected_n_alternative": float(at.expected_n[1]),
        }
        statistics += rows("staged", {"design": label}, values, method="exact", conventions=("type_one_not_strict", *conventions))
        statistics += design_rows(design, {"design": label})
        statistics += characteristics_rows(design, curve_rates(question.p0, question.p1), {"design": label})
    told: dict[str, Value] = {"searched_to": found.searched_to, "proven": found.proven}
    statistics += rows("search", {}, told, method="exact", conventions=("search_until_proven",))
    return results(statistics, asked(question))


def gehan_results(design: GehanDesign, *, p1: float, error: float, standard_error: float, confidence: float) -> Results:
    """This will return Gehan's design: its first stage, and the second for each number of responses."""
    from protocord.design.bounds import Bound

    found = rows("gehan", {}, {"n1": design.n1, "miss": design.miss}, method="exact", conventions=("gehan_upper_limit",))
    found.append(bound_row({"design": "gehan", "stage": 1}, Bound(0, "at_most"), "stop_futility", design.n1))
    for responses, (more, rate) in enumerate(zip(design.second, design.assumed, strict=True), start=1):
        values: dict[str, Value] = {"more_subjects": more, "n": design.n1 + more, "assumed_rate": rate}
        found += rows("gehan_second_stage", {"responses": responses}, values, method="exact", conventions=("gehan_upper_limit",))
    told: dict[str, Scalar | None] = {"p1": p1, "error": error, "standard_error": standard_error, "limit_level": confidence}
    return results(found, told)


def bryant_day_results(found: BryantDayFound, odds_ratios: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0)) -> Results:
    """This will return the joint design, its bounds in words, and its characteristics also at other odds ratios."""
    q, d = found.question, found.design
    statistics: list[Statistic] = []
    values: dict[str, Value] = {"c1": d.c1, "t1": d.t1, "n1": d.n1, "c": d.c, "t": d.t, "n": d.n}
    largest = max(found.inactive.expected_n, found.toxic.expected_n)
    values |= {"error_response": found.inactive.conclude, "error_toxicity": found.toxic.conclude}
    values |= {"power": found.active.conclude, "expected_n_largest_null": largest}
    kept = ("bryant_day_association", "search_until_proven")
    statistics += rows("bryant_day", {}, values, method="exact", conventions=kept)
    for stage, (n, responses, toxicities) in enumerate(d.bounds, start=1):
        where: dict[str, Scalar] = {"design": "bryant_day", "stage": stage}
        statistics.append(bound_row(where, responses, "stop_futility" if stage == 1 else "accept", n))
        statistics.append(bound_row(where, toxicities, "stop_toxicity" if stage == 1 else "too_toxic", n))
    for odds_ratio in sorted({*odds_ratios, q.odds_ratio}):
        for name, one in (("inactive", found.inactive), ("toxic", found.toxic), ("active", found.active)):
            at = joint_characteristics(d, one.response, one.toxicity, odds_ratio)
            statistics += _joint_rows(name, at)
    asked_joint: dict[str, Scalar | None] = {
        "p0": q.p0,
        "p1": q.p1,
        "toxic": q.toxic,
        "tolerable": q.tolerable,
        "alpha_response": q.alpha_response,
        "alpha_toxicity": q.alpha_toxicity,
        "power_asked": q.power,
        "odds_ratio_assumed": q.odds_ratio,
    }
    return results(statistics, asked_joint)


def _joint_rows(scenario: str, at: JointCharacteristics) -> list[Statistic]:
    where: dict[str, Scalar] = {"scenario": scenario, "true_rate": at.response, "true_toxicity": at.toxicity}
    values: dict[str, Value] = {"conclude": at.conclude, "stop_early": at.stop_early, "expected_n": at.expected_n}
    return rows("joint_characteristics", {**where, "odds_ratio": at.odds_ratio}, values, method="exact")


def attained_results(question: Question, one: Attained) -> Results:
    """This will return the bounds for the numbers attained, beside the plan, with exact characteristics."""
    found: list[Statistic] = []
    for name, design in (("attained", one.design), ("planned", one.planned)):
        at = operating_characteristics(design, [question.p0, question.p1])
        values: dict[str, Value] = {
            "n1": design.stages[0].n,
            "n": design.n,
            "type_one": float(at.reject[0]),
            "power": float(at.reject[1]),
            "expected_n_null": float(at.expected_n[0]),
            "stop_early_null": float(at.stop_early[0]),
        }
        method = one.rule if name == "attained" else "exact"
        found += rows("attained", {"design": name}, values, method=method, conventions=("attained_sizes",))
        found += design_rows(design, {"design": name})
    return results(found, {**asked(question), "attained_rule": one.rule})


def loss_rows(lost: Inflation) -> list[Statistic]:
    """This will return how many to enrol so that enough can be evaluated."""
    values: dict[str, Value] = {"loss": lost.loss, "enrol_on_average": lost.on_average, "enrol_assured": lost.assured}
    return rows("losses", {"evaluable": lost.evaluable}, values, method="exact", conventions=("non_evaluable",))
