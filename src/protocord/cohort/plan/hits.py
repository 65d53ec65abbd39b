"""From facts to bits: for each kind of leaf, the rows that have a say and what they say, as expressions that any engine runs.

Every function here returns a relation (person, leaf, plane, bits) … the planes of a leaf mean:

| leaf | A | B | C |
| --- | --- | --- | --- |
| Washout, RecoveredTo | surely violated | left open | a history covers |
| Ever | surely begun | may have begun | a history covers |
| Has | surely present | may be present | surely absent |
| Recorded | surely recorded | may be recorded | |
| AgeInYearsAt | a candidate is not true | a candidate is not false | one surely is the latest |
| OnOrBefore | true (with B: true if covered) | false | a history covers |
| the others | true | false | |

The meaning stands in `protocord.criteria.functions`; the trick that makes one pass enough is in `latest`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import polars as pl

from protocord.cohort.normal import Kind, Status, Why
from protocord.cohort.plan import pieces
from protocord.cohort.plan.classes import OPERATORS, Classes, Operator, cleared_until, opens
from protocord.cohort.plan.pieces import FALSE, TRUE, UNKNOWN, chosen, completed_years, decided, key, outcome
from protocord.cohort.plan.program import Leaf
from protocord.criteria.functions.results import ADULT
from protocord.criteria.lengths import LONG_AGO, NEVER

A, B, C = 0, 1, 2  # planes

Small = Callable[[str, pl.DataFrame], ir.Table]


@dataclass(frozen=True)
class Relations:
    """A source's normal form on an engine: `facts` may be several relations; `small` brings a small table to the engine."""

    persons: ir.Table
    facts: Sequence[ir.Table]
    histories: ir.Table
    small: Small


@dataclass(frozen=True)
class Hits:
    """The rows that have a say, for one program on one source."""

    classes: Classes
    relations: Relations

    def all(self) -> list[ir.Table]:
        """This will return every relation of bits: person, leaf, a, b, c (yes or no for each plane)."""
        parts = [
            self.exposures(),
            self.recorded(),
            self.latest(),
            self.ages(),
            self.conditions(),
            self.recovered(),
            self.ordered(),
        ]
        return [part for part in parts if part is not None]

    def _facts(self, name: str, rows: pl.DataFrame, *, recorded: bool = True) -> ir.Table | None:
        """The facts that the small table's leaves look at, each beside its leaf; None where no leaf asks."""
        if rows.is_empty():
            return None
        small = self.relations.small(name, rows)
        joined = [facts.join(small, facts.concept == small.concept) for facts in self.relations.facts]
        found = joined[0] if len(joined) == 1 else ibis.union(*joined)
        return found.filter(found.status == Status.RECORDED) if recorded else found

    def exposures(self) -> ir.Table | None:
        """Washout and Ever."""

        def details(leaf: Leaf) -> dict[str, Any]:
            washout = leaf.function == "Washout"
            until = cleared_until(leaf.arguments[1], leaf.day) if washout else LONG_AGO
            return {"washout": washout, "until": until, "day": leaf.day, "known": leaf.known}

        facts = self._facts("exposures", self.classes.of(("Washout", "Ever"), details))
        if facts is None:
            return None
        begun = facts.filter((facts.kind != Kind.NO) & (facts["first"] <= facts.day))
        began_last = chosen((begun.undated & begun.ongoing & begun.washout, begun.known), otherwise=begun["last"])
        over = begun.over_last <= begun.until
        open_ = (began_last > begun.day) | (begun.over_first <= begun.until) | ~begun.certain
        surely = begun.certain & (begun["last"] <= begun.day)
        return begun.select(
            "person",
            "leaf",
            a=chosen((begun.washout, ~over & ~open_), otherwise=surely),
            b=chosen((begun.washout, ~over & open_), otherwise=ibis.literal(True)),
            c=ibis.literal(False),
        )

    def recorded(self) -> ir.Table | None:
        """Recorded."""
        rows = self.classes.of(("Recorded",), lambda leaf: {"opens": opens(leaf), "day": leaf.day})
        facts = self._facts("recorded", rows)
        if facts is None:
            return None
        possible = facts.filter(_possible(facts))
        return possible.select("person", "leaf", a=_sure(possible), b=ibis.literal(True), c=ibis.literal(False))

    def latest(self) -> ir.Table | None:
        """Latest, TimesULN, Attested and CodeIn: leaves that only the latest fact decides, or all that could be it.

        A candidate is a fact whose last possible moment is not before the first possible moment of every sure fact (the floor).
        So some candidate has an outcome exactly if the greatest moment among the facts with that outcome reaches the floor: one
        pass, no second look at the rows.
        """
        parts = [part for part in (self._results(), self._statements(), self._codes()) if part is not None]
        if not parts:
            return None
        found = decisions(parts[0] if len(parts) == 1 else ibis.union(*parts))
        return found.select(
            "person",
            "leaf",
            a=found.sure & found.any_true & ~found.any_false & ~found.any_unknown,
            b=found.sure & found.any_false & ~found.any_true & ~found.any_unknown,
            c=ibis.literal(False),
        )

    def _results(self) -> ir.Table | None:
        def details(leaf: Leaf) -> dict[str, Any]:
            assert leaf.operator
            assert leaf.limit is not None
            limit = {"operator": int(OPERATORS[leaf.operator]), "bound": float(leaf.limit)}
            return {"times": leaf.function == "TimesULN", "opens": opens(leaf), "day": leaf.day, **limit}

        facts = self._facts("results", self.classes.of(("Latest", "TimesULN"), details))
        if facts is None:
            return None
        facts = facts.filter(_possible(facts) & facts.kind.isin([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]))
        times = bool(self.classes.leaves("TimesULN"))
        if times:
            facts = self._aged(facts, facts["first"], facts["last"])
        limit = chosen((facts.times, facts.bound * facts.upper), otherwise=facts.bound) if times else facts.bound
        said = _compared(facts, limit)
        usable = facts.kind == Kind.NUMBER
        if times:
            usable = usable & (~facts.times | _is_the_childs(facts))
        return _judged(facts, chosen((usable, said), otherwise=UNKNOWN))

    def _statements(self) -> ir.Table | None:
        rows = self.classes.of(("Attested",), lambda leaf: {"opens": opens(leaf), "day": leaf.day})
        facts = self._facts("statements", rows)
        if facts is None:
            return None
        facts = facts.filter(_possible(facts))
        return _judged(facts, decided(facts.kind == Kind.YES, facts.kind == Kind.NO))

    def _codes(self) -> ir.Table | None:
        rows = self.classes.of(("CodeIn",), lambda leaf: {"opens": opens(leaf, 9), "day": leaf.day})
        if rows.is_empty():
            return None
        patterns = [self.classes.concepts[self.classes.numbering.ids[number]].code_pattern for number in rows["concept"]]
        # An engine matches a pattern anywhere in the text.
        rows = rows.with_columns(
            pl.Series("pattern", [f"^(?:{one.pattern})$" if one else "" for one in patterns], dtype=pl.String)
        )
        facts = self._facts("codes", rows)
        assert facts is not None
        facts = facts.filter(_possible(facts))
        listed = [
            {"leaf": place, "listed": code} for place, leaf in self.classes.leaves("CodeIn") for code in sorted(leaf.arguments[1])
        ]
        codes = self.relations.small("listed_codes", pl.DataFrame(listed, schema={"leaf": pl.Int32, "listed": pl.String}))
        facts = own(facts.left_join(codes, (facts.leaf == codes.leaf) & (facts.code == codes.listed)))
        is_code = facts.kind == Kind.CODE
        readable = (facts.pattern == "") | facts.code.re_search(facts.pattern)
        inside = facts.listed.notnull()
        return _judged(facts, decided(is_code & inside, is_code & ~inside & ibis.coalesce(readable, ibis.literal(False))))

    def ages(self) -> ir.Table | None:
        """AgeInYearsAt: what each fact that could be the latest one says of the age on its day."""

        def details(leaf: Leaf) -> dict[str, Any]:
            assert leaf.operator
            assert leaf.limit is not None
            before = leaf.arguments[1] if len(leaf.arguments) > 1 else None
            back = {"back_days": before.days if before else 0}
            limit = {"operator": int(OPERATORS[leaf.operator]), "bound": float(leaf.limit)}
            return {"opens": LONG_AGO, "day": leaf.day, **back, **limit}

        facts = self._facts("ages", self.classes.of(("AgeInYearsAt",), details))
        if facts is None:
            return None
        facts = facts.filter(_possible(facts))
        back = self._back(facts)
        facts = self._aged(facts, back(facts["first"]), back(ibis.least(facts["last"], facts.day)))
        # Before birth there is no age: one that may have been then counts from birth on.
        youngest = ibis.greatest(ibis.coalesce(facts.youngest, 0), 0).cast("float64")
        no = ibis.literal(False)
        said = outcome(facts.operator, youngest, facts.oldest.cast("float64"), no, no, facts.bound)
        born = ibis.coalesce(facts.to_day >= facts.birth_last, no)
        found = decisions(_judged(facts, chosen((born, said), otherwise=UNKNOWN)))
        return found.select(
            "person",
            "leaf",
            a=found.any_false | found.any_unknown,
            b=found.any_true | found.any_unknown,
            c=found.sure,
        )

    def _back(self, facts: ir.Table) -> Callable[[Any], Any]:
        """What moves a day back by a leaf's length: constants of each leaf, since only days that are known are moved."""

        def moved(day: Any) -> Any:
            open_ = (day <= LONG_AGO) | (day >= NEVER)
            return chosen((open_, day), otherwise=day - facts.back_days)

        return moved

    def _aged(self, facts: ir.Table, first: Any, last: Any) -> ir.Table:
        """The facts with the person's birth and sex, and the youngest and oldest age between two days; null where it is not known."""
        calendar = self.relations.small("calendar", pieces.calendar())
        facts = facts.mutate(from_day=first.cast("int32"), to_day=last.cast("int32"))
        persons = self.relations.persons
        for name in ("birth_first", "birth_last"):
            written = calendar.rename({name: "calendar_day", f"{name}_ymd": "ymd"}).drop("common")
            persons = own(persons.left_join(written, name))
        facts = own(facts.left_join(persons, "person"))
        for name in ("from_day", "to_day"):
            written = calendar.rename({name: "calendar_day", f"{name}_ymd": "ymd", f"{name}_common": "common"})
            facts = own(facts.left_join(written, name))
        return facts.mutate(
            youngest=completed_years(facts.birth_last_ymd, facts.from_day_ymd, facts.from_day_common),
            oldest=completed_years(facts.birth_first_ymd, facts.to_day_ymd, facts.to_day_common),
        )

    def conditions(self) -> ir.Table | None:
        """Has: a statement of presence holds unless it ended, or a later statement denies it or a condition above it."""
        numbers, concepts = self.classes.numbering.numbers, self.classes.concepts

        def details(leaf: Leaf) -> dict[str, Any]:
            return {"opens": opens(leaf), "day": leaf.day, "asked": numbers[leaf.arguments[0]]}

        facts = self._facts("conditions", self.classes.of(("Has",), details))
        if facts is None:
            return None
        stated = facts.filter(_possible(facts))
        stated = stated.mutate(sure=_dated(stated))
        above = self.classes.pairs(("Has",), lambda asked, one, certain: _above(concepts, asked, one, certain=certain))
        denials = _denials(stated, self.relations.small("denials_above", above))
        ended = stated.ended & (stated.over_last <= stated.day)
        present = stated.filter((stated.kind != Kind.NO) & ~ended)
        present = own(
            present.left_join(
                denials,
                (present.person == denials.person) & (present.leaf == denials.leaf) & (present.concept == denials.concept),
            )
        )
        denied = ibis.coalesce(present.surely_denied, -1) > key(present["last"], present.record)
        doubted = ibis.coalesce(present.maybe_denied, -1) > key(present["first"], present.record)
        may_have_ended = present.ended & (present.over_first <= present.day)
        active = present.sure & present.certain & (present.kind == Kind.YES) & ~may_have_ended & ~doubted
        bits = present.filter(~denied).select("person", "leaf", a=active, b=~active, c=ibis.literal(False))
        asked_above = self.relations.small("conditions_above", self._above_asked())
        absent = stated.semi_join(asked_above, (stated.leaf == asked_above.leaf) & (stated.concept == asked_above.concept))
        absent = absent.filter(absent.sure & (absent.kind == Kind.NO))
        over = stated.filter(stated.sure & ended & (stated.kind == Kind.YES) & (stated.concept == stated.asked))
        no, yes = ibis.literal(False), ibis.literal(True)
        return ibis.union(bits, *(part.select("person", "leaf", a=no, b=no, c=yes) for part in (absent, over)))

    def _above_asked(self) -> pl.DataFrame:
        numbers, concepts = self.classes.numbering.numbers, self.classes.concepts
        rows = [
            {"leaf": place, "concept": numbers[name]}
            for place, leaf in self.classes.leaves("Has")
            for name in sorted(concepts.ancestors(leaf.arguments[0]) | {leaf.arguments[0]})
        ]
        return pl.DataFrame(rows, schema={"leaf": pl.Int32, "concept": pl.Int32})

    def recovered(self) -> ir.Table | None:
        """RecoveredTo: the latest record of each toxicity; one of a whole class stands for itself."""
        ids, concepts = self.classes.numbering.ids, self.classes.concepts
        rows = self.classes.of(("RecoveredTo",), lambda leaf: {"day": leaf.day, "grade": float(leaf.arguments[1])})
        if rows.is_empty():
            return None
        rows = rows.with_columns(whole=pl.Series([bool(concepts.descendants(ids[number])) for number in rows["concept"]]))
        facts = self._facts("toxicities", rows)
        assert facts is not None
        begun = facts.filter(facts.kind.isin([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]) & (facts["first"] <= facts.day))
        begun = begun.mutate(toxicity=chosen((begun.whole, begun.record), otherwise=ibis.literal(-1, "int64")))
        no = ibis.literal(False)
        within = outcome(
            ibis.literal(int(Operator.AT_MOST)), begun.low, begun.high, _low_strict(begun), _high_strict(begun), begun.grade
        )
        goes_on = (begun.over_first == NEVER) | (begun.ended & (begun.over_first > begun.day))
        resolved = begun.ended & (begun.over_last <= begun.day)
        is_number = begun.kind == Kind.NUMBER
        said = chosen(
            (resolved, TRUE),
            (is_number & (within == TRUE), TRUE),
            (is_number & (within == FALSE) & goes_on, FALSE),
            otherwise=UNKNOWN,
        )
        judged = begun.select(
            "person",
            "leaf",
            "concept",
            "toxicity",
            sure=begun.certain & (begun["last"] <= begun.day),
            low_key=key(begun["first"], begun.record),
            high_key=key(ibis.least(begun["last"], begun.day), begun.record),
            said=said,
        )
        found = decisions(judged, "concept", "toxicity")
        above = found.sure & found.any_false & ~found.any_true & ~found.any_unknown
        fine = found.any_true & ~found.any_false & ~found.any_unknown
        groups = found.mutate(above=above, fine=fine)
        doubtful = self._superseded(groups.filter(groups.above), begun)
        joined = own(groups.left_join(doubtful, ["person", "leaf", "concept", "toxicity"]))
        superseded = ibis.coalesce(joined.superseded, no)
        return joined.select(
            "person", "leaf", a=joined.above & ~superseded, b=(joined.above & superseded) | (~joined.above & ~joined.fine), c=no
        )

    def _superseded(self, above: ir.Table, begun: ir.Table) -> ir.Table:
        """The toxicities above the grade of which a later record, of a class that it may belong to or the other way round, may be."""
        concepts = self.classes.concepts

        def overlapping(_asked: str, one: str, _certain: bool) -> set[str]:
            own = concepts.descendants(one) | {one}
            return {name for name in concepts if not own.isdisjoint(concepts.descendants(name) | {name})}

        pairs = self.relations.small("overlapping", self.classes.pairs(("RecoveredTo",), overlapping))
        paired = above.join(pairs, ["leaf", "concept"])
        later = begun.select(
            "person", "leaf", other_toxicity="toxicity", other_concept="concept", later_key=key(begun["last"], begun.record)
        )
        met = paired.join(later, ["person", "leaf", (paired.other == later.other_concept)])
        another = (met.other_concept != met.concept) | (met.other_toxicity != met.toxicity)
        return (
            met.filter(another & (met.later_key > met.top))
            .select("person", "leaf", "concept", "toxicity", superseded=ibis.literal(True))
            .distinct()
        )

    def ordered(self) -> ir.Table | None:
        """OnOrBefore: the earliest days of both, and whether the second is on record as not done."""
        firsts = self.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": False}, 0)
        seconds = self.classes.of(("OnOrBefore",), lambda leaf: {"day": leaf.day, "second": True}, 1)
        if firsts.is_empty():
            return None
        rows = pl.concat([firsts, seconds])
        rows = rows.with_columns(by_yes=pl.Series([self.classes.is_answered_by_yes(number) for number in rows["concept"]]))
        facts = self._facts("ordered", rows, recorded=False)
        assert facts is not None
        usable = facts.status == Status.RECORDED
        first = ~facts.second & usable & (facts.kind != Kind.NO) & (facts["first"] <= facts.day)
        sure = first & (facts["last"] <= facts.day) & facts.certain & (~facts.by_yes | (facts.kind == Kind.YES))
        second = facts.second & usable
        not_done = facts.second & facts.certain & (facts.status == Status.NOT_DONE)
        found = facts.group_by("person", "leaf").agg(
            earliest=facts["first"].min(where=first),
            surely=facts["last"].min(where=sure),
            other=facts["first"].min(where=second),
            other_surely=facts["last"].min(where=second & facts.certain),
            not_done=not_done.any(),
        )
        is_sure, no_other = found.surely.notnull(), found.other.isnull()
        no = ibis.literal(False)
        true = is_sure & ibis.coalesce(found.surely <= found.other, no) | (is_sure & no_other & found.not_done)
        false = is_sure & ~no_other & ibis.coalesce(found.earliest > found.other_surely, no)
        pending = is_sure & no_other & ~found.not_done  # both planes: true where a history covers
        return found.select("person", "leaf", a=true | pending, b=false | pending, c=no)


def own(joined: ir.Table) -> ir.Table:
    """This will return a left join without the right side's copies of the columns joined on."""
    return joined.drop(*(name for name in joined.columns if name.endswith("_right")))


def _possible(facts: ir.Table) -> ir.BooleanValue:
    """Whether a fact may lie in the leaf's window."""
    return (facts["first"] <= facts.day) & (facts["last"] >= facts.opens)


def _dated(facts: ir.Table) -> ir.BooleanValue:
    """Whether it surely does."""
    return (facts["first"] >= facts.opens) & (facts["last"] <= facts.day)


def _sure(facts: ir.Table) -> ir.BooleanValue:
    return facts.certain & _dated(facts)


def _low_strict(facts: ir.Table) -> ir.BooleanValue:
    return (facts.strict % 2) == 1


def _high_strict(facts: ir.Table) -> ir.BooleanValue:
    return facts.strict >= 2


def _compared(facts: ir.Table, limit: ir.FloatingValue) -> ir.IntegerValue:
    return outcome(facts.operator, facts.low, facts.high, _low_strict(facts), _high_strict(facts), limit)


def _judged(facts: ir.Table, said: ir.IntegerValue) -> ir.Table:
    """The facts as candidates: first and last possible moment, whether each surely counts, and what it says."""
    return facts.select(
        "person",
        "leaf",
        sure=_sure(facts),
        low_key=key(facts["first"], facts.record),
        high_key=key(ibis.least(facts["last"], facts.day), facts.record),
        said=said,
    )


def decisions(judged: ir.Table, *more: str) -> ir.Table:
    """This will return, for each person and leaf (and `more`), which outcomes the candidates have, and whether one is surely there."""
    found = judged.group_by("person", "leaf", *more).agg(
        floor=judged.low_key.max(where=judged.sure),
        top=judged.low_key.max(),
        true=judged.high_key.max(where=judged.said == TRUE),
        false=judged.high_key.max(where=judged.said == FALSE),
        unknown=judged.high_key.max(where=judged.said == UNKNOWN),
    )
    floor = ibis.coalesce(found.floor, 0)
    reached = {name: ibis.coalesce(found[name] >= floor, ibis.literal(False)) for name in ("true", "false", "unknown")}
    return found.select(
        "person",
        "leaf",
        *more,
        "top",
        sure=found.floor.notnull(),
        **{f"any_{name}": condition for name, condition in reached.items()},
    )


def _is_the_childs(facts: ir.Table) -> ir.BooleanValue:
    """Whether the upper limit may be used: known, and of a range for this person's sex and age on the day of the sample."""
    youngest, oldest = facts.youngest, facts.oldest
    low, high = facts.band_low, facts.band_high
    banded = low.notnull() | high.notnull()
    no = ibis.literal(False)
    adults = ibis.coalesce(low < ADULT, ibis.literal(True)) & ibis.coalesce(high > ADULT, ibis.literal(True))
    inside = ibis.coalesce(youngest >= low, ibis.literal(True)) & ibis.coalesce(oldest <= high, ibis.literal(True))
    in_band = inside & ~((youngest < ADULT) & adults)
    by_age = youngest.notnull() & oldest.notnull() & chosen((banded, in_band), otherwise=youngest >= ADULT)
    for_sex = (facts.range_sex == 0) | (facts.range_sex == facts.sex)
    return (facts.upper_why == Why.FINE) & for_sex & ((facts.child & ~banded) | ibis.coalesce(by_age, no))


def _above(concepts: Any, asked: str, one: str, *, certain: bool) -> set[str]:
    """The concepts a denial of which denies `one`."""
    own = set(concepts.ancestors(one)) | {one}
    return own if certain else own | set(concepts.ancestors(asked)) | {asked}


def _denials(stated: ir.Table, above: ir.Table) -> ir.Table:
    """For each person, leaf and concept: the latest moment at which it is surely, or may be, denied."""
    said = stated.filter(stated.kind != Kind.YES)
    met = said.join(above.rename(denied="concept"), ["leaf", (said.concept == above.other)])
    met = met.select(
        "person",
        "leaf",
        concept="denied",
        surely=(met.kind == Kind.NO) & met.sure,
        first_key=key(met["first"], met.record),
        last_key=key(met["last"], met.record),
    )
    return met.group_by("person", "leaf", "concept").agg(
        surely_denied=met.first_key.max(where=met.surely), maybe_denied=met.last_key.max()
    )
