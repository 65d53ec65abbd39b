"""From the facts behind an open question to the kinds of reasons: function by function what the row evaluator says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from operator import and_
from typing import Any

import numpy as np
import polars as pl

from protocord.cohort.kinds import Kind, Status, Why
from protocord.cohort.plan.program import Leaf
from protocord.cohort.plan.reason_cases import (
    KEY,
    NO_CONCEPT,
    Ages,
    Cases,
    Said,
    ages_between,
    compared,
    completed_years,
    is_day,
    moment,
    moved_back,
)
from protocord.cohort.plan.reason_facts import Open
from protocord.concepts import ConceptKind
from protocord.criteria.functions.results import ADULT
from protocord.criteria.lengths import NEVER, Length

_certain, _undated, _ended, _kind, _concept, _asked = (
    pl.col(name) for name in ("certain", "undated", "ended", "kind", "concept", "asked")
)
_first, _last, _over_first, _over_last, _day = (pl.col(name) for name in ("first", "last", "over_first", "over_last", "day"))


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


def _candidates(told: pl.DataFrame, by: Iterable[str] = KEY) -> pl.DataFrame:
    """The facts that could be the latest, with whether one surely is there (`is_sure`), and how many could be (`several`)."""
    sure = _certain & (_first >= pl.col("opens")) & (_last <= _day)
    by = list(by)
    moments = told.with_columns(sure=sure, low_moment=moment(_first), high_moment=moment(pl.min_horizontal(_last, _day)))
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
    known = ages.known[rows] & is_day(first) & is_day(last)
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
        "row", "term", pl.col("concept").alias("other"), moment(_first).alias("denied")
    )
    denied = (
        denials.join(_pairs(open_, terms, above), on=["term", "other"])
        .group_by("row", "term", "concept")
        .agg(pl.col("denied").max())
    )
    present = told.filter((_kind != Kind.NO) & ~(_ended & (_over_last <= _day)))
    present = present.join(denied, on=["row", "term", "concept"], how="left")
    present = present.filter(~(pl.col("denied") > moment(_last)).fill_null(value=False))
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
        told.filter(_kind == Kind.NO).join(asked_above, on=["term", "concept"], how="semi").join(present, on=KEY, how="anti")
    )
    said.add(doubtful, *_doubts())
    said.there(doubtful.filter(~_certain | _undated | (_first != _last)))


def _recovered(said: Said, told: pl.DataFrame, terms: dict[int, Leaf], open_: Open, _ages: Ages) -> None:
    concepts, ids = open_.terms.concepts, open_.terms.classes.numbering.ids
    whole = [number for number, name in enumerate(ids) if concepts.descendants(name)]
    begun = told.filter(_kind.is_in([Kind.NONE, Kind.NUMBER, Kind.UNUSABLE]))
    begun = begun.with_columns(toxicity=pl.when(_concept.is_in(whole)).then("record").otherwise(-1))
    by = [*KEY, "concept", "toxicity"]
    found = _candidates(begun, by)
    grades = {place: float(leaf.arguments[1]) for place, leaf in terms.items()}
    grade = found["term"].replace_strict(grades, return_dtype=pl.Float64, default=0.0).to_numpy()
    low, high = (found[name].fill_null(np.nan).to_numpy() for name in ("low", "high"))
    strict = found["strict"].to_numpy()
    within, beyond = compared("<=", low, high, strict, grade)
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

    by = [*KEY, "concept", "toxicity"]
    tops = begun.join(above, on=by, how="semi").group_by(by).agg(moment(_first).max().alias("top"))
    others = begun.select(
        "row", "term", pl.col("concept").alias("other"), pl.col("toxicity").alias("of"), moment(_last).alias("later")
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
    refused = firsts.filter(_kind == Kind.NO).join(events, on=KEY, how="anti")
    said.add(refused, ("attested_no", pl.lit(value=True), _concept))
    said.there(firsts)
    sure = pl.col("answered") & _certain & (_last <= _day)
    events = events.with_columns(is_sure=sure.any().over(KEY), several=pl.len().over(KEY) > 1)
    has_other = others.select(KEY).unique().with_columns(pl.lit(value=True).alias("has_other"))
    events = events.join(has_other, on=KEY, how="left").with_columns(pl.col("has_other").fill_null(value=False))
    # Where the second is not on record, a doubt about the first counts only while none is sure.
    counts = (~pl.col("is_sure") | pl.col("several")) & (pl.col("has_other") | ~pl.col("is_sure"))
    first_doubts = (("value_missing", counts & ~pl.col("answered"), _concept), *_doubts(counts))
    said.add(events, *first_doubts)
    second_doubts = _doubts(pl.lit(value=True), pl.col("second_asked"))
    both = pl.concat(
        [events.filter("has_other").select(told.columns), others.join(events, on=KEY, how="semi").select(told.columns)]
    )
    said.add(both, *second_doubts)
    any_doubt = ~_certain | _undated | (_first != _last)
    doubtful = pl.concat([
        events.filter(counts & (any_doubt | ~pl.col("answered"))).select(KEY), both.filter(any_doubt).select(KEY)
    ]).unique()  # fmt: skip
    said.add(events.filter("has_other").join(doubtful, on=KEY, how="anti"), ("order_unknown", pl.lit(value=True), _asked))
    absent = events.filter(pl.col("is_sure") & ~pl.col("has_other")).select(KEY).unique()
    for (place,), rows in absent.partition_by("term", as_dict=True, include_key=False).items():
        said.second_absent[place] = np.sort(rows["row"].to_numpy().astype(np.intp))


def _age(said: Said, place: int, leaf: Leaf, open_: Open, ages: Ages) -> None:
    rows = np.flatnonzero(open_.flags[place])
    days = np.full(rows.size, leaf.day, np.int64)
    ages_between(said, place, rows, days, days, NO_CONCEPT, open_, ages)


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
    ages_between(
        said, place, rows, moved_back(before, first), moved_back(before, last), open_.terms.number(leaf.arguments[0]), open_, ages
    )
