"""What `protocord monitor` prints: limits, positions, boundaries, characteristics, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocord.statistics.rounding import shown, significant
from protocord.values import Language, Reason
from protocord.words import say, term
from protocord.words.layout import WIDTH, hanging, table, wrap

if TYPE_CHECKING:
    from protocord.design.monitoring import Bop2, Boundary, Characteristics
    from protocord.design.monitoring.joint import JointCharacteristics
    from protocord.design.trials import Simulation
    from protocord.monitor import Position, WatchedLimit
    from protocord.statistics import Results


def limit_lines(limits: Sequence[WatchedLimit], language: Language) -> list[str]:
    """This will return each limit: its sentence, its bounds, and whether they follow from its rule."""
    lines: list[str] = []
    for one in limits:
        lines += [*([""] if lines else []), *hanging(one.limit.text.say(language), first=f"{one.id}  ")]
        if one.every_event:
            lines.append("  " + term("limit_every_event", language))
            continue
        lines += ["  " + line for line in _bounds(one.boundary, language)]
        if one.follows is None:
            verdict = term("limit_only_listed", language)
        elif not one.limit.bounds:
            verdict = term("limit_computed", language)
        else:
            verdict = term("limit_all_follow", language)
        found = [say(difference.said(), language) for difference in one.differences] or [verdict]
        lines += [line for text in found for line in hanging(text, first="  ")]
    return lines


def position_lines(found: Sequence[Position], language: Language) -> list[str]:
    """This will return each limit's position in sentences."""
    lines: list[str] = []
    for one in found:
        lines += [*([""] if lines else []), *hanging(one.limit.limit.text.say(language), first=f"{one.limit.id}  ")]
        said = [say(reason, language) for reason in one.said()]
        if one.weighted is not None:
            said.append(say(Reason.of("position_weighted", probability=shown(one.weighted, 3)), language))
        lines += [line for text in said for line in hanging(text, first="  ")]
    return lines


def boundary_lines(boundary: Boundary, language: Language) -> list[str]:
    """This will return one boundary: its rule and parameters, its direction in words, its bounds."""
    from protocord.design.monitoring.wording import rule_in_words, strictness_in_words

    strict = strictness_in_words(boundary, language)
    return [*wrap(rule_in_words(boundary, language), WIDTH), *([strict] if strict else []), *_bounds(boundary, language)]


def _bounds(boundary: Boundary, language: Language) -> list[str]:
    sign = "≥" if boundary.direction == ">=" else "≤"
    starts = [look for look, _ in boundary.changes()]
    ends = [*(max(look for look in boundary.looks if look < start) for start in starts[1:]), boundary.looks[-1]]
    rows = [[term("monitoring_look", language), term("monitoring_stop_at", language)]]
    for (look, bound), last in zip(boundary.changes(), ends, strict=True):
        shown_look = str(look) if look == last else f"{look}-{last}"
        rows.append([shown_look, term("monitoring_cannot", language) if bound is None else f"{sign} {bound}"])
    return [say(boundary.said()[0], language), *table(rows)]


def characteristic_lines(found: Characteristics, language: Language) -> list[str]:
    """This will return the characteristics, one line a true rate; a column whose bound does not exist is left out."""
    low, high = bool(found.low.any()), bool(found.high.any())
    keys = [
        *(["monitoring_stops_low"] if low else []),
        *(["monitoring_stops_high"] if high or not low else []),
        "monitoring_passes",
    ]
    header = [term(key, language) for key in ("monitoring_rate", *keys, "monitoring_subjects", "monitoring_events")]
    values = {"monitoring_stops_low": found.low, "monitoring_stops_high": found.high, "monitoring_passes": found.passes}
    rows = [
        [
            f"{rate:g}",
            *(shown(float(values[key][place]), 3) for key in keys),
            shown(float(found.subjects[place]), 1),
            shown(float(found.events[place]), 2),
        ]
        for place, rate in enumerate(found.rates)
    ]
    return [*table([header, *rows]), term("monitoring_exact", language)]


def overrun_lines(found: Results, pending: int, language: Language) -> list[str]:
    """This will return what pending subjects add, one line a true rate; nothing where there is nothing to say."""
    rates = list(dict.fromkeys(float(one.context["rate"]) for one in found))  # type: ignore[arg-type]
    if not rates:
        return []
    keys = ("monitoring_rate", "monitoring_subjects", "monitoring_events", "monitoring_undone")
    rows = [[term(key, language) for key in keys]]
    for rate in rates:
        subjects, events, undone = (found.value(name=name, rate=rate) for name in ("subjects", "events", "undone"))
        rows.append([f"{rate:g}", shown(subjects, 1), shown(events, 2), shown(undone, 3)])
    return [*wrap(say(Reason.of("monitoring_overrun", pending=pending), language), WIDTH), *table(rows)]


def optimum_lines(found: Bop2, language: Language) -> list[str]:
    """This will return the parameters, errors and expected sizes of a tuned rule."""
    lambda_, gamma, distinct = _number(found.lambda_), _number(found.gamma), found.distinct
    point = Reason.of("monitoring_rule_optimum", lambda_=lambda_, gamma=gamma, distinct=distinct)
    if found.eta is not None:
        eta = _number(found.eta)
        point = Reason.of("monitoring_rule_optimum_eta", lambda_=lambda_, gamma=gamma, eta=eta, distinct=distinct)
    errors = Reason.of(
        "monitoring_errors",
        type_i=shown(found.type_i_error, 4),
        power=shown(found.power, 4),
        null=shown(found.subjects_null, 1),
        alternative=shown(found.subjects_alternative, 1),
    )
    return [
        term(f"rule_{found.kind}", language),
        say(point, language),
        say(errors, language),
        term("monitoring_no_claim", language),
        "",
    ]


def surface_lines(few: Boundary, many: Boundary, found: JointCharacteristics, language: Language) -> list[str]:
    """This will return the two boundaries of a joint rule and what it does at a few pairs of rates."""
    keys = ("counted_responses", "counted_toxicities", "simulated_stops_for_toxicity", "simulated_stops_for_futility", "monitoring_passes", "monitoring_subjects")  # fmt: skip
    rows = [[term(key, language) for key in keys]]
    toxicity, futility, subjects = found.stopped("toxicity"), found.stopped("futility"), found.subjects
    for place in [(r, t) for r in range(found.passes.shape[0]) for t in range(found.passes.shape[1])]:
        rates = [f"{found.response[place]:g}", f"{found.toxicity[place]:g}"]
        chances = [shown(float(values[place]), 3) for values in (toxicity, futility, found.passes)]
        rows.append([*rates, *chances, shown(float(subjects[place]), 1)])
    return [
        *boundary_lines(few, language),
        "",
        *boundary_lines(many, language),
        "",
        *table(rows),
        term("monitoring_exact", language),
    ]


def simulation_lines(found: Simulation, language: Language) -> list[str]:
    """This will return the simulated numbers, each with its Monte Carlo standard error, and what they were drawn from."""
    rows = [[term(key, language) for key in ("monitoring_number", "monitoring_estimate", "monitoring_mcse")]]
    for one in found.estimates():
        rows.append([term(f"simulated_{one.name}", language), f"{significant(one.value, 4):f}", f"{significant(one.mcse, 2):f}"])
    drawn = Reason.of(
        "monitoring_simulated",
        trials=found.outcomes.shape[0],
        seed=found.seed,
        generator=str(found.about["generator"]),
        numpy=str(found.about["numpy"]),
    )
    return [*table(rows), say(drawn, language)]


def _number(value: float | str) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
