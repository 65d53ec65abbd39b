"""The conventions of one analysis: trapezoids, results below the limit, terminal slope, start of a profile. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from protocord.protocol.document.kinetics import KineticsRules

Trapezoid = Literal["linear", "linear_up_log_down", "linear_log"]
Route = Literal["infusion", "bolus", "extravascular"]
Start = Literal["declared", "zero", "minimum", "none"]
Beyond = Literal["observed", "stop", "extrapolate"]

TRAPEZOIDS: tuple[Trapezoid, ...] = ("linear", "linear_up_log_down", "linear_log")
ROUTES: tuple[Route, ...] = ("infusion", "bolus", "extravascular")
STARTS: tuple[Start, ...] = ("declared", "zero", "minimum", "none")
BEYONDS: tuple[Beyond, ...] = ("observed", "stop", "extrapolate")


@dataclass(frozen=True, slots=True)
class Instead:
    """What stands for a result below the limit: 0, nothing, a number, or a multiple of the sample's own LLOQ."""

    kind: Literal["zero", "missing", "number", "of_lloq"]
    number: float = 0.0

    @property
    def code(self) -> int:
        """The number by which compiled code knows the kind."""
        return ("zero", "missing", "number", "of_lloq").index(self.kind)

    def __str__(self) -> str:
        return {"number": f"{self.number:g}", "of_lloq": f"{self.number:g} LLOQ"}.get(self.kind, self.kind)


ZERO, MISSING, HALF_LLOQ = Instead("zero"), Instead("missing"), Instead("of_lloq", 0.5)


@dataclass(frozen=True, slots=True)
class BelowLimitRule:
    """What results below the limit become, by where they stand.

    `by` is `position`: before the first quantifiable result, between quantifiable ones, after the last one; or `peak`: before and
    after the time of the peak (`between` is then not used). The area to the last quantifiable result ends there whatever
    `after_last` says: a substitute is not an observation. The area `auc_all` closes with 0 at the first result below the
    limit after the last quantifiable one, or with `after_last` where that is a number.
    """

    before_first: Instead = ZERO
    between: Instead = MISSING
    after_last: Instead = MISSING
    by: Literal["position", "peak"] = "position"


@dataclass(frozen=True, slots=True)
class LambdaZRule:
    """How the terminal slope is chosen (`min_points`, `margin`, `include_peak`) and when it is flagged (the other limits)."""

    min_points: int = 3
    margin: float = 1e-4
    include_peak: bool = False
    min_r2: float = 0.9
    min_span: float = 2.0
    max_extrapolated_percent: float = 20.0

    def __post_init__(self) -> None:
        if self.min_points < 3:
            message = f"a terminal slope needs 3 points at least, not {self.min_points}: two always fit"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Rules:
    """The conventions of one analysis; the defaults are those of the conventions `kinetics_*`.

    `start` says what stands at time zero where no sample was taken there: `declared` is the predose of this infusion moved to
    time zero, else 0 before a donor's first infusion, else the smallest quantifiable result of the interval; a bolus is traced
    back along its first two results. `beyond` says how an area over a fixed interval goes on after the last quantifiable result.
    """

    trapezoid: Trapezoid = "linear_up_log_down"
    below_limit: BelowLimitRule = field(default_factory=BelowLimitRule)
    lambda_z: LambdaZRule = field(default_factory=LambdaZRule)
    route: Route = "infusion"
    start: Start = "declared"
    beyond: Beyond = "observed"
    hold_fraction: float = (
        0.05  # the last value stands for this share of an interval, where it ends a little after the last sample
    )

    def __post_init__(self) -> None:
        for name, choices in (("trapezoid", TRAPEZOIDS), ("route", ROUTES), ("start", STARTS), ("beyond", BEYONDS)):
            if getattr(self, name) not in choices:
                message = f"{name} is {getattr(self, name)!r}; there are {', '.join(choices)}"
                raise ValueError(message)

    @classmethod
    def of(cls, document: KineticsRules, *, route: Route = "infusion") -> Rules:
        """This will return the rules that a study's kinetics.yaml states."""
        below, slope = document.below_limit, document.lambda_z
        return cls(
            trapezoid=document.trapezoid,
            below_limit=BelowLimitRule(Instead(below.before_first), Instead(below.between), Instead(below.after_last)),
            lambda_z=LambdaZRule(
                slope.min_points,
                float(slope.adjusted_r2_margin),
                slope.include_peak,
                float(slope.min_r2),
                float(slope.min_span),
                float(slope.max_extrapolated_percent),
            ),
            route=route,
        )

    def codes(self) -> tuple[float, ...]:
        """This will return the rules as numbers, in the order that the compiled engine unpacks."""
        below, slope = self.below_limit, self.lambda_z
        return (
            float(TRAPEZOIDS.index(self.trapezoid)),
            float(below.by == "peak"),
            float(below.before_first.code),
            below.before_first.number,
            float(below.between.code),
            below.between.number,
            float(below.after_last.code),
            below.after_last.number,
            float(slope.min_points),
            slope.margin,
            float(slope.include_peak or self.route == "bolus"),
            slope.min_r2,
            slope.min_span,
            slope.max_extrapolated_percent,
            float(ROUTES.index(self.route)),
            float(STARTS.index(self.start)),
            float(BEYONDS.index(self.beyond)),
            self.hold_fraction,
        )
