"""What histories cover: the days that a leaf's absence needs on record, by one history alone or by several that meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.plan.classes import Classes
from protocord.cohort.plan.facts import Relations
from protocord.cohort.plan.masks import Layout, after, by_limit, until
from protocord.cohort.plan.pieces import flag
from protocord.criteria.lengths import NEVER

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

EVERYTHING = -1  # the concept of a history that covers all


@dataclass(frozen=True)
class _Need:
    """Days that histories of any of these concepts must cover, and the leaves that need it."""

    concepts: frozenset[int]
    first: int
    last: int
    leaves: tuple[int, ...]


def covered(classes: Classes, relations: Relations, layout: Layout) -> list[ir.Table]:
    """This will return the words of plane c that histories set (person, c_0, c_1, …): those that one history sets, and those that several set."""
    needs = _needs(classes)
    if not needs or relations.periods is not None:
        return []
    return [_alone(needs, relations, layout), _together(needs, relations, layout)]


def covered_by_periods(
    classes: Classes, layout: Layout, at: Places, since: Ints, until_: Ints
) -> Iterator[tuple[int, Places, Ints]]:
    """This will yield (word, places, bits) of plane c where all histories are of everything; `at` are the places of their persons."""
    if not at.size:
        return
    since, until_ = since.astype(np.int64), until_.astype(np.int64)
    begin = at.astype(np.int64) * (4 * NEVER) + since
    if np.any(begin[1:] < begin[:-1]):
        order = np.argsort(begin, kind="stable")
        at, since, until_ = at[order], since[order], until_[order]
    # How far the histories of a person reach up to each one: the persons are lifted above one another, so that none reaches into the next.
    lift = at.astype(np.int64) * (4 * NEVER)
    reached = np.maximum.accumulate(until_ + lift) - lift
    starts = np.append(True, (at[1:] != at[:-1]) | (since[1:] > reached[:-1] + 1))
    first = np.flatnonzero(starts)
    whole, since, until_ = at[first], since[first], reached[np.append(first[1:], at.size) - 1]
    persons = np.flatnonzero(np.append(True, whole[1:] != whole[:-1]))
    needs = _needs(classes)
    # Between two neighbouring days that somebody needs nothing changes: the place of a day among them says which needs it meets.
    firsts, lasts = (np.unique([getattr(need, name) for need in needs]).astype(np.int64) for name in ("first", "last"))
    begun, reached = np.searchsorted(firsts, since, side="left"), np.searchsorted(lasts, until_, side="right")
    for word in range(layout.count):
        early, late = np.zeros(firsts.size + 1, np.int64), np.zeros(lasts.size + 1, np.int64)
        for need in needs:
            one = layout.words(need.leaves)[word]
            early[: np.searchsorted(firsts, need.first) + 1] |= one  # by what day it must have begun
            late[np.searchsorted(lasts, need.last) + 1 :] |= one  # and what day it must reach
        yield word, whole[persons], np.bitwise_or.reduceat(early[begun] & late[reached], persons)


def _needs(classes: Classes) -> list[_Need]:
    found: dict[tuple[frozenset[int], int, int], list[int]] = {}
    for leaf, concepts, first, last in classes.needs():
        found.setdefault((frozenset(concepts), first, last), []).append(leaf)
    return [_Need(*days, tuple(leaves)) for days, leaves in found.items()]


def _alone(needs: list[_Need], relations: Relations, layout: Layout) -> ir.Table:
    concepts = sorted({EVERYTHING}.union(*(need.concepts for need in needs)))
    mine = {
        concept: {"c": [leaf for need in needs if concept in need.concepts or concept == EVERYTHING for leaf in need.leaves]}
        for concept in concepts
    }
    asked = relations.small("covering", layout.table(mine, ("c",)))
    histories = relations.histories.join(asked, "concept")
    words = {}
    for place in range(layout.count):
        bits = [(need, layout.words(need.leaves)[place]) for need in needs]
        since = until(histories.since, by_limit((need.first, one) for need, one in bits if one))
        reached = after(histories.until, by_limit((need.last - 1, one) for need, one in bits if one))
        words[f"c_{place}"] = histories[f"c_{place}"] & since & reached
    return histories.select("person", **words)


def _together(needs: list[_Need], relations: Relations, layout: Layout) -> ir.Table:
    """Of persons with several histories, the days that only some of them together cover."""
    rows = [
        {"concept": concept, "need": number, "need_first": need.first, "need_last": need.last}
        for number, need in enumerate(needs)
        for concept in sorted({EVERYTHING} | need.concepts)
    ]
    small = relations.small(
        "needs", pl.DataFrame(rows, schema=dict.fromkeys(("concept", "need", "need_first", "need_last"), pl.Int32))
    )
    histories = relations.histories
    counted = histories.group_by("person").agg(stretches=histories.count())
    several = histories.semi_join(counted.filter(counted.stretches > 1), "person")
    met = several.join(small, "concept")
    touching = (met.since <= met.need_last + 1) & (met.until >= met.need_first - 1)
    partly = met.filter(touching & ~((met.since <= met.need_first) & (met.until >= met.need_last)))
    window = ibis.window(group_by=["person", "need"], order_by=["since", "until"], preceding=(None, 1))
    before = partly.mutate(reached=partly.until.max().over(window))
    starts = before.mutate(island=flag(before.reached.isnull() | (before.since > before.reached + 1), 1))
    so_far = ibis.window(group_by=["person", "need"], order_by=["since", "until"], preceding=(None, 0))
    islands = starts.mutate(number=starts.island.sum().over(so_far))
    whole = islands.group_by("person", "need", "number").agg(
        since=islands.since.min(), until=islands.until.max(), first=islands.need_first.min(), last=islands.need_last.min()
    )
    held = whole.filter((whole.since <= whole["first"]) & (whole.until >= whole["last"]))
    words = [layout.words(need.leaves) for need in needs]
    bits = pl.DataFrame(
        {"need": range(len(needs))} | {f"c_{place}": [one[place] for one in words] for place in range(layout.count)},
        schema={"need": pl.Int32} | {f"c_{place}": pl.Int64 for place in range(layout.count)},
    )
    meant = held.join(relations.small("needed_bits", bits), "need")
    return meant.select("person", *(f"c_{place}" for place in range(layout.count)))
