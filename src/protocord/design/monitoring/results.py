"""Boundaries and characteristics as statistics: one row a number, with where it stands and what it follows from."""

from __future__ import annotations

from collections.abc import Iterator

from protocord.design.monitoring.boundaries import Boundary
from protocord.design.monitoring.exact import Characteristics
from protocord.design.monitoring.joint import JointCharacteristics
from protocord.statistics import Statistic
from protocord.statistics.results import Scalar
from protocord.values import Reason

BOUNDS, OCS, SURFACE = "monitoring_bounds", "monitoring_characteristics", "monitoring_surface"

# Which conventions stand behind the bounds of each kind of rule.
_CONVENTIONS: dict[str, tuple[str, ...]] = {
    "pocock": ("calibration_at_printed_parameter", "wang_tsiatis_shape"),
    "obrien_fleming": ("calibration_at_printed_parameter", "wang_tsiatis_shape"),
    "wang_tsiatis": ("calibration_at_printed_parameter", "wang_tsiatis_shape"),
    "beta_binomial": ("calibration_at_printed_parameter",),
    "max_sprt": ("calibration_at_printed_parameter",),
    "posterior": ("posterior_strict",),
    "predictive": ("predictive_strict",),
    "sprt": ("sprt_truncated",),
    "thall_simon": ("thall_simon_not_strict",),
    "bop2": ("bop2_cutoffs",),
}


def conventions_of(kind: str) -> tuple[str, ...]:
    """This will return the conventions behind a kind of rule, with those of every bound."""
    return ("no_bound_is_not_zero", *_CONVENTIONS.get(kind, ()))


def bound_statistics(boundary: Boundary, analysis: str = BOUNDS, **context: Scalar) -> Iterator[Statistic]:
    """This will yield the bound of each look; a look that cannot stop has a reason in place of a number."""
    said = {**context, "counts": boundary.counts, "direction": boundary.direction}
    method, behind = boundary.kind, conventions_of(boundary.kind)
    for name, value in boundary.parameters.items():
        yield Statistic(analysis, name, value, context=said, method=method, conventions=behind)
    for look, bound in zip(boundary.looks, boundary.bounds, strict=True):
        reason = Reason.of("boundary_cannot_stop", look=look) if bound is None else None
        yield Statistic(
            analysis, "bound", bound, context={**said, "look": look}, method=method, conventions=behind, reason=reason
        )


def characteristic_statistics(
    found: Characteristics, analysis: str = OCS, *, by_look: bool = True, **context: Scalar
) -> Iterator[Statistic]:
    """This will yield what a rule does at each true rate: chances of crossing, expected subjects and events, then look by look."""
    method, behind = "exact", ("exact_characteristics",)
    for place, rate in enumerate(found.rates):
        at = {**context, "rate": float(rate)}
        for name, values in (
            ("stops_high", found.high),
            ("stops_low", found.low),
            ("passes", found.passes),
            ("expected_subjects", found.subjects),
            ("expected_events", found.events),
        ):
            yield Statistic(analysis, name, float(values[place]), context=at, method=method, conventions=behind)
        for step, look in enumerate(found.looks) if by_look else ():
            for name, each in (("stops_high_at_look", found.stops_high), ("stops_low_at_look", found.stops_low)):
                chance = float(each[place, step])
                yield Statistic(analysis, name, chance, context={**at, "look": look}, method=method, conventions=behind)


def surface_statistics(found: JointCharacteristics, analysis: str = SURFACE, **context: Scalar) -> Iterator[Statistic]:
    """This will yield, for each pair of true rates, the chance of stopping for each reason, of passing, and expected subjects."""
    behind = ("exact_characteristics", "joint_precedence")
    by_reason = {reason: found.stopped(reason) for reason in found.reasons}
    subjects = found.subjects
    for place in sorted(_places(found)):
        at = {**context, "response_rate": float(found.response[place]), "toxicity_rate": float(found.toxicity[place])}
        for reason, values in by_reason.items():
            yield Statistic(analysis, f"stops_for_{reason}", float(values[place]), context=at, method="exact", conventions=behind)
        yield Statistic(analysis, "passes", float(found.passes[place]), context=at, method="exact", conventions=behind)
        yield Statistic(analysis, "expected_subjects", float(subjects[place]), context=at, method="exact", conventions=behind)


def _places(found: JointCharacteristics) -> Iterator[tuple[int, ...]]:
    import numpy as np

    yield from np.ndindex(found.passes.shape)
