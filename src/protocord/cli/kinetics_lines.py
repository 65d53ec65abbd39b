"""What the commands of `protocord kinetics` print for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from protocord.values import Language, Particular, Reason
from protocord.words import say, term
from protocord.words.layout import table

if TYPE_CHECKING:
    from protocord.kinetics.sampling import BloodPlan
    from protocord.statistics import Results


def simulation_lines(results: Results, language: Language) -> Iterator[str]:
    """This will say what was assumed, and cells and censoring at each planned time."""
    from protocord.statistics import percent, significant

    for item in results.select("kinetics_assumption"):
        said = f"{significant(_number(item.value), 4):f}"
        origin = f"kinetics_origin_{item.context['origin']}"
        unit = "" if item.unit == "1" else item.unit
        name = str(item.context["assumption"])
        yield say(Reason.of("kinetics_models_assumption_line", name=name, value=said, unit=unit, origin=origin), language)
    header = [term(key, language) for key in ("figkm_time", "figkm_median", "figkm_band_children", "figkm_below_share")]
    rows = []
    for item in results.select("kinetics_simulation", "median"):
        at = {"time": item.context["time"]}
        low, high = (results.value("kinetics_simulation", name, **at) for name in ("lower", "upper"))
        cells = [_shown(value) for value in (_number(item.value), low, high)]
        share = results.value("kinetics_simulation", "below_limit", **at)
        rows.append([f"{at['time']:.3f}", f"{cells[0]} /uL", f"{cells[1]} – {cells[2]}", percent(share)])
    yield ""
    yield from table([header, *rows])


def fit_lines(results: Results, language: Language) -> Iterator[str]:
    """This will say the estimates, the starts, what was left out, and what to distrust."""
    from protocord.statistics import shown, significant

    counts = {name: results.value("kinetics_fit", f"n_{name}") for name in ("subjects", "samples", "censored")}
    yield say(
        Reason.of(
            "kinetics_fit_title", children=counts["subjects"], samples=counts["samples"], censored=counts["censored"],
            method=str(results.about["method"]),
        ),
        language,
    )  # fmt: skip
    keys = ("kinetics_fit_parameter", "kinetics_fit_estimate", "kinetics_fit_error", "kinetics_fit_interval")
    rows = []
    for item in results.select("kinetics_fit", "estimate"):
        name = item.context["parameter"]
        at = {"parameter": name}
        unit = "" if item.unit == "1" else f" {item.unit}"
        row = [term(f"kinetics_parameter_{name}", language), f"{significant(_number(item.value), 3):f}{unit}"]
        error = results.one("kinetics_fit", "std_error", **at)
        if error.value is None:
            assert error.reason is not None
            rows.append([*row, "–", say(error.reason, language)])
            continue
        low, high = (results.value("kinetics_fit", end, **at) for end in ("lower", "upper"))
        rows.append([*row, f"{significant(_number(error.value), 2):f}", f"{significant(low, 3):f} – {significant(high, 3):f}"])
    yield from table([[term(key, language) for key in keys], *rows])
    starts = list(results.select("kinetics_fit", "start_converged"))
    yield say(
        Reason.of(
            "kinetics_fit_objective", objective=shown(results.value("kinetics_fit", "objective"), 2), starts=len(starts),
            spread=shown(results.value("kinetics_fit", "objective_spread"), 3),
            converged=sum(bool(item.value) for item in starts),
        ),
        language,
    )  # fmt: skip
    for item in results.select("kinetics_fit", "n_dropped"):
        why = f"kinetics_dropped_{item.context['why']}"
        yield say(Reason.of("kinetics_dropped", count=int(_number(item.value)), why=why), language)
    for item in results.select("kinetics_fit", "flag"):
        yield f"! {term(f'kinetics_flag_{item.value}', language)}"


def blood_lines(plan: BloodPlan, language: Language) -> Iterator[str]:
    """This will say the limits, each day, and each tube that is left out."""
    from protocord.statistics import shown

    said: dict[str, Particular] = {"weight": plan.weight_kg, "age": plan.age_months, "days": plan.period_days}
    volumes = {"total": plan.total_volume, "occasion": plan.per_occasion, "period": plan.per_period}
    told: dict[str, Particular] = {name: f"{volume.normalize():f}" for name, volume in volumes.items()}
    yield say(Reason.of("kinetics_blood_title", **(said | told)), language)
    keys = ("day", "routine", "planned", "taken", "in_period", "left_out")
    rows = [[term(f"kinetics_blood_{key}", language) for key in keys]]
    for occasion in plan.occasions:
        lost = ", ".join(f"{tube.draw} {tube.panel}" for tube in occasion.tubes if not tube.taken)
        numbers = (occasion.routine, occasion.planned, occasion.taken, occasion.period)
        rows.append([str(occasion.day), *(shown(number, 1) for number in numbers), lost])
    yield from table(rows)
    yield ""
    for tube in plan.left_out:
        assert tube.reason is not None
        yield f"{tube.draw}, {tube.panel}: {say(tube.reason, language)}"
    for occasion in plan.occasions:
        if not occasion.within:
            yield f"! {say(Reason.of('kinetics_blood_breach', day=occasion.day), language)}"
    tubes = sum(len(occasion.tubes) for occasion in plan.occasions)
    if not plan.left_out:
        yield term("kinetics_blood_nothing_left_out", language)
    else:
        yield say(Reason.of("kinetics_blood_summary", left=len(plan.left_out), tubes=tubes), language)


def _number(value: Any) -> float:
    """This will return a result's value as a number: those read here are numbers by their names."""
    return float(value)


def _shown(cells: float) -> str:
    """This will say cells/uL in three figures; what no assay will ever see is said as less than a thousandth."""
    from protocord.statistics import significant

    return "<0.001" if cells < 0.001 else f"{significant(cells, 3):f}"
