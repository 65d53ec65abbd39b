"""Whether the planned draws take more blood from a child than the protocol allows, and what is left out then, and why.

A pure function of the protocol and a child's weight and age; also of what was drawn already, so that it can be asked again before every
draw. Two limits hold: of one day, and of every stretch of the period's length. Routine blood of the trial is set aside first, for the whole
plan: no research sample may leave a later safety laboratory without room. Then panels are admitted, the last in the order of
trimming (the one worth most) first, each where it fits all stretches that contain its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from protocord.errors import DocumentProblems, Place, Problem
from protocord.kinetics.models.regimen import elapsed, planned_draws, visit_days
from protocord.protocol import Protocol
from protocord.protocol.document.kinetics import BloodGuard
from protocord.statistics import Results, Statistic
from protocord.values import Reason

_CONVENTIONS = ("kinetics_blood_period", "kinetics_blood_trim")


@dataclass(frozen=True, slots=True)
class Tube:
    """One panel of one planned draw, and what became of it: taken, or left out for `reason`."""

    draw: str
    panel: str
    volume_ml: Decimal
    taken: bool
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day on which blood is planned. Volumes in mL; `day` is the study day.

    `planned` and `taken` count routine blood too; `period` is what the stretch that ends on this day holds with what is taken.
    `within` says whether both limits hold; it is false only where routine blood alone breaks one, or blood taken before does.
    """

    day: int
    draws: tuple[str, ...]
    routine: Decimal
    planned: Decimal
    taken: Decimal
    period: Decimal
    within: bool
    tubes: tuple[Tube, ...]


@dataclass(frozen=True, slots=True)
class BloodPlan:
    """A child's draws against the guard. `total_volume` is all the child's blood, `per_occasion` and `per_period` the limits, in mL."""

    weight_kg: Decimal
    age_months: int
    total_volume: Decimal
    per_occasion: Decimal
    per_period: Decimal
    period_days: int
    on_breach: Literal["trim", "refuse"]
    occasions: tuple[Occasion, ...]

    @property
    def left_out(self) -> tuple[Tube, ...]:
        """The tubes that are not taken, each with its reason."""
        return tuple(tube for occasion in self.occasions for tube in occasion.tubes if not tube.taken)

    def results(self) -> Results:
        """This will return the plan as results (analysis `blood_volume`): limits, volumes by day, and every tube that is left out."""
        made = [
            Statistic("blood_volume", "total_volume", float(self.total_volume), "mL"),
            Statistic("blood_volume", "limit_occasion", float(self.per_occasion), "mL", conventions=_CONVENTIONS),
            Statistic("blood_volume", "limit_period", float(self.per_period), "mL", {"days": self.period_days}, "", _CONVENTIONS),
        ]
        for occasion in self.occasions:
            context: dict[str, str | int] = {"day": occasion.day, "draws": " ".join(occasion.draws)}
            for name in ("routine", "planned", "taken", "period"):
                made.append(Statistic("blood_volume", name, float(getattr(occasion, name)), "mL", context))
            made.append(Statistic("blood_volume", "within", occasion.within, "", context))
            for tube in occasion.tubes:
                at: dict[str, str | int] = {"day": occasion.day, "draw": tube.draw, "panel": tube.panel}
                volume = float(tube.volume_ml) if tube.taken else None
                made.append(Statistic("blood_volume", "tube", volume, "mL", at, self.on_breach, _CONVENTIONS, None, tube.reason))
        about = {"weight_kg": float(self.weight_kg), "age_months": self.age_months}
        return Results(tuple(made), about=about)


def blood_volume(guard: BloodGuard, weight_kg: Decimal, age_months: int) -> Decimal:
    """This will return all of a child's blood in mL, by weight and the first band of the guard that the age falls into."""
    for band in guard.blood_volume:
        if band.below_years is None or age_months < 12 * band.below_years:
            return band.ml_per_kg * weight_kg
    what = f"no blood volume is stated for the age of {age_months} months."
    raise DocumentProblems([Problem(Place("kinetics.yaml", 0, "blood_volume"), what, "Add a row without `below_years`.")])


def blood_plan(
    protocol: Protocol, *, weight_kg: Decimal | None = None, age_months: int | None = None,
    drawn: Mapping[int, Decimal] = MappingProxyType({}), days: Mapping[str, int] | None = None, stop_after: int | None = None,
) -> BloodPlan:  # fmt: skip
    """This will return a child's planned draws against the blood-volume guard of kinetics.yaml.

    Left out, weight and age are those of the protocol's smallest child. `drawn` is blood already taken, by study day (mL): it counts in
    the days and periods after it. `days` moves visits to the child's own study days. Samples `until: two_negative` count as taken, unless
    `stop_after` gives the study day after which the child has had its two negatives. Raises DocumentProblems where the study has no guard or
    no blood volume for the age.
    """
    guard = protocol.kinetics.blood_volume_guard
    if guard is None:
        remedy = "Add the section `blood_volume_guard`."
        raise DocumentProblems([Problem(Place("kinetics.yaml"), "the study has no blood-volume guard.", remedy)])
    weight = weight_kg if weight_kg is not None else guard.smallest_child.weight_kg
    months = age_months if age_months is not None else guard.smallest_child.age_months
    total = blood_volume(guard, weight, months)
    per_occasion, per_period = total * guard.per_occasion_percent / 100, total * guard.per_period_percent / 100
    wanted, routine = _wanted(protocol, guard, days or {}, stop_after)
    history = {elapsed(day): Decimal(volume) for day, volume in drawn.items()}
    ledger = _Ledger(per_occasion, per_period, guard.period_days, history)
    for day, volume in routine.items():
        ledger.add(day, volume)
    volumes = {panel.id: panel.volume_ml for panel in protocol.kinetics.panels}
    decided = _refused(wanted, volumes, ledger) if guard.on_breach == "refuse" else _trimmed(wanted, volumes, guard, ledger)
    occasions = []
    for day in sorted(set(wanted) | set(routine)):
        tubes = tuple(decided[day, draw, panel] for draw, panel in wanted.get(day, ()))
        used = routine.get(day, Decimal(0))
        planned = used + sum((tube.volume_ml for tube in tubes), Decimal(0))
        taken = used + sum((tube.volume_ml for tube in tubes if tube.taken), Decimal(0))
        period = ledger.period(day)
        within = ledger.held.get(day, Decimal(0)) <= per_occasion and period <= per_period
        names = tuple(dict.fromkeys(tube.draw for tube in tubes))
        occasions.append(Occasion(day + 1 if day >= 0 else day, names, used, planned, taken, period, within, tubes))
    return BloodPlan(weight, months, total, per_occasion, per_period, guard.period_days, guard.on_breach, tuple(occasions))


@dataclass(slots=True)
class _Ledger:
    """Blood by elapsed day, and how much room is left on a day in every stretch that contains it."""

    per_occasion: Decimal
    per_period: Decimal
    length: int
    held: dict[int, Decimal]

    def add(self, day: int, volume: Decimal) -> None:
        self.held[day] = self.held.get(day, Decimal(0)) + volume

    def period(self, end: int) -> Decimal:
        return sum((volume for day, volume in self.held.items() if end - self.length < day <= end), Decimal(0))

    def room(self, day: int) -> tuple[Decimal, Literal["occasion", "period"]]:
        """This will return what may still be taken on a day, and which limit says so."""
        today = self.per_occasion - self.held.get(day, Decimal(0))
        ends = {day} | {later for later in self.held if day < later < day + self.length}
        stretch = min(self.per_period - self.period(end) for end in ends)
        return (today, "occasion") if today <= stretch else (stretch, "period")


_Wanted = Mapping[int, tuple[tuple[str, str], ...]]
_Decided = dict[tuple[int, str, str], Tube]


def _trimmed(wanted: _Wanted, volumes: Mapping[str, Decimal], guard: BloodGuard, ledger: _Ledger) -> _Decided:
    """This will admit tubes panel by panel, the last of `trim_order` first, and within a panel in order of time."""
    never = [panel for panel in volumes if panel not in guard.trim_order]  # what the order does not name is trimmed last
    decided: _Decided = {}
    for panel in (*never, *reversed(guard.trim_order)):
        for day in sorted(wanted):
            for draw, found in wanted[day]:
                if found == panel:
                    decided[day, draw, panel] = _admitted(day, draw, (panel,), volumes, ledger, "trim")[0]
    return decided


def _refused(wanted: _Wanted, volumes: Mapping[str, Decimal], ledger: _Ledger) -> _Decided:
    """This will admit whole draws in order of time."""
    decided: _Decided = {}
    for day in sorted(wanted):
        for draw in dict.fromkeys(draw for draw, _ in wanted[day]):
            panels = tuple(panel for name, panel in wanted[day] if name == draw)
            decided |= {(day, draw, tube.panel): tube for tube in _admitted(day, draw, panels, volumes, ledger, "refuse")}
    return decided


def _admitted(
    day: int, draw: str, panels: Sequence[str], volumes: Mapping[str, Decimal], ledger: _Ledger, manner: str
) -> tuple[Tube, ...]:
    asked = sum((volumes[panel] for panel in panels), Decimal(0))
    room, limit = ledger.room(day)
    if asked <= room:
        ledger.add(day, asked)
        return tuple(Tube(draw, panel, volumes[panel], True) for panel in panels)
    left = max(room, Decimal(0))
    reason = Reason.of(f"kinetics_blood_{manner}_{limit}", asked=_plain(asked), left=_plain(left))
    return tuple(Tube(draw, panel, volumes[panel], False, reason) for panel in panels)


def _plain(volume: Decimal) -> str:
    return f"{volume.normalize():f}"


def _wanted(
    protocol: Protocol, guard: BloodGuard, days: Mapping[str, int], stop_after: int | None
) -> tuple[dict[int, tuple[tuple[str, str], ...]], dict[int, Decimal]]:
    """This will return, by elapsed day, the (draw, panel) pairs that are planned and the routine blood."""
    planned = visit_days(protocol) | {visit: elapsed(day) for visit, day in days.items()}
    samples = {sample.id: sample for sample in protocol.kinetics.samples}
    wanted: dict[int, list[tuple[str, str]]] = {}
    for draw in planned_draws(protocol):
        sample = samples[draw.id]
        moved = planned[sample.visit] - visit_days(protocol)[sample.visit] if sample.visit is not None else 0
        day = elapsed(draw.study_day) + moved
        if stop_after is not None and sample.until == "two_negative" and day > elapsed(stop_after):
            continue
        wanted.setdefault(day, []).extend((draw.id, panel) for panel in draw.panels)
    routine: dict[int, Decimal] = {}
    for item in guard.routine:
        for visit in item.visits:
            routine[planned[visit]] = routine.get(planned[visit], Decimal(0)) + item.volume_ml
    return {day: tuple(pairs) for day, pairs in wanted.items()}, routine
