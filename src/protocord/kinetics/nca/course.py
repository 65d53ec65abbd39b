"""Areas over several infusions: the sum of the areas after each, so that rules by position hold within an infusion and not across.

Over a course, a result below the limit after one infusion stands between quantifiable ones of two: to leave it out would draw a line from
the decline of the one straight to the peak of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from protocord.kinetics.nca.analysis import Answer, analyse
from protocord.kinetics.nca.intervals import Window, cut
from protocord.kinetics.nca.rules import Rules
from protocord.statistics import Statistic
from protocord.values import Reason

if TYPE_CHECKING:
    from protocord.kinetics.intake import Taken

ALL_DONORS = "all"
"""The donor of a row that sums over a subject's donors."""


def course(taken: Taken, rules: Rules, answer: Answer, k: int) -> Mapping[str, float | Reason]:
    """This will return the area of profile k over its interval, infusion by infusion, with its extrapolated share and its average.

    Cells of the same donor from before the interval count from its start to the donor's first infusion in it. An infusion after which nothing
    was quantifiable adds nothing; one whose area is missing otherwise leaves the whole missing.
    """
    p = answer.profiles
    key = p.keys.row(k, named=True)
    same = pl.col("subject") == key["subject"]
    rows = taken.usable().filter(same & (pl.col("analyte") == key["analyte"]) & (pl.col("donor") == key["donor"]))
    given = taken.doses.filter(same & ((pl.col("donor") == key["donor"]) | (key["donor"] == "")))
    begin = float(p.zero[k])
    end = begin + float(p.end[k])
    starts = given["start"].to_list()
    windows: list[tuple[float, Window]] = []  # the sign of each part, and its window
    for at, (number, start) in enumerate(given.select("infusion", "start").iter_rows()):
        until = min(end, starts[at + 1]) if at + 1 < len(starts) else end
        if begin <= start < end:
            windows.append((1.0, Window(f"{number}", (number,), until - start)))
        elif start < begin < until:
            windows.append((1.0, Window(f"{number}", (number,), until - start)))
            windows.append((-1.0, Window(f"{number} before", (number,), begin - start)))
    profiles, _ = cut(rows, taken.doses, [window for _, window in windows])
    parts = analyse(profiles, rules)
    area, more, seen = 0.0, 0.0, False
    for at, (sign, window) in enumerate(windows):
        reason = parts.reason("auc_interval", at)
        if reason is not None and reason.kind == "kinetics_all_below_limit":
            continue
        if reason is not None:
            missing = Reason.of("kinetics_part_missing", infusion=window.infusions[0], why=reason.kind)
            return dict.fromkeys(("auc_interval", "interval_extrapolated_percent", "c_average"), missing)
        part, share = parts.value("auc_interval", at) or 0.0, parts.value("interval_extrapolated_percent", at) or 0.0
        area += sign * part
        more += sign * part * share / 100
        seen = True
    if not seen:
        below = Reason.of("kinetics_all_below_limit")
        return dict.fromkeys(("auc_interval", "interval_extrapolated_percent", "c_average"), below)
    share = max(0.0, 100 * more / area) if area > 0 else 0.0
    return {"auc_interval": area, "interval_extrapolated_percent": share, "c_average": area / (end - begin)}


def totals(rows: list[Statistic]) -> list[Statistic]:
    """This will return, for each subject with cells of several donors in one interval, the sum of their areas; missing where one is."""
    groups: dict[tuple[str, str, str], list[Statistic]] = {}
    for item in rows:
        if item.name == "auc_interval" and item.context.get("donor"):
            groups.setdefault(
                (str(item.context["subject"]), str(item.context["analyte"]), str(item.context["window"])), []
            ).append(item)
    found = []
    for items in groups.values():
        if len(items) < 2:
            continue
        first = items[0]
        below = [item.reason is not None and item.reason.kind == "kinetics_all_below_limit" for item in items]
        missing = next((item.reason for item, low in zip(items, below, strict=True) if item.reason is not None and not low), None)
        if missing is None and all(below):
            missing = first.reason
        total = sum(float(str(item.value)) for item in items if item.value is not None) if missing is None else None
        context = {**first.context, "donor": ALL_DONORS}
        found.append(
            Statistic("nca", first.name, total, first.unit, context, first.method, first.conventions, None, missing)
        )  # fmt: skip
    return found
