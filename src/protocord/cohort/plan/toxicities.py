"""Toxicities: which have a grade still too high."""

from __future__ import annotations

import polars as pl

from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN, Kind
from protocord.cohort.plan.framed import Framed, at_most, decisions, hit, key
from protocord.criteria.lengths import NEVER

_TOXICITY = ("leaf", "concept", "toxicity")


def recovered(framed: Framed) -> pl.DataFrame | None:
    """RecoveredTo: the latest record of each toxicity; one of a whole class stands for itself."""
    classes = framed.classes
    ids, concepts = classes.numbering.ids, classes.concepts
    rows = classes.of(("RecoveredTo",), lambda leaf: {"day": leaf.day, "grade": float(leaf.arguments[1])})
    if rows.is_empty():
        return None
    rows = rows.with_columns(whole=pl.Series([bool(concepts.descendants(ids[number])) for number in rows["concept"]]))
    begun = _begun(framed.beside(rows))
    surely = pl.col("sure") & ~pl.col("any_unknown")
    groups = decisions(begun, "concept", "toxicity").with_columns(
        above=surely & pl.col("any_false") & ~pl.col("any_true"),
        fine=pl.col("any_true") & ~pl.col("any_false") & ~pl.col("any_unknown"),
    )
    doubtful = _superseded(framed, groups.filter("above"), begun)
    joined = groups.join(doubtful, on=["person", *_TOXICITY], how="left").with_columns(
        pl.col("superseded").fill_null(value=False)
    )
    above, superseded = pl.col("above"), pl.col("superseded")
    return joined.select(hit(above & ~superseded, (above & superseded) | (~above & ~pl.col("fine"))))


def _begun(facts: pl.DataFrame) -> pl.DataFrame:
    """The records that had begun, as candidates for the latest of each toxicity."""
    day, ended = pl.col("day"), pl.col("ended")
    kinds = [int(kind) for kind in (Kind.NONE, Kind.NUMBER, Kind.UNUSABLE)]
    begun = facts.filter(pl.col("kind").is_in(kinds) & (pl.col("first") <= day))
    goes_on = (pl.col("over_first") == NEVER) | (ended & (pl.col("over_first") > day))
    resolved = ended & (pl.col("over_last") <= day)
    number, within = pl.col("kind") == Kind.NUMBER, at_most(pl.col("grade"))
    fine, too_high = resolved | (number & (within == TRUE)), number & (within == FALSE) & goes_on
    return begun.select(
        "person",
        "leaf",
        "concept",
        toxicity=pl.when("whole").then(pl.col("record")).otherwise(-1),
        sure=pl.col("certain") & (pl.col("last") <= day),
        low_key=key(pl.col("first")),
        high_key=key(pl.min_horizontal("last", "day")),
        later_key=key(pl.col("last")),
        said=pl.when(fine).then(TRUE).when(too_high).then(FALSE).otherwise(UNKNOWN),
    )


def _superseded(framed: Framed, above: pl.DataFrame, begun: pl.DataFrame) -> pl.DataFrame:
    """The toxicities above the grade of which a later record, of a class that it may belong to or the other way round, may be."""
    concepts = framed.classes.concepts

    def overlapping(_asked: str, one: str, _certain: bool) -> set[str]:
        own = concepts.descendants(one) | {one}
        return {*own}.union(*map(concepts.ancestors, own))

    pairs = framed.classes.pairs(("RecoveredTo",), overlapping)
    later = begun.select(
        "person", "leaf", pl.col("concept").alias("other"), pl.col("toxicity").alias("other_toxicity"), "later_key"
    )
    met = (
        above.select("person", *_TOXICITY, "top").join(pairs, on=["leaf", "concept"]).join(later, on=["person", "leaf", "other"])
    )
    another = (pl.col("other") != pl.col("concept")) | (pl.col("other_toxicity") != pl.col("toxicity"))
    found = met.filter(another & (pl.col("later_key") > pl.col("top"))).select("person", *_TOXICITY).unique()
    return found.with_columns(superseded=pl.lit(value=True))
