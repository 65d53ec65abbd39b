"""From the facts behind an open question to the kinds of reasons: function by function what the row evaluator says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from protocord.cohort.kinds import CLOSE, Kind, Status, Why
from protocord.cohort.plan.program import Leaf
from protocord.cohort.plan.reason_facts import Open
from protocord.cohort.plan.truths import Flags
from protocord.concepts import ConceptKind
from protocord.criteria.functions.results import ADULT
from protocord.criteria.index import BIRTH_DATE
from protocord.criteria.lengths import NEVER, Length

NO_CONCEPT = -1

Rows = npt.NDArray[np.intp]
_Days = npt.NDArray[np.int64]
_KEY = ("row", "term")
_LAST_DAY = (1 << 22) - 1  # 22 bits hold every ordinal of the calendar
_EPOCH = 719163  # ordinal of 1970-01-01
_OLDEST = 120

_certain, _undated, _ended, _kind, _concept, _asked = (
    pl.col(name) for name in ("certain", "undated", "ended", "kind", "concept", "asked")
)
_first, _last, _over_first, _over_last, _day = (pl.col(name) for name in ("first", "last", "over_first", "over_last", "day"))


@dataclass(frozen=True)
class Ages:
    """What is known of the persons of the rows: whether the birth date is, its earliest and latest day, and the sex."""

    known: Flags
    birth_first: _Days
    birth_last: _Days
    sex: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Cases:
    """The numbers that a term may have: for a row, between low and high (NaN: unbounded), to be compared with a limit times `scale`."""

    rows: Rows
    concepts: npt.NDArray[np.int32]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    strict: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> Cases:
        """This will return no numbers."""
        nothing = np.empty(0)
        return cls(nothing.astype(np.intp), nothing.astype(np.int32), nothing, nothing, nothing.astype(np.int8), nothing)

    @classmethod
    def of(cls, frame: pl.DataFrame, scale: pl.Expr) -> Cases:
        """This will return the numbers of facts."""
        told = frame.select("row", "concept", "low", "high", "strict", scale.cast(pl.Float64).alias("scale"))
        low, high = (told[name].fill_null(np.nan).to_numpy() for name in ("low", "high"))
        rows, concepts = told["row"].to_numpy().astype(np.intp), told["concept"].to_numpy()
        return cls(rows, concepts, low, high, told["strict"].to_numpy(), told["scale"].to_numpy())


@dataclass
class Said:
    """What the facts say: reasons as (row, term, kind, concept), for which rows of a term there is anything at all, its numbers,
    and for which rows only the second of an order is missing."""

    parts: list[pl.DataFrame] = field(default_factory=list)
    present: dict[int, Rows] = field(default_factory=dict)
    cases: dict[int, Cases] = field(default_factory=dict)
    second_absent: dict[int, Rows] = field(default_factory=dict)

    def add(self, told: pl.DataFrame, *said: tuple[str, pl.Expr, pl.Expr]) -> None:
        """This will add the reasons of facts: kind, where it is given, and the number of the concept it is about."""
        for kind, where, concept in said:
            found = told.filter(where).select("row", "term", pl.lit(kind).alias("kind"), concept.cast(pl.Int32).alias("concept"))
            if found.height:
                self.parts.append(found)

    def there(self, told: pl.DataFrame) -> None:
        """This will note for which rows of each term there is something."""
        for (place,), rows in told.select(_KEY).partition_by("term", as_dict=True, include_key=False).items():
            more = rows["row"].unique().to_numpy().astype(np.intp)
            self.present[place] = np.union1d(self.present[place], more) if place in self.present else more


def said_of(told: pl.DataFrame, open_: Open, ages: Ages) -> Said:
    """This will return what the facts that open terms look at say of why they are open."""
    said = Said()
    usable = told.filter(pl.col("status") == Status.RECORDED)
    handlers: dict[tuple[str, ...], Callable[..., None]] = {
        ("Washout",): _washout,
        ("Ever",): _ever,
        ("Latest", "TimesULN"): _results,
        ("Attested",): _attested,
        ("Recorded",): _recorded,
        ("CodeIn",): _codes,
        ("Has",): _has,
        ("RecoveredTo",): _recovered,
        ("OnOrBefore",): _ordered,
    }
    for names, handler in handlers.items():
        terms = {place: leaf for place, leaf in enumerate(open_.terms.terms) if leaf.function in names}
        if terms:
            handler(said, _asked_of(usable, terms, open_), terms, open_, ages)
    for place, leaf in enumerate(open_.terms.terms):
        if leaf.function == "AgeInYears":
            _age(said, place, leaf, open_, ages)
        elif leaf.function == "AgeInYearsAt":
            _age_at(said, _asked_of(usable, {place: leaf}, open_), place, leaf, open_, ages)
    return said


def _asked_of(told: pl.DataFrame, terms: dict[int, Leaf], open_: Open) -> pl.DataFrame:
    """The facts of some terms, each with the number of the concept asked for, and the last day known."""
    rows = [{"term": place, "asked": open_.terms.number(leaf.arguments[0]), "known": leaf.known} for place, leaf in terms.items()]
    return told.join(pl.DataFrame(rows, schema=dict.fromkeys(("term", "asked", "known"), pl.Int32)), on="term")


def _doubts(where: pl.Expr | None = None, asked: pl.Expr = _asked) -> tuple[tuple[str, pl.Expr, pl.Expr], ...]:
    """Why a fact may or may not count: as `protocord.criteria.functions.selection.doubts`."""
    here = pl.lit(value=True) if where is None else where
    return (
        ("concept_not_stated", here & ~_certain, asked),
        ("date_missing", here & _undated, _concept),
        ("date_partial", here & ~_undated & (_first != _last), _concept),
    )


def _moment(day: pl.Expr) -> pl.Expr:
    """What orders records: by day, then by record; a day that is open on a side is the first or the last."""
    return day.cast(pl.Int64).clip(0, _LAST_DAY) * (1 << 40) + pl.col("record")


def _candidates(told: pl.DataFrame, by: Iterable[str] = _KEY) -> pl.DataFrame:
    """The facts that could be the latest, with whether one surely is there (`is_sure`), and how many could be (`several`)."""
    sure = _certain & (_first >= pl.col("opens")) & (_last <= _day)
    by = list(by)
    moments = told.with_columns(sure=sure, low_moment=_moment(_first), high_moment=_moment(pl.min_horizontal(_last, _day)))
    floor = pl.when("sure").then("low_moment").max().over(by)
    judged = moments.with_columns(floor=floor).with_columns(is_sure=pl.col("floor").is_not_null())
    found = judged.filter(~pl.col("is_sure") | (pl.col("high_moment") >= pl.col("floor")))
    return found.with_columns(several=pl.len().over(by) > 1)


# --- exposures ----------------------------------------------------------------------------------------------------------


def _washout(said: Said, told: pl.DataFrame, *_: Any) -> None:
    began_last = pl.when(_undated & pl.col("ongoing")).then("known").otherwise(_last)
    may_clear = (began_last > _day) | (_over_first <= pl.col("until"))
    open_ = told.filter((_kind != Kind.NO) & (may_clear | ~_certain))
    without_end = ~_ended & ~pl.col("ongoing")
    said.add(
        open_,
        ("agent_not_stated", ~_certain, _asked),
        ("exposure_dates_missing", _certain & _undated & ~_ended, _concept),
        ("end_missing", _certain & ~_undated & without_end, _concept),
        ("exposure_date_partial", _certain & ~(_undated & ~_ended) & ~without_end, _concept),
    )


def _ever(said: Said, told: pl.DataFrame, *_: Any) -> None:
    said.add(
        told.filter(_kind != Kind.NO),
        ("agent_not_stated", ~_certain, _asked),
        ("exposure_dates_missing", _certain & _undated, _concept),
        ("exposure_date_partial", _certain & ~_undated, _concept),
    )


# --- what the latest record decides -----------------------------------------------------------------------------------------


def _unusable(where: pl.Expr, why: str = "why") -> Iterator[tuple[str, pl.Expr, pl.Expr]]:
    """Why a number cannot be had: of a unit, about what was asked; of a number that cannot be true, about the fact."""
    for one in (Why.UNIT_MISSING, Why.UNIT_UNKNOWN, Why.UNIT_NOT_MEASURED, Why.IMPLAUSIBLE):
        yield one.name.lower(), where & (pl.col(why) == one), _concept if one is Why.IMPLAUSIBLE else _asked


def _results(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], _open: Open, ages: Ages) -> None:
    found = _candidates(told.filter(_kind.is_in([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE])))
    said.there(found)
    said.add(
        found,
        ("value_missing", _kind == Kind.NONE, _concept),
        *_unusable(_kind == Kind.UNUSABLE),
        *_doubts(pl.col("several") | ~pl.col("is_sure")),
    )
    numbers = found.filter(_kind == Kind.NUMBER)
    times = [place for place, leaf in terms.items() if leaf.function == "TimesULN"]
    if times:
        multiples = _with_ranges(numbers.filter(pl.col("term").is_in(times)), ages)
        said.add(multiples, *_ranges())
        fits = multiples.filter(reduce(and_, (~where for _, where, _ in _ranges())))
        _cases(said, fits, pl.col("upper"))
        numbers = numbers.filter(~pl.col("term").is_in(times))
    _cases(said, numbers, pl.lit(1.0))


def _cases(said: Said, numbers: pl.DataFrame, scale: pl.Expr) -> None:
    for (place,), part in numbers.partition_by("term", as_dict=True).items():
        said.cases[place] = Cases.of(part, scale)


def _with_ranges(numbers: pl.DataFrame, ages: Ages) -> pl.DataFrame:
    """The results with the person's sex and youngest and oldest age on the day of the sample (null: not known)."""
    rows = numbers["row"].to_numpy()
    first, last = (numbers[name].to_numpy().astype(np.int64) for name in ("first", "last"))
    known = ages.known[rows] & _is_day(first) & _is_day(last)
    youngest = completed_years(ages.birth_last[rows], first)
    oldest = completed_years(ages.birth_first[rows], last)
    return numbers.with_columns(
        pl.Series("sex", ages.sex[rows], dtype=pl.Int8),
        pl.Series("known_ages", known),
        pl.Series("youngest", youngest),
        pl.Series("oldest", oldest),
    ).with_columns(pl.when("known_ages").then(pl.col("youngest", "oldest")))


def _ranges() -> list[tuple[str, pl.Expr, pl.Expr]]:
    """Why the upper limit of a result must not be used for this child: the first that holds."""
    low, high, youngest, oldest = (pl.col(name) for name in ("band_low", "band_high", "youngest", "oldest"))
    of_sex, sex = pl.col("range_sex"), pl.col("sex")
    banded = low.is_not_null() | high.is_not_null()
    judged = ~(pl.col("child") & ~banded)
    no, yes = pl.lit(value=False), pl.lit(value=True)
    other = (youngest > high).fill_null(value=False) | (oldest < low).fill_null(value=False)
    adults = (youngest < ADULT).fill_null(value=False)
    reaches = (low < ADULT).fill_null(value=True) & (high > ADULT).fill_null(value=True)
    inside = (youngest >= low).fill_null(value=True) & (oldest <= high).fill_null(value=True)
    other_sex = (of_sex != 0) & (of_sex != sex)
    tests = [
        ("no_upper_limit", pl.col("upper_why") == Why.NO_UPPER_LIMIT, _concept),
        ("sex_missing", other_sex & (sex == 0), _concept),
        ("range_for_other_sex", other_sex, _concept),
        ("range_age_not_known", judged & youngest.is_null(), _concept),
        ("range_for_other_age", judged & banded & other, _concept),
        ("range_age_not_stated", judged & adults & (~banded | reaches), _concept),
        ("range_age_uncertain", judged & banded & ~inside, _concept),
        *_unusable(yes, "upper_why"),
    ]
    said, before = [], no
    for kind, where, concept in tests:
        said.append((kind, where & ~before, concept))
        before = before | where
    return said


def _attested(said: Said, told: pl.DataFrame, *_: Any) -> None:
    found = _candidates(told)
    said.there(found)
    said.add(found, ("value_missing", ~_kind.is_in([Kind.YES, Kind.NO]), _concept), *_doubts())


def _recorded(said: Said, told: pl.DataFrame, *_: Any) -> None:
    said.add(_candidates(told), *_doubts())


def _codes(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], open_: Open, _ages: Ages) -> None:
    found = _candidates(told)
    said.there(found)
    said.add(found, ("value_missing", _kind != Kind.CODE, _concept), *_doubts())
    concepts, ids = open_.terms.concepts, open_.terms.classes.numbering.ids
    codes = found.filter(_kind == Kind.CODE)
    if codes.is_empty():
        return
    distinct = codes.select("term", "concept", "code").unique()
    strange = [
        (pattern := concepts[ids[concept]].code_pattern) is not None
        and code not in terms[place].arguments[1]
        and not pattern.fullmatch(code)
        for place, concept, code in distinct.iter_rows()
    ]
    unreadable = codes.join(distinct.filter(pl.Series(strange, dtype=pl.Boolean)), on=["term", "concept", "code"], how="semi")
    said.add(unreadable, ("code_not_readable", pl.lit(value=True), _concept))


# --- conditions and toxicities ---------------------------------------------------------------------------------------------


def _pairs(open_: Open, terms: dict[int, Leaf], related: Callable[[str, str, bool], set[str]]) -> pl.DataFrame:
    """For each term and concept that counts, the concepts that `related` names (asked, concept, certain)."""
    classes = open_.terms.classes
    numbers, ids = classes.numbering.numbers, classes.numbering.ids
    rows = [
        (place, concept, numbers[other])
        for place, leaf in terms.items()
        for concept, certain in classes.counted(leaf.arguments[0])
        for other in related(leaf.arguments[0], ids[concept], certain)
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("term", "concept", "other"), pl.Int32), orient="row")


def _has(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], open_: Open, _ages: Ages) -> None:
    concepts = open_.terms.concepts

    def above(asked: str, one: str, certain: bool) -> set[str]:
        own = set(concepts.ancestors(one)) | {one}
        return own if certain else own | set(concepts.ancestors(asked)) | {asked}

    dated = (_first >= pl.col("opens")) & (_last <= _day)
    denials = told.filter((_kind == Kind.NO) & dated).select(
        "row", "term", pl.col("concept").alias("other"), _moment(_first).alias("denied")
    )
    denied = (
        denials.join(_pairs(open_, terms, above), on=["term", "other"])
        .group_by("row", "term", "concept")
        .agg(pl.col("denied").max())
    )
    present = told.filter((_kind != Kind.NO) & ~(_ended & (_over_last <= _day)))
    present = present.join(denied, on=["row", "term", "concept"], how="left")
    present = present.filter(~(pl.col("denied") > _moment(_last)).fill_null(value=False))
    kinds = (
        *_doubts(),
        ("value_missing", ~_kind.is_in([Kind.YES, Kind.NO]), _concept),
        ("end_partial", _ended & (_over_first != _over_last), _concept),
    )
    said.add(present, *kinds, ("statements_disagree", reduce(and_, (~where for _, where, _ in kinds)), _concept))
    said.there(present)
    upward = [
        (place, open_.terms.number(name))
        for place, leaf in terms.items()
        for name in concepts.ancestors(leaf.arguments[0]) | {leaf.arguments[0]}
    ]
    asked_above = pl.DataFrame(upward, schema=dict.fromkeys(("term", "concept"), pl.Int32), orient="row")
    doubtful = (
        told.filter(_kind == Kind.NO).join(asked_above, on=["term", "concept"], how="semi").join(present, on=_KEY, how="anti")
    )
    said.add(doubtful, *_doubts())
    said.there(doubtful.filter(~_certain | _undated | (_first != _last)))


def _recovered(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], open_: Open, _ages: Ages) -> None:
    concepts, ids = open_.terms.concepts, open_.terms.classes.numbering.ids
    whole = [number for number, name in enumerate(ids) if concepts.descendants(name)]
    begun = told.filter(_kind.is_in([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]))
    begun = begun.with_columns(toxicity=pl.when(_concept.is_in(whole)).then("record").otherwise(-1))
    by = [*_KEY, "concept", "toxicity"]
    found = _candidates(begun, by)
    grades = {place: float(leaf.arguments[1]) for place, leaf in terms.items()}
    grade = found["term"].replace_strict(grades, return_dtype=pl.Float64, default=0.0).to_numpy()
    low, high = (found[name].fill_null(np.nan).to_numpy() for name in ("low", "high"))
    strict = found["strict"].to_numpy()
    within, beyond = _compared("<=", low, high, strict, grade)
    found = found.with_columns(pl.Series("within", within), pl.Series("beyond", beyond))
    number = _kind == Kind.NUMBER
    resolved = _ended & (_over_last <= _day)
    goes_on = (_over_first == NEVER) | (_ended & (_over_first > _day))
    fine = resolved | (number & pl.col("within"))
    above = ~fine & number & pl.col("beyond") & goes_on
    found = found.with_columns(fine=fine, above=above).with_columns(
        all_fine=pl.col("fine").all().over(by), all_above=(pl.col("above").all() & pl.col("is_sure").all()).over(by)
    )
    left = found.filter(~pl.col("all_fine") & ~pl.col("all_above"))
    unclear = ~pl.col("fine") & ~pl.col("above")
    said.add(
        left,
        ("grade_missing", unclear & (_kind == Kind.NONE), _concept),
        *_unusable(unclear & (_kind == Kind.UNUSABLE)),
        ("toxicity_end_missing", unclear & number & ~_ended, _concept),
        ("toxicity_end_partial", unclear & number & _ended, _concept),
        *_doubts(),
    )
    _superseded(said, found.filter("all_above").select(by).unique(), begun, terms, open_)


def _superseded(said: Said, above: pl.DataFrame, begun: pl.DataFrame, terms: dict[int, Leaf], open_: Open) -> None:
    """The toxicities above the grade of which a later record may be of the same toxicity."""
    concepts = open_.terms.concepts

    def overlapping(_asked: str, one: str, _certain: bool) -> set[str]:
        own = concepts.descendants(one) | {one}
        return {name for name in concepts if not own.isdisjoint(concepts.descendants(name) | {name})}

    by = [*_KEY, "concept", "toxicity"]
    tops = begun.join(above, on=by, how="semi").group_by(by).agg(_moment(_first).max().alias("top"))
    others = begun.select(
        "row", "term", pl.col("concept").alias("other"), pl.col("toxicity").alias("of"), _moment(_last).alias("later")
    )
    met = tops.join(_pairs(open_, terms, overlapping), on=["term", "concept"]).join(others, on=["row", "term", "other"])
    another = (pl.col("other") != _concept) | (pl.col("of") != pl.col("toxicity"))
    said.add(met, ("toxicity_may_be_superseded", another & (pl.col("later") > pl.col("top")), _concept))


# --- order and ages ---------------------------------------------------------------------------------------------------------


def _ordered(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], open_: Open, _ages: Ages) -> None:
    concepts, ids = open_.terms.concepts, open_.terms.classes.numbering.ids
    by_yes = [
        number for number, name in enumerate(ids) if concepts[name].kind in (ConceptKind.ATTESTATION, ConceptKind.CONDITION)
    ]
    seconds = {place: open_.terms.number(leaf.arguments[1]) for place, leaf in terms.items()}
    told = told.with_columns(
        second_asked=pl.col("term").replace_strict(seconds, return_dtype=pl.Int32, default=0),
        answered=~_concept.is_in(by_yes) | (_kind == Kind.YES),
    )
    others = told.filter("second")
    firsts = told.filter(~pl.col("second"))
    events = firsts.filter(_kind != Kind.NO)
    refused = firsts.filter(_kind == Kind.NO).join(events, on=_KEY, how="anti")
    said.add(refused, ("attested_no", pl.lit(value=True), _concept))
    said.there(firsts)
    sure = pl.col("answered") & _certain & (_last <= _day)
    events = events.with_columns(is_sure=sure.any().over(_KEY), several=pl.len().over(_KEY) > 1)
    has_other = others.select(_KEY).unique().with_columns(pl.lit(value=True).alias("has_other"))
    events = events.join(has_other, on=_KEY, how="left").with_columns(pl.col("has_other").fill_null(value=False))
    # Where the second is not on record, a doubt about the first counts only while none is sure.
    counts = (~pl.col("is_sure") | pl.col("several")) & (pl.col("has_other") | ~pl.col("is_sure"))
    first_doubts = (("value_missing", counts & ~pl.col("answered"), _concept), *_doubts(counts))
    said.add(events, *first_doubts)
    second_doubts = _doubts(pl.lit(value=True), pl.col("second_asked"))
    both = pl.concat(
        [events.filter("has_other").select(told.columns), others.join(events, on=_KEY, how="semi").select(told.columns)]
    )
    said.add(both, *second_doubts)
    any_doubt = ~_certain | _undated | (_first != _last)
    doubtful = pl.concat([
        events.filter(counts & (any_doubt | ~pl.col("answered"))).select(_KEY), both.filter(any_doubt).select(_KEY)
    ]).unique()  # fmt: skip
    said.add(events.filter("has_other").join(doubtful, on=_KEY, how="anti"), ("order_unknown", pl.lit(value=True), _asked))
    absent = events.filter(pl.col("is_sure") & ~pl.col("has_other")).select(_KEY).unique()
    for (place,), rows in absent.partition_by("term", as_dict=True, include_key=False).items():
        said.second_absent[place] = np.sort(rows["row"].to_numpy().astype(np.intp))


def _age(said: Said, place: int, leaf: Leaf, open_: Open, ages: Ages) -> None:
    rows = np.flatnonzero(open_.flags[place])
    days = np.full(rows.size, leaf.day, np.int64)
    _case(said, place, rows, days, days, NO_CONCEPT, open_, ages)


def _age_at(said: Said, told: pl.DataFrame, place: int, leaf: Leaf, open_: Open, ages: Ages) -> None:
    before = leaf.arguments[1] if len(leaf.arguments) > 1 else Length()
    found = _candidates(told)
    said.add(found, *_doubts())
    sure = found.filter("is_sure")
    said.there(sure)
    none = open_.flags[place].copy()
    none[sure["row"].to_numpy()] = False
    rest = np.flatnonzero(none)
    rows = np.concatenate([found["row"].to_numpy().astype(np.intp), rest])
    first = np.concatenate([found["first"].to_numpy().astype(np.int64), np.full(rest.size, -(10**8), np.int64)])
    last = np.concatenate([
        np.minimum(found["last"].to_numpy(), leaf.day).astype(np.int64), np.full(rest.size, leaf.day, np.int64)
    ])  # fmt: skip
    _case(said, place, rows, _back(before, first), _back(before, last), open_.terms.number(leaf.arguments[0]), open_, ages)


def _back(before: Length, days: _Days) -> _Days:
    """Days moved back by a length: each different day once, since months are of different lengths."""
    distinct, places = np.unique(days, return_inverse=True)
    moved = np.array([before.before(int(day)) for day in distinct], np.int64)
    return moved[places] if distinct.size else days


def _case(said: Said, place: int, rows: Rows, first: _Days, last: _Days, concept: int, open_: Open, ages: Ages) -> None:
    """The ages possible between two days, from birth on, or why there is none."""
    known, born = ages.known[rows], last >= ages.birth_last[rows]
    told = pl.DataFrame({"row": pl.Series(rows, dtype=pl.Int32), "known": known, "born": born}).with_columns(
        pl.lit(place, pl.Int32).alias("term")
    )
    birth = pl.lit(open_.terms.number(BIRTH_DATE), pl.Int32)
    said.add(
        told,
        ("birth_date_missing", ~pl.col("known"), birth),
        ("not_born", pl.col("known") & ~pl.col("born"), pl.lit(NO_CONCEPT, pl.Int32)),
    )
    some = known & born
    rows, first, last = rows[some], np.maximum(first[some], ages.birth_first[rows[some]]), last[some]
    days = _is_day(first) & _is_day(last)
    low = np.where(days, np.maximum(completed_years(ages.birth_last[rows], first), 0), 0)
    high = np.where(days, completed_years(ages.birth_first[rows], last), _OLDEST)
    said.cases[place] = Cases(
        rows, np.full(rows.size, concept, np.int32), low.astype(np.float64), high.astype(np.float64),
        np.zeros(rows.size, np.int8), np.ones(rows.size),
    )  # fmt: skip


def _is_day(days: _Days) -> Flags:
    found: Flags = (days >= 1) & (days <= 3652059)
    return found


def completed_years(birth: _Days, day: _Days) -> _Days:
    """This will return ages in completed years, negative before birth, of ordinals that are days of the calendar; of others, anything.

    Born on 29 February: the birthday of a common year is 28 February.
    """
    born, on = (np.clip(one, 1, 3652059) for one in (birth, day))
    (year, month, of_month), (year_on, month_on, of_month_on) = _written(born), _written(on)
    common = ~((year_on % 4 == 0) & ((year_on % 100 != 0) | (year_on % 400 == 0)))
    of_month = np.where((month == 2) & (of_month == 29) & common, 28, of_month)
    early = (month_on < month) | ((month_on == month) & (of_month_on < of_month))
    found: _Days = year_on - year - early
    return found


def _written(days: _Days) -> tuple[_Days, _Days, _Days]:
    """Year, month and day of the month of ordinals."""
    dates = (days - _EPOCH).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    since = months.astype(np.int64)
    return since // 12 + 1970, since % 12 + 1, (dates - months).astype(np.int64) + 1


# --- limits -----------------------------------------------------------------------------------------------------------------

_FAMILY = {"Latest": "result", "TimesULN": "times_uln", "AgeInYears": "age", "AgeInYearsAt": "age_at"}


def cases_undecided(leaf: Leaf, cases: Cases) -> Iterator[tuple[str, int, Rows]]:
    """This will yield kind, concept and rows of the numbers that lie on both sides of a leaf's limit."""
    assert leaf.operator is not None
    assert leaf.limit is not None
    true, false = _compared(leaf.operator, cases.low, cases.high, cases.strict, float(leaf.limit) * cases.scale)
    either = ~true & ~false
    for concept in np.unique(cases.concepts[either]):
        yield f"{_FAMILY[leaf.function]}_undecided", int(concept), np.unique(cases.rows[either & (cases.concepts == concept)])


def _compared(
    operator: str,
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    strict: npt.NDArray[np.int8],
    limit: npt.NDArray[np.float64],
) -> tuple[Flags, Flags]:
    """Whether numbers between `low` and `high` (NaN: unbounded) compare so with a limit whatever they are, and whether they never do.

    The same as `pieces.outcome`, which engines run.
    """
    at_low, at_high = np.abs(low - limit) <= CLOSE * np.abs(limit), np.abs(high - limit) <= CLOSE * np.abs(limit)
    low_strict, high_strict = (strict & 1) != 0, (strict & 2) != 0
    above = ((low > limit) & ~at_low) | (at_low & low_strict)
    below = ((high < limit) & ~at_high) | (at_high & high_strict)
    at_least, at_most = above | at_low, below | at_high
    equal, different = at_low & at_high & ~low_strict & ~high_strict, above | below
    return {
        ">=": (at_least, below), ">": (above, at_most), "<=": (at_most, above), "<": (below, at_least),
        "=": (equal, different), "!=": (different, equal),
    }[operator]  # fmt: skip
