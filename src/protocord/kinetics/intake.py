"""Take in the two tables of kinetics: cell by cell, then row against row, and put all times on one scale a subject.

Day 0 of a subject is the start of the first infusion that was given. Every problem found is raised together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from protocord.kinetics.assay import Conversion, from_copies, from_percent, wrong_result
from protocord.kinetics.columns import CONCENTRATIONS, DOSES
from protocord.tables import TableProblems, fingerprint, problem, read

if TYPE_CHECKING:
    from protocord.errors import Problem
    from protocord.protocol.document.kinetics import Analyte

CELLS = "{cells}/uL"
"""Unit of the converted results, in UCUM."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The tables as they were taken in.

    `doses` has subject, infusion, start (days), duration (days), dose, dose_unit, donor, lot, dose_level; sorted by subject and start.
    `samples` has every row of the table with `time` in days, `censoring`, the limits filled from the analyte, and `use`: `yes`,
    `missing` or `excluded`; sorted by subject, analyte, donor and time. `inputs` is the fingerprint of both.
    """

    doses: pl.DataFrame
    samples: pl.DataFrame
    inputs: str

    def usable(self) -> pl.DataFrame:
        """This will return the samples that take part in the analysis."""
        return self.samples.filter(pl.col("use") == "yes")


def take(
    concentrations: Path | pl.DataFrame,
    doses: Path | pl.DataFrame,
    analytes: Mapping[str, Analyte],
    *,
    dose_unit: str = "",
    cells: bool = False,
) -> Taken:
    """This will read both tables and return them on one time scale a subject.

    `analytes` are those of kinetics.yaml by id; `dose_unit` stands where the table leaves it out. With `cells`, results in % of a
    population or copies/ug DNA become cells/uL sample by sample, limits too. Raises TableProblems with all problems found.
    """
    found: list[Problem] = []
    tables: list[pl.DataFrame] = []
    names: list[str] = []
    for table, source in ((DOSES, doses), (CONCENTRATIONS, concentrations)):
        names.append(table.name if isinstance(source, pl.DataFrame) else Path(source).name)
        try:
            tables.append(read(table, source))
        except TableProblems as problems:
            found += problems.problems
    if found:
        raise TableProblems(found)
    given, results = tables
    inputs = fingerprint(given, results)
    results = _with_limits(results, analytes)
    found += _dose_problems(given, names[0])
    found += _clock_problems(given, results, names)
    found += _result_problems(results, analytes, names[1])
    if not found:
        found += _match_problems(given, results, analytes, names[1])
    if found:
        raise TableProblems(found)
    made = _doses_in_days(given, dose_unit)
    samples = _samples_in_days(results, given, made)
    found += _repeats(samples, names[1])
    if cells:
        samples, unconverted = _in_cells(samples, names[1])
        found += unconverted
    if found:
        raise TableProblems(found)
    return Taken(made, samples, inputs)


def _with_limits(results: pl.DataFrame, analytes: Mapping[str, Analyte]) -> pl.DataFrame:
    def of(name: str) -> dict[str, float | None]:
        limits = {key: getattr(analyte, name) for key, analyte in analytes.items()}
        return {key: None if limit is None else float(limit) for key, limit in limits.items()}

    units = {key: analyte.unit for key, analyte in analytes.items()}
    by_analyte = pl.col("analyte")
    # The study's limits are in the analyte's own unit: a sample reported in another brings its own.
    own_unit = pl.col("unit").is_null() | (
        pl.col("unit") == by_analyte.replace_strict(units, default=None, return_dtype=pl.String)
    )
    filled = [
        pl.coalesce(
            pl.col(name),
            pl.when(own_unit).then(by_analyte.replace_strict(of(name), default=None, return_dtype=pl.Float64)),
        ).alias(name)
        for name in ("lloq", "lod", "uloq")
    ]
    return results.with_columns(
        *filled,
        pl.coalesce("unit", by_analyte.replace_strict(units, default=None, return_dtype=pl.String)).alias("unit"),
        pl.col("censoring").fill_null("none"),
        pl.col("donor").fill_null(""),
        pl.col("lot").fill_null(""),
    )


def _dose_problems(given: pl.DataFrame, file: str) -> Iterator[Problem]:
    for row in given.iter_rows(named=True):
        clock, number = row["started"] is not None, row["start"] is not None
        if clock == number:
            what = "has both a clock time and a number of days." if clock else "says not when it started."
            yield problem(file, row["row"], "started", what, "Give `started` (2025-06-30T09:15) or `start` (days).")
        if (row["ended"] is not None) == (row["duration"] is not None):
            what = "has both `ended` and `duration`." if row["ended"] is not None else "says not when it ended."
            yield problem(file, row["row"], "duration", what, "Give `ended` or `duration` in hours; 0 is a bolus.")
        if clock and row["ended"] is not None and row["ended"] < row["started"]:
            yield problem(file, row["row"], "ended", "lies before the start.", "Mend one of the two times.")
        if row["ended"] is not None and not clock:
            yield problem(file, row["row"], "ended", "is a clock time beside a start in days.", "Give `duration` in hours.")
    for (subject,), rows in given.group_by("subject", maintain_order=True):
        for name in ("started", "start"):
            times = rows.sort("infusion")[name].drop_nulls()
            if not times.is_sorted() or times.n_unique() < len(times):
                what = f"the infusions of {subject} are not in the order of their numbers."
                yield problem(file, rows["row"][0], name, what, "Number them as they were given, one a time.")


def _clock_problems(given: pl.DataFrame, results: pl.DataFrame, names: list[str]) -> Iterator[Problem]:
    clocks = given["started"].is_not_null().any()
    numbers = given["start"].is_not_null().any()
    for row in results.iter_rows(named=True):
        clock, number = row["taken"] is not None, row["time"] is not None
        if clock and number:
            yield problem(names[1], row["row"], "taken", "has both a clock time and days.", "Give one of the two.")
        elif not clock and not number and row["reason_missing"] is None:
            yield problem(names[1], row["row"], "taken", "says not when it was taken.", "Give `taken`, or `time` in days.")
        elif clock != number and ((clock and not clocks) or (number and not numbers)):
            other = "clock times" if clock else "days"
            yield problem(names[1], row["row"], "taken", f"is in {other}, the doses are not.", "Use one way in both tables.")


def _result_problems(results: pl.DataFrame, analytes: Mapping[str, Analyte], file: str) -> Iterator[Problem]:
    for row in results.iter_rows(named=True):
        analyte = analytes.get(row["analyte"])
        if analyte is None:
            alike = get_close_matches(row["analyte"], analytes, n=1)
            hint = f"Did you mean {alike[0]!r}?" if alike else f"The study measures: {', '.join(analytes)}."
            yield problem(file, row["row"], "analyte", f"{row['analyte']!r} is none of the study's analytes.", hint)
            continue
        wrong = wrong_result(
            row["value"], row["censoring"], row["lloq"], row["lod"], row["uloq"], row["reason_missing"] or ""
        )  # fmt: skip
        if wrong:
            yield problem(file, row["row"], "value", *wrong)
        if analyte.by_donor and not row["donor"]:
            remedy = "Say whose cells were looked for: their kinetics are kept apart."
            yield problem(file, row["row"], "donor", f"is empty; {row['analyte']} is kept by donor.", remedy)


def _match_problems(
    given: pl.DataFrame, results: pl.DataFrame, analytes: Mapping[str, Analyte], file: str
) -> Iterator[Problem]:  # fmt: skip
    subjects = set(given["subject"])
    donors = {(subject, donor) for subject, donor in given.select("subject", "donor").iter_rows() if donor}
    infusions = set(given.select("subject", "infusion").iter_rows())
    for row in results.iter_rows(named=True):
        if row["subject"] not in subjects:
            yield problem(file, row["row"], "subject", f"{row['subject']} has no infusion in the doses.", "Add the doses.")
            continue
        if analytes[row["analyte"]].by_donor and (row["subject"], row["donor"]) not in donors:
            known = ", ".join(sorted(donor for subject, donor in donors if subject == row["subject"])) or "none"
            what = f"{row['subject']} was given no cells of the donor {row['donor']}."
            yield problem(file, row["row"], "donor", what, f"Donors of the doses: {known}.")
        if row["infusion"] is not None and (row["subject"], row["infusion"]) not in infusions:
            what = f"{row['subject']} has no infusion {row['infusion']} in the doses."
            yield problem(file, row["row"], "infusion", what, "Add it, or leave the cell empty.")


def _days(name: str, origin: str) -> pl.Expr:
    return (pl.col(name) - pl.col(origin)).dt.total_microseconds() / 86_400_000_000


def _doses_in_days(given: pl.DataFrame, dose_unit: str) -> pl.DataFrame:
    origin = given.group_by("subject").agg(pl.col("started").min().alias("origin"), pl.col("start").min().alias("origin_days"))
    in_hours = pl.col("duration") / 24
    return (
        given.join(origin, on="subject")
        .with_columns(
            pl.coalesce(_days("started", "origin"), pl.col("start") - pl.col("origin_days")).alias("start"),
            pl.coalesce(in_hours, _days("ended", "started")).alias("duration"),
            pl.col("dose_unit").fill_null(dose_unit),
            pl.col("donor").fill_null(""),
            pl.col("lot").fill_null(""),
            pl.col("dose_level").fill_null(""),
        )
        .select("subject", "infusion", "start", "duration", "dose", "dose_unit", "donor", "lot", "dose_level")
        .sort("subject", "start")
    )


def _samples_in_days(results: pl.DataFrame, given: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    origin = given.group_by("subject").agg(pl.col("started").min().alias("origin"), pl.col("start").min().alias("origin_days"))
    level = made.group_by("subject").agg(pl.col("dose_level").first())
    missing = (pl.col("censoring") == "none") & pl.col("value").is_null()
    use = pl.when(pl.col("excluded").is_not_null()).then(pl.lit("excluded")).when(missing).then(pl.lit("missing"))
    return (
        results.join(origin, on="subject", how="left")
        .join(level, on="subject", how="left")
        .with_columns(
            pl.coalesce(_days("taken", "origin"), pl.col("time") - pl.col("origin_days")).alias("time"),
            use.otherwise(pl.lit("yes")).alias("use"),
        )
        .drop("origin", "origin_days", "taken")
        .sort("subject", "analyte", "donor", "time", maintain_order=True)
    )


def _repeats(samples: pl.DataFrame, file: str) -> Iterator[Problem]:
    key = ["subject", "analyte", "donor", "time"]
    used = samples.filter(pl.col("use") == "yes")
    for row in used.filter(used.select(pl.struct(key).is_duplicated()).to_series()).iter_rows(named=True):
        said = f"{row['subject']} has two results of {row['analyte']} at the same time."
        yield problem(file, row["row"], "taken", said, "Keep one, or say in `excluded` why the other is left out.")


def conversions(samples: pl.DataFrame) -> list[tuple[float | None, Conversion | None]]:
    """This will return, row by row, the factor to cells/uL (None where numbers are missing) and its `Conversion`."""
    found: list[tuple[float | None, Conversion | None]] = []
    for row in samples.iter_rows(named=True):
        made = None
        if row["unit"] == "%" and row["population_count"]:
            made = from_percent(row["population_count"])
        elif row["unit"] in {"{copies}/ug", "copies/ug"} and row["copies_per_cell"] and row["nucleated_cells"]:
            made = from_copies(row["copies_per_cell"], row["nucleated_cells"])
        elif row["unit"] in {CELLS, "/uL", "cells/uL"}:
            found.append((1.0, None))
            continue
        found.append((made.factor if made else None, made))
    return found


def _in_cells(samples: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[Problem]]:
    made = conversions(samples)
    factors = pl.Series("factor", [factor for factor, _ in made], dtype=pl.Float64)
    problems = []
    for row, factor in zip(samples.iter_rows(named=True), factors, strict=True):
        if factor is None and row["use"] == "yes":
            percent = row["unit"] == "%"
            column = "population_count" if percent else "nucleated_cells"
            what = f"is needed to turn {row['unit']} into cells/uL."
            remedy = "Give the count of the population." if percent else "Give it, and `copies_per_cell`."
            problems.append(problem(file, row["row"], column, what, remedy))
    kinds = {"copies_per_ug": "copies", "percent_of_population": "percent"}
    said = pl.Series("conversion", [None if one is None else kinds[one.kind] for _, one in made], dtype=pl.String)
    scaled = samples.with_columns(
        *(pl.col(name) * factors for name in ("value", "lloq", "lod", "uloq")), pl.lit(CELLS).alias("unit"), factors, said
    )
    return scaled, problems
