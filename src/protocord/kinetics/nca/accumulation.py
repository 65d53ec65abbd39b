"""Later infusions against the first of the same donor: ratios of what was observed, and of what superposition foretells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import exp, inf
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.intervals import Window, cut
from protocord.kinetics.nca.rules import Rules
from protocord.kinetics.nca.superposition import curve, predicted_area
from protocord.values import Reason

if TYPE_CHECKING:
    from protocord.kinetics.intake import Taken

Values = dict[str, float | Reason]

_RATIOS = (("accumulation_auc", "auc_interval"), ("accumulation_cmax", "cmax"), ("accumulation_trough", "c_trough"))


def accumulation(taken: Taken, rules: Rules, answer: Answer) -> Iterator[Values]:
    """This will yield, profile by profile, its area, peak and trough over those of the donor's first infusion, per cell given.

    The first infusion's area covers an interval of the same length. A profile that begins with the donor's first infusion, and one of a donor
    of whom only later cells count, has a reason instead.
    """
    for k, first in enumerate(_references(taken, rules, answer)):
        if isinstance(first, Reason):
            yield {name: first for name, _ in _RATIOS}
            continue
        scale = _dose_ratio(answer.profiles.dose[k], first.profiles.dose[0])
        yield {name: _ratio(answer, k, first, parameter, scale) for name, parameter in _RATIOS}


def superposition(taken: Taken, rules: Rules, answer: Answer) -> Iterator[Values]:
    """This will yield, profile by profile, the area that the donor's first infusion foretells by superposition, and observed over predicted."""
    for k, first in enumerate(_references(taken, rules, answer, whole=True)):
        found = _superposed(taken, answer, k, first) if isinstance(first, Answer) else first
        if isinstance(found, Reason):
            yield {"superposition_auc": found, "observed_to_superposition": found}
            continue
        observed = answer.value("auc_interval", k)
        ratio = answer.reason("auc_interval", k) if observed is None else observed / found
        yield {"superposition_auc": found, "observed_to_superposition": ratio if ratio is not None else 0.0}


def _references(taken: Taken, rules: Rules, answer: Answer, *, whole: bool = False) -> Iterator[Answer | Reason]:
    """For each profile, the analysed profile of the same donor's first infusion, or why none.

    It covers an interval of the same length; with `whole`, everything up to that donor's second infusion.
    """
    usable = taken.usable()
    p = answer.profiles
    cache: dict[tuple[str, str, str, float], Answer | Reason] = {}
    for k, key in enumerate(p.keys.iter_rows(named=True)):
        subject, analyte, donor = key["subject"], key["analyte"], key["donor"]
        mine = taken.doses.filter((pl.col("subject") == subject) & ((pl.col("donor") == donor) | (donor == "")))
        number = int(mine["infusion"][0])
        if key["infusion"] == number:
            yield Reason.of("kinetics_first_infusion")
            continue
        if np.isnan(p.end[k]):
            yield Reason.of("kinetics_no_interval_end")
            continue
        end = inf if whole else float(p.end[k])
        mark = (subject, analyte, donor, end)
        if mark not in cache:
            rows = usable.filter((pl.col("subject") == subject) & (pl.col("analyte") == analyte) & (pl.col("donor") == donor))
            profiles, _ = cut(rows, taken.doses, [Window("first", (number,), end)])
            cache[mark] = analyse(profiles, rules)
        yield cache[mark]


def _ratio(answer: Answer, k: int, first: Answer, parameter: str, scale: float | Reason) -> float | Reason:
    if isinstance(scale, Reason):
        return scale
    for one, at in ((answer, k), (first, 0)):
        if (reason := one.reason(parameter, at)) is not None:
            return reason
    later, earlier = answer.value(parameter, k), first.value(parameter)
    assert later is not None
    assert earlier is not None
    return later / earlier / scale


def _dose_ratio(later: float, earlier: float) -> float | Reason:
    return float(later / earlier) if later > 0 and earlier > 0 else Reason.of("kinetics_no_dose")


def _superposed(taken: Taken, answer: Answer, k: int, first: Answer) -> float | Reason:
    shape = curve(first, 0)
    if isinstance(shape, Reason):
        return shape
    p = answer.profiles
    key = p.keys.row(k, named=True)
    begin = float(p.zero[k] - first.profiles.zero[0])
    end = begin + float(p.end[k])
    same = (pl.col("subject") == key["subject"]) & ((pl.col("donor") == key["donor"]) | (key["donor"] == ""))
    given = taken.doses.filter(same).with_columns(pl.col("start") - float(first.profiles.zero[0]))
    given = given.filter(pl.col("start") < end)
    if given["dose"].is_null().any():
        return Reason.of("kinetics_no_dose")
    return predicted_area(shape, given["start"].to_numpy(), given["dose"].to_numpy(), begin, end)


def less_carry_over(answer: Answer, k: int) -> Values:
    """This will return peak and area of profile k without what earlier infusions of the donor left: a sensitivity analysis, labelled so.

    The predose is taken to fall on with the terminal slope of the donor's profile before, and is subtracted from every result of the
    interval; where nothing remains, the result counts as below its limit. A reason instead where there is no such residue or slope.
    """
    p = answer.profiles
    names = ("cmax_less_carry_over", "auc_less_carry_over")
    at = int(p.predose[k])
    before = _previous(answer, k)
    rate = answer.value("lambda_z", before) if before is not None else None
    if at < 0 or p.state[at] != 0 or rate is None:
        return dict.fromkeys(names, Reason.of("kinetics_no_carry_over"))
    values, states = p.value.copy(), p.state.copy()
    for i in range(int(p.first[k]), int(p.stop[k])):
        if states[i] == 0:
            values[i] -= p.value[at] * exp(-rate * (p.time[i] - p.time[at]))
            if values[i] <= 0:
                values[i], states[i] = np.nan, 1
    alone = replace(p, value=values, state=states).one(k)
    alone = replace(alone, predose=np.array([-1]), earlier=np.array([False]))
    less = analyse(alone, answer.rules)
    found: Values = {}
    for name, parameter in zip(names, ("cmax", "auc_interval"), strict=True):
        value = less.value(parameter)
        found[name] = less.reason(parameter) or 0.0 if value is None else value
    return found


def _previous(answer: Answer, k: int) -> int | None:
    """The profile of the same subject, analyte and donor that begins last before profile k."""
    keys = answer.profiles.keys.select("subject", "analyte", "donor")
    same = [i for i in range(len(keys)) if keys.row(i) == keys.row(k) and answer.profiles.zero[i] < answer.profiles.zero[k]]
    return max(same, key=lambda i: float(answer.profiles.zero[i]), default=None)
