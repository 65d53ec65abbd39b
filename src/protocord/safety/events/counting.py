"""What the tables of adverse events count: groups of terms, subsets of events, and who belongs to them though something is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

__all__ = ["GROUPS", "SUBSETS", "Group", "counted", "gathered", "grouped", "subset_answer"]

SUBSETS = (
    "any",
    "grade_3_or_more",
    "related",
    "related_grade_3_or_more",
    "serious",
    "related_serious",
    "fatal",
)
"""Subsets of the treatment-emergent events that are tabled beside one another."""

_SEVERE = 3


@dataclass(frozen=True, slots=True)
class Group:
    """The events that one row of a table counts: all of them, those of a system organ class, of a term, or of a category."""

    of: str
    keys: tuple[str, ...]

    def context(self, values: Mapping[str, object]) -> dict[str, str]:
        """This will return the context of its statistics."""
        return {"of": self.of} | {key: str(values[key]) for key in self.keys if values[key] is not None}


GROUPS = (Group("all", ()), Group("soc", ("soc",)), Group("term", ("soc", "term")), Group("category", ("category",)))


def counted(events: pl.DataFrame) -> pl.DataFrame:
    """This will return the events that the tables count."""
    return events.filter(pl.col("counted"))


def subset_answer(subset: str) -> tuple[pl.Expr, pl.Expr]:
    """This will return two yes/no columns: whether an event counts in the subset, and whether it would if what is missing were yes.

    A missing attribution counts as related (convention `ae_missing_attribution`); a missing grade or seriousness does not
    count, and shows in the second column.
    """
    yes = pl.col("counted")
    severe = (pl.col("grade") >= _SEVERE).fill_null(value=False)
    severe_open = (pl.col("grade") >= _SEVERE).fill_null(value=True)
    related = pl.col("related").fill_null(value=True)
    serious, serious_open = pl.col("serious").fill_null(value=False), pl.col("serious").fill_null(value=True)
    return {
        "any": (yes, yes),
        "grade_3_or_more": (severe, severe_open),
        "related": (related, related),
        "related_grade_3_or_more": (related & severe, related & severe_open),
        "serious": (serious, serious_open),
        "related_serious": (related & serious, related & serious_open),
        "fatal": (pl.col("fatal"), pl.col("fatal")),
    }[subset]


def grouped(events: pl.DataFrame) -> Iterator[tuple[Group, pl.DataFrame]]:
    """This will yield each group with the events that belong to one of its rows; a group other than `all` only where it has any."""
    for group in GROUPS:
        present = events.drop_nulls(group.keys[-1]) if group.keys else events
        if present.height or not group.keys:
            yield group, present


def gathered(group: Group, frame: pl.DataFrame, columns: list[pl.Expr]) -> pl.DataFrame:
    """This will return the aggregated columns, one row for each row of the group's table, in the order of names."""
    if not group.keys:
        return frame.select(columns)
    return frame.group_by(group.keys).agg(columns).sort(*group.keys, nulls_last=True)
