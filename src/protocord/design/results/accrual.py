"""An accrual forecast as data: the sites' rates, the days by which the target is reached, and the curve with its band."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from protocord.design.accrual import Forecast, GammaRate
from protocord.design.results.rows import Value, results, rows
from protocord.statistics.results import Results, Scalar, Statistic
from protocord.values import Reason

CHANCES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
BAND = (0.1, 0.5, 0.9)


def accrual_results(answer: Forecast, prior: GammaRate, by: Sequence[date] = (), *, points: int = 60) -> Results:
    """This will return the forecast; `by`: days at which the chance to be complete is wanted. The curve has `points` days."""
    kept = ("accrual_month", "accrual_own_rate")
    method = "poisson_gamma/closed_form"
    found: list[Statistic] = []
    for site, rate in answer.rates:
        values: dict[str, Value] = {
            "opened": site.opened,
            "enrolled": site.enrolled,
            "rate_mean": rate.mean,
            "rate_shape": rate.shape,
            "rate_per_month": rate.rate,
        }
        found += rows("sites", {"site": site.site}, values, method=method, conventions=kept, units={"rate_mean": "/mo"})
    found += rows("target", {}, {"target": answer.target, "enrolled": answer.enrolled, "still": answer.still}, method=method)
    for chance in CHANCES:
        day = answer.day_reached(chance)
        never: Value = Reason.of("design_never_reached") if day is None else day
        found += rows("reached", {"chance_of_target": chance}, {"day": never}, method=method, conventions=kept)
    for day in by:
        found += rows("chance_by", {"day_asked": day}, {"chance": answer.chance_by(day)}, method=method, conventions=kept)
    found += _curve(answer, points)
    about: dict[str, Scalar | None] = {
        "target": answer.target,
        "cut": answer.cut,
        "prior_shape": prior.shape,
        "prior_rate": prior.rate,
    }
    about |= {f"site_{site.site}": f"{site.opened} {site.closed or ''} {site.enrolled}" for site, _ in answer.rates}
    return results(found, about)


def _curve(answer: Forecast, points: int) -> list[Statistic]:
    last = answer.day_reached(0.95) or answer.cut + timedelta(days=365 * 5)
    days = max(1, (last - answer.cut).days)
    found: list[Statistic] = []
    for point in range(points + 1):
        day = answer.cut + timedelta(days=round(days * point / points))
        low, middle, high = answer.quantiles_by(day, BAND)
        values: dict[str, Value] = {"q10": low, "median": middle, "q90": high, "mean": answer.mean_by(day)}
        found += rows("curve", {"day": day}, values, method="poisson_gamma/closed_form")
    return found
