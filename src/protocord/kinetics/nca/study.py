"""The analysis that a study's kinetics.yaml asks for: its intervals, its parameters, its rules; one statistic a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from protocord.kinetics.nca import codes
from protocord.kinetics.nca.accumulation import accumulation, less_carry_over, superposition
from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.blq import RIGHT
from protocord.kinetics.nca.course import course, totals
from protocord.kinetics.nca.intervals import EVERY, Unmade, Window, cut, every_infusion, planned_windows
from protocord.kinetics.nca.persistence import persistence
from protocord.kinetics.nca.rules import Rules
from protocord.kinetics.nca.tobit import tobit
from protocord.statistics import Results, Statistic
from protocord.statistics.results import Scalar
from protocord.values import Reason

if TYPE_CHECKING:
    from protocord.kinetics.intake import Taken
    from protocord.protocol import Protocol
    from protocord.protocol.document.kinetics import KineticsParameter

EXPANDED: Mapping[str, tuple[str, ...]] = {
    "auc_interval": ("auc_interval", "interval_extrapolated_percent"),
    "auc_tau": ("auc_interval", "interval_extrapolated_percent"),
    "auc_inf": ("auc_inf_obs", "auc_inf_pred", "extrapolated_percent"),
    "lambda_z": (
        "lambda_z", "lambda_z_points", "lambda_z_from", "lambda_z_to", "lambda_z_intercept", "r2", "r2_adjusted", "span",
    ),
}  # fmt: skip
"""What a parameter of the protocol is made of, where that is more than itself."""

CODES: Mapping[str, str] = {
    "cmax": "CMAX", "tmax": "TMAX", "clast": "CLST", "tlast": "TLST", "auc_last": "AUCLST", "auc_all": "AUCALL", "auc_interval": "AUCINT",
    "auc_tau": "AUCTAU", "auc_inf_obs": "AUCIFO", "auc_inf_pred": "AUCIFP", "extrapolated_percent": "AUCPEO", "lambda_z": "LAMZ",
    "half_life": "LAMZHL", "lambda_z_points": "LAMZNPT", "lambda_z_from": "LAMZLL", "lambda_z_to": "LAMZUL", "r2": "R2",
    "r2_adjusted": "R2ADJ", "span": "LAMZSPN", "c_average": "CAVG", "c_trough": "CTROUGH", "clearance": "CLO", "volume": "VZO",
    "accumulation_auc": "ARAUC", "accumulation_cmax": "ARCMAX", "accumulation_trough": "ARCTROUG",
}  # fmt: skip
"""PPTESTCD of CDISC's controlled terminology, where there is one."""

EVERYTHING = (
    "cmax", "tmax", "clast", "tlast", "auc_last", "auc_all", "auc_tau", "auc_inf", "lambda_z", "half_life", "c_trough", "c_average",
    "fold_expansion", "clearance", "volume", "accumulation", "observed_to_superposition",
)  # fmt: skip
"""What is computed of every infusion where all of them are asked for."""

AREAS = frozenset({
    "auc_last", "auc_all", "auc_interval", "interval_extrapolated_percent", "auc_inf_obs", "auc_inf_pred", "extrapolated_percent",
    "c_average", "clearance", "volume",
})  # fmt: skip
"""What over several infusions comes from the areas after each."""
RESTS_ON_SLOPE = frozenset({"lambda_z", "half_life", "auc_inf", "clearance", "volume"})
"""Parameters of the protocol that rest on the terminal slope."""
OF_SLOPE = frozenset({"low_r2", "short_span", "much_extrapolated"})
"""Flags of the terminal slope's quality."""

CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    "auc": ("kinetics_trapezoid", "kinetics_below_limit", "kinetics_start"),
    "interval": ("kinetics_trapezoid", "kinetics_below_limit", "kinetics_start", "kinetics_interval_end"),
    "slope": ("kinetics_lambda_z",),
    "peak": ("kinetics_peak",),
    "carry_over": ("kinetics_carry_over",),
}


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that one run found: results, and the answers behind the figures, by the name of the set of windows."""

    results: Results
    answers: Mapping[str, Answer]
    unmade: tuple[Unmade, ...]
    taken: Taken
    rules: Rules


@dataclass(frozen=True, slots=True)
class _Asked:
    """One parameter to be reported: its name, its code, its analytes and windows."""

    parameter: str
    code: str
    analytes: tuple[str, ...]
    windows: tuple[str, ...]


def nca(protocol: Protocol, taken: Taken, *, rules: Rules | None = None, infusions: bool = False) -> Analysis:
    """This will analyse the samples as the study's kinetics.yaml asks: its rules, intervals and parameters.

    `rules` replaces the study's; with `infusions`, every infusion is analysed too, from its start to the next. Samples that
    are missing or excluded are counted in the results, with their reasons. Raises DocumentProblems where a parameter is asked for
    over an interval that starts after its time zero.
    """
    rules = rules or Rules.of(protocol.kinetics.rules)
    usable = taken.usable()
    asked = [_asked(item) for item in protocol.kinetics.parameters]
    sets: dict[str, tuple[Window, ...]] = {"intervals": planned_windows(protocol)}
    if any(item.parameter == "auc_tau" for item in asked):
        sets["to_next"] = tuple(replace(window, end=None, kind="dose") for window in sets["intervals"])
    if infusions:
        sets["infusions"] = every_infusion(protocol.dosing.infusions.planned)
    answers: dict[str, Answer] = {}
    unmade: list[Unmade] = []
    for name, windows in sets.items():
        profiles, missing = cut(usable, taken.doses, windows)
        answers[name] = analyse(profiles, rules)
        unmade += missing if name != "to_next" else ()
    units = {key: str(unit) for key, unit in usable.select("analyte", "unit").unique().iter_rows()}
    expanding = protocol.dosing.product.kind == "car_nk_cells"
    maker = _Maker(protocol, taken, rules, answers, units, expanding, {})
    rows = list(maker.asked(asked))
    rows += totals(rows)
    if infusions:
        analytes = tuple(sorted(units))
        every = tuple(window.name for window in sets["infusions"])
        rows += maker.of_set("infusions", [_Asked(name, CODES.get(name, ""), analytes, every) for name in EVERYTHING])
    rows += _not_made(unmade, asked)
    rows += list(_sample_counts(taken))
    about = {"study": protocol.study.id, "protocol_version": protocol.version}
    return Analysis(Results(tuple(rows), taken.inputs, about), answers, tuple(unmade), taken, rules)


def _asked(item: KineticsParameter) -> _Asked:
    return _Asked(item.parameter, item.code, item.analytes, item.intervals)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Turns answers into statistics."""

    protocol: Protocol
    taken: Taken
    rules: Rules
    answers: Mapping[str, Answer]
    units: Mapping[str, str]
    expanding: bool
    courses: dict[tuple[int, int], Mapping[str, float | Reason]]

    def asked(self, asked: list[_Asked]) -> Iterator[Statistic]:
        """This will yield the statistics of the study's own parameters."""
        yield from self.of_set("intervals", [item for item in asked if item.parameter not in {"auc_tau", "persistence"}])
        yield from self.of_set("to_next", [item for item in asked if item.parameter == "auc_tau"])
        for item in asked:
            if item.parameter == "persistence":
                yield from self.persistence(item)

    def of_set(self, name: str, asked: list[_Asked]) -> Iterator[Statistic]:
        """This will yield the statistics of one set of windows, profile by profile."""
        if not asked:
            return
        answer = self.answers[name]
        special = {"accumulation": accumulation, "observed_to_superposition": superposition}
        computed = {
            kind: list(make(self.taken, self.rules, answer)) for kind, make in special.items() if any(i.parameter == kind for i in asked)
        }  # fmt: skip
        for k, key in enumerate(answer.profiles.keys.iter_rows(named=True)):
            wanted = [item for item in asked if key["analyte"] in item.analytes and key["window"] in item.windows]
            if not wanted:
                continue
            for item in wanted:
                if item.parameter in special:
                    for statistic, value in computed[item.parameter][k].items():
                        yield self.statistic(key, statistic, value, CODES.get(statistic, ""))
                    continue
                for which in EXPANDED.get(item.parameter, (item.parameter,)):
                    yield self.parameter(answer, k, key, which, item)
                if item.parameter == "lambda_z":
                    yield from self.tobit(answer, k, key)
            if name == "infusions" and self.protocol.kinetics.rules.carry_over == "labelled_sensitivity":
                for statistic, less in less_carry_over(answer, k).items():
                    yield self.statistic(key, statistic, less, "")
            yield from self.counts(answer, k, key, slope=any(item.parameter in RESTS_ON_SLOPE for item in wanted))

    def parameter(self, answer: Answer, k: int, key: Mapping[str, Scalar], which: str, item: _Asked) -> Statistic:
        """This will return one parameter of one profile."""
        first = which == EXPANDED.get(item.parameter, (item.parameter,))[0]
        code = (item.code if first else "") or CODES.get(which, "")
        over = self.course(answer, k) if int(answer.profiles.infusions[k]) > 1 else None
        if over is not None and which in AREAS:
            found = over.get(which, Reason.of("kinetics_several_infusions"))
            return self.statistic(key, which, found, item.code if first else CODES.get(which, ""))
        reason = self.refusal(answer, k, which) or answer.reason(which, k)
        value: float | Reason = reason if reason is not None else (answer.value(which, k) or 0.0)
        name = "auc_tau" if item.parameter == "auc_tau" and which == "auc_interval" else which
        return self.statistic(key, name, value, CODES[name] if name == "auc_tau" and not item.code else code)

    def course(self, answer: Answer, k: int) -> Mapping[str, float | Reason]:
        """This will return the areas of a profile over several infusions, computed once."""
        mark = (id(answer), k)
        if mark not in self.courses:
            self.courses[mark] = course(self.taken, self.rules, answer, k)
        return self.courses[mark]

    def refusal(self, answer: Answer, k: int, which: str) -> Reason | None:
        """This will return why a quantity is not defined here, however well it could be computed."""
        if which == "fold_expansion" and not self.expanding:
            return Reason.of("kinetics_fold_not_expanding")
        if which in {"clearance", "volume"}:
            if self.expanding:
                return Reason.of("kinetics_clearance_expanding")
            washed_out = answer.reasons[k, codes.C_START] == codes.START_BELOW
            if answer.profiles.earlier[k] and not washed_out:
                return Reason.of("kinetics_clearance_carry_over")
        return None

    def statistic(self, key: Mapping[str, Scalar], name: str, value: float | str | Reason, code: str) -> Statistic:
        """This will return one statistic of one profile."""
        kind, method = _kind(name, self.rules)
        unit = _unit(name, self.units[str(key["analyte"])], self.protocol.dosing.dose.unit)
        missing = value if isinstance(value, Reason) else None
        if name in {"lambda_z_points", "n_quantifiable", "n_below_limit"} and isinstance(value, float):
            value = int(value)
        return Statistic(
            "nca", name, None if isinstance(value, Reason) else value, unit=unit, context=_context(key, code), method=method,
            conventions=CONVENTIONS.get(kind, ()), reason=missing,
        )  # fmt: skip

    def counts(self, answer: Answer, k: int, key: Mapping[str, Scalar], *, slope: bool) -> Iterator[Statistic]:
        """This will yield what a reader must know of a profile: results in it, what was imputed, and with `slope` the points of its slope."""
        for name in ("n_quantifiable", "n_below_limit"):
            yield self.statistic(key, name, answer.value(name, k) or 0.0, "")
        if flags := [flag for flag in answer.flagged(k) if slope or flag not in OF_SLOPE]:
            yield self.statistic(key, "flags", " ".join(flags), "")
        if slope and (points := answer.points_used(k)):
            yield self.statistic(key, "lambda_z_times", " ".join(f"{time:.6g}" for time in points), "")

    def tobit(self, answer: Answer, k: int, key: Mapping[str, Scalar]) -> Iterator[Statistic]:
        """This will yield the censored terminal slope of a profile, from the first point of the best line on."""
        found: object = answer.reason("lambda_z", k)
        if found is None:
            times, values, states, lloqs = answer.profiles.samples(k)
            lods = answer.profiles.lod[answer.profiles.first[k] : answer.profiles.stop[k]]
            # The same stretch as the best line's, with the results below the limit in it and after it.
            tail = (times >= answer.values[k, codes.FROM]) & (states != RIGHT)
            found = tobit(times[tail], values[tail], states[tail], lloqs[tail], lods[tail])
        for name, attribute in (
            ("tobit_lambda_z", "lambda_z"),
            ("tobit_std_error", "std_error"),
            ("tobit_half_life", "half_life"),
        ):
            value = found if isinstance(found, Reason) else float(getattr(found, attribute))
            yield self.statistic(key, name, value, "")

    def persistence(self, item: _Asked) -> Iterator[Statistic]:
        """This will yield how long each donor's cells were found in each subject."""
        last = dict(self.taken.doses.group_by("subject", "donor").agg(pl.col("start").max()).rows_by_key(["subject", "donor"]))
        start = dict(self.taken.doses.group_by("subject", "donor").agg(pl.col("start").min()).rows_by_key(["subject", "donor"]))
        negatives = self.protocol.kinetics.rules.negatives_to_end
        usable = self.taken.usable().filter(pl.col("analyte").is_in(item.analytes))
        for (subject, analyte, donor), rows in usable.group_by("subject", "analyte", "donor", maintain_order=True):
            given = [key for key in start if key[0] == subject and donor in {"", key[1]}]
            zero = min(_number(start[key]) for key in given)
            since = max(_number(last[key]) for key in given) - zero
            states = rows["censoring"].replace_strict({"none": 0, "left": 1, "detected_below": 2, "right": 3}).to_numpy()
            found = persistence(rows["time"].to_numpy() - zero, states, negatives, since=since)
            context = {"subject": str(subject), "analyte": str(analyte), "donor": str(donor), "window": item.windows[0]}
            yield from _persistence_rows(found, context, item.code, negatives)


def _number(found: object) -> float:
    value = found[0] if isinstance(found, list) else found
    return float(value[0] if isinstance(value, tuple) else value)  # type: ignore[arg-type]  # rows_by_key gives lists of rows


def _persistence_rows(found: object, context: Mapping[str, Scalar], code: str, negatives: int) -> Iterator[Statistic]:
    from protocord.kinetics.nca.persistence import Persistence

    def row(name: str, value: float | Reason) -> Statistic:
        missing = value if isinstance(value, Reason) else None
        number = None if isinstance(value, Reason) else value
        marked = {**context, "code": code if name == "persistence" else ""}
        return Statistic("nca", name, number, unit="d", context=marked, conventions=("kinetics_persistence",), reason=missing)

    if not isinstance(found, Persistence):
        yield row("persistence", Reason.of("kinetics_no_samples"))
        return
    never = Reason.of("kinetics_never_found")
    ended = Reason.of("kinetics_still_found", negatives=negatives, days=f"{found.followed:g}")
    yield row("persistence", never if found.first is None or found.last is None else found.last - found.first)
    yield row("first_found", never if found.first is None else found.first)
    yield row("last_found", never if found.last is None else found.last)
    yield row("negative_after", found.lower)
    yield row("negative_by", ended if found.upper is None else found.upper)


def _context(key: Mapping[str, Scalar], code: str) -> dict[str, Scalar]:
    names = ("subject", "analyte", "donor", "window", "infusion")
    return {**{name: key[name] for name in names}, "code": code}


def _kind(name: str, rules: Rules) -> tuple[str, str]:
    if not name.endswith("_less_carry_over") and name.startswith(("auc_interval", "auc_tau", "c_average", "interval_")):
        return "interval", rules.trapezoid
    if not name.endswith("_less_carry_over") and name.startswith(
        ("auc", "aumc", "extrapolated", "clearance", "volume", "accumulation", "superposition", "observed")
    ):
        return "auc", rules.trapezoid
    if name.startswith("tobit"):
        return "slope", "tobit"
    if name.endswith("_less_carry_over"):
        return "carry_over", "carry_over_subtracted"
    if name.startswith(("lambda", "half", "r2", "span")):
        return "slope", "best_fit"
    return ("peak", "") if name in {"cmax", "tmax", "clast", "tlast"} else ("", "")


def _unit(name: str, unit: str, dose_unit: str) -> str:
    if name in {"clearance", "volume"}:
        return f"{dose_unit}/({unit}{'.d' if name == 'clearance' else ''})"
    if name.startswith("auc") or name in {"superposition_auc"}:
        return f"{unit}.d"
    if name in {"tmax", "tlast", "half_life", "lambda_z_from", "lambda_z_to", "tobit_half_life", "lambda_z_times", "mrt_inf_obs"}:
        return "d"
    if name in {"lambda_z", "tobit_lambda_z", "tobit_std_error"}:
        return "/d"
    if name.endswith("_percent"):
        return "%"
    return unit if name in {"cmax", "cmax_less_carry_over", "clast", "c_average", "c_trough", "c_start", "c_end_infusion"} else ""


def _not_made(unmade: list[Unmade], asked: list[_Asked]) -> list[Statistic]:
    found = []
    for one in unmade:
        context = {"subject": one.subject, "analyte": one.analyte, "donor": one.donor, "window": one.window}
        if one.window.startswith(EVERY) or any(one.window in item.windows for item in asked):
            found.append(Statistic("nca", "profile", None, context=context, reason=Reason.of(one.kind)))
    return found


def _sample_counts(taken: Taken) -> Iterator[Statistic]:
    """Samples that were left out, each kind with its reason."""
    left = taken.samples.filter(pl.col("use") != "yes").with_columns(pl.coalesce("excluded", "reason_missing").alias("why"))
    for row in left.group_by("analyte", "use", "why").len().sort("analyte", "use", "why").iter_rows(named=True):
        context = {"analyte": row["analyte"], "use": row["use"], "why": row["why"] or ""}
        yield Statistic("nca", "n_left_out", int(row["len"]), context=context)
