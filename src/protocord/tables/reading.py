"""Read a table from CSV, Parquet or a frame: every cell as its column's kind, or every problem by row and column.

Cells are read as text and converted here, so that a number with a decimal comma, a date in another order or a stray word is named
with its row and column, instead of turning the whole column into text or into empty cells. A column that comes typed, from Parquet or
a frame, and in which nothing is wrong, is taken as it is: its text would read as the same values.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from protocord.errors import Place, Problem, ProblemsFound
from protocord.tables.columns import ROW, Column, Kind, Table

_TYPES: dict[Kind, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "choice": pl.String,
    "number": pl.Float64,
    "integer": pl.Int64,
    "date": pl.Date,
    "datetime": pl.Datetime("us"),
    "yes_no": pl.Boolean,
}
_REMEDIES: dict[Kind, str] = {
    "number": "Write it with a decimal point and without a unit, such as 1.25.",
    "integer": "Write a whole number, such as 12.",
    "date": "Write it as 2025-06-30.",
    "datetime": "Write it as 2025-06-30T09:15.",
    "yes_no": "Write yes or no.",
}
_YES, _NO = ("yes", "y", "true", "1", "是"), ("no", "n", "false", "0", "否")
_SHOWN_OF_A_KIND = 20  # problems shown of one column; the rest are counted


class TableProblems(ProblemsFound):
    """A table cannot be used as it stands."""

    exit_code = 4


def problem(file: str, row: int | None, column: str, what: str, remedy: str = "") -> Problem:
    """This will return the problem of one cell, or with `row` None of a whole column; rows count from 1, below the header."""
    item = ", ".join(part for part in (f"row {row}" if row else "", f"column {column}" if column else "") if part)
    return Problem(Place(file, 0, item), what, remedy)


def read(table: Table, source: Path | str | pl.DataFrame, *, file: str = "") -> pl.DataFrame:
    """This will return `source` with the table's columns, each of its kind, and a column `row` (integers from 1).

    `source` is the path of a CSV (.csv), tab-separated (.tsv) or Parquet (.parquet) file, or a frame; `file` names it in
    problems. Columns that the table allows to be left out come back empty; columns that an open table does not name follow, as
    text. Number columns are Float64 without NaN or infinity, times are naive. Raises TableProblems with all problems found.
    """
    name = file or (table.name if isinstance(source, pl.DataFrame) else Path(source).name)
    frame = source if isinstance(source, pl.DataFrame) else _from_file(Path(source), name)
    problems = list(_columns_wrong(table, frame, name))
    present = [column for column in table.columns if column.name in frame.columns]
    extra = [name for name in frame.columns if name not in table.names and name != ROW] if table.open else []
    made = pl.DataFrame({ROW: pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True)})
    for column in present:
        converted = frame[column.name]
        if not _sound(column, converted):
            text = _as_text(converted)
            converted = _converted(column, text)
            problems.extend(_cells_wrong(column, text, converted, name))
        made = made.with_columns(converted.alias(column.name))
    if not problems:
        problems.extend(_keys_wrong(table, made, name))
    if problems:
        raise TableProblems(problems)
    for column in table.columns:
        if column.name not in made.columns:
            made = made.with_columns(pl.lit(None, dtype=_TYPES[column.kind]).alias(column.name))
    return made.select(ROW, *table.names).hstack([_as_text(frame[name]) for name in extra])


def _from_file(path: Path, name: str) -> pl.DataFrame:
    if not path.is_file():
        raise TableProblems([Problem(Place(name), "There is no such file.", "Check the path.")])
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix in {".csv", ".tsv"}:
            # A spreadsheet's UTF-8 begins with a mark that would become part of the first column's name.
            text = path.read_bytes().decode("utf-8-sig")
            return pl.read_csv(text.encode(), separator="\t" if path.suffix == ".tsv" else ",", infer_schema=False)
    except UnicodeDecodeError:
        raise TableProblems([Problem(Place(name), "The file is not UTF-8.", "Save it as CSV UTF-8.")]) from None
    except (PolarsError, OSError) as error:
        said = str(error).splitlines()[0]
        remedy = "Give the header and every row the same number of cells, separated by commas."
        raise TableProblems([Problem(Place(name), f"The file cannot be read as a table: {said}.", remedy)]) from None
    raise TableProblems(
        [Problem(Place(name), f"{path.suffix or 'No ending'} is no known table.", "Give .csv, .tsv or .parquet.")]
    )


def _columns_wrong(table: Table, frame: pl.DataFrame, file: str) -> Iterator[Problem]:
    unknown = [name for name in frame.columns if name not in table.names and name != ROW]
    for column in table.columns:
        if column.required and column.name not in frame.columns:
            alike = get_close_matches(column.name, unknown, n=1)
            hint = f"Is it the column {alike[0]!r}?" if alike else f"It holds: {column.about}"
            yield problem(file, None, column.name, "is missing.", hint)
    for name in () if table.open else unknown:
        alike = get_close_matches(name, table.names, n=1)
        hint = f"Did you mean {alike[0]!r}?" if alike else f"Its columns: {', '.join(table.names)}."
        yield problem(file, None, name, f"is not a column of the table {table.name!r}.", hint)


def _sound(column: Column, series: pl.Series) -> bool:
    """This will return whether a column has its kind already, and nothing in it that its text would change or its rules refuse."""
    if column.kind in {"text", "choice"} or series.dtype != _TYPES[column.kind]:
        return False
    if column.required and not column.empty and series.null_count():
        return False
    if column.kind == "number" and not series.is_finite().all():
        return False
    if isinstance(series.dtype, pl.Date | pl.Datetime) and not series.dt.year().is_between(1000, 9999).all():
        return False
    low = column.low is None or not (series < column.low).any()
    return low and (column.high is None or not (series > column.high).any())


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype == pl.Boolean:
        text = series.replace_strict({True: "yes", False: "no"}, default=None, return_dtype=pl.String)
    elif isinstance(series.dtype, pl.Datetime):
        text = series.dt.to_string("iso:strict")
    else:
        text = series.cast(pl.String)
    stripped = text.str.strip_chars()
    return stripped.set(stripped == "", None)


def _converted(column: Column, text: pl.Series) -> pl.Series:
    """This will convert a column's texts; what cannot be converted becomes null, which the caller compares with the text."""
    kind = column.kind
    if kind == "yes_no":
        lower = text.str.to_lowercase()
        answers = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
        return lower.replace_strict(answers, default=None, return_dtype=pl.Boolean)
    if kind == "number":
        number = text.cast(pl.Float64, strict=False)
        return number.set(~number.is_finite(), None)
    if kind == "integer":
        return text.str.strip_suffix(".0").cast(pl.Int64, strict=False)
    if kind == "date":
        plain = text.str.strip_suffix("T00:00:00.000000").str.strip_suffix(" 00:00:00")
        whole = plain.set(~plain.str.contains(r"^\d{4}-\d{2}-\d{2}$"), None)
        return whole.str.to_date("%Y-%m-%d", strict=False)
    if kind == "datetime":
        plain = text.str.replace("T", " ", literal=True)
        seconds = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
        minutes = plain.str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us")
        return seconds.zip_with(seconds.is_not_null(), minutes)
    return text


def _cells_wrong(column: Column, text: pl.Series, value: pl.Series, file: str) -> Iterator[Problem]:
    found: list[tuple[int, str, str]] = []
    if not column.empty and column.required:
        found += [(row, "is empty.", f"It holds: {column.about}") for row in text.is_null().arg_true().to_list()]
    unread = text.is_not_null() & value.is_null()
    named = {"number": "a number", "integer": "a whole number", "date": "a day", "datetime": "a time", "yes_no": "yes or no"}
    if column.kind in named:
        what = named[column.kind]
        found += [(row, f"{text[row]!r} is not {what}.", _REMEDIES[column.kind]) for row in unread.arg_true().to_list()]
    if column.kind == "choice":
        for row in (text.is_not_null() & ~text.is_in(list(column.choices))).arg_true().to_list():
            alike = get_close_matches(text[row], column.choices, n=1)
            hint = f"Did you mean {alike[0]!r}?" if alike else f"Write one of: {', '.join(column.choices)}."
            found.append((row, f"{text[row]!r} is not one of the choices.", hint))
    if column.low is not None:
        low = (value < column.low).fill_null(value=False)
        found += [(row, f"{text[row]} is below {column.low:g}.", _limit(column)) for row in low.arg_true().to_list()]
    if column.high is not None:
        high = (value > column.high).fill_null(value=False)
        found += [(row, f"{text[row]} is above {column.high:g}.", _limit(column)) for row in high.arg_true().to_list()]
    found.sort()
    for row, what, remedy in found[:_SHOWN_OF_A_KIND]:
        yield problem(file, row + 1, column.name, what, remedy)
    if len(found) > _SHOWN_OF_A_KIND:
        yield problem(file, None, column.name, f"has {len(found) - _SHOWN_OF_A_KIND} more problems.", "Mend those above first.")


def _limit(column: Column) -> str:
    low = f"from {column.low:g}" if column.low is not None else ""
    high = f"to {column.high:g}" if column.high is not None else ""
    unit = column.unit if column.unit not in {"", "1"} else ""
    return " ".join(part for part in ("Allowed:", low, high, unit) if part) + "."


def _keys_wrong(table: Table, frame: pl.DataFrame, file: str) -> Iterator[Problem]:
    if not table.key:
        return
    keys = [name for name in table.key if name in frame.columns]
    if not frame.select(keys).is_duplicated().any():
        return
    first: dict[tuple[object, ...], int] = {}
    for row, *key in frame.select(ROW, *keys).iter_rows():
        earlier = first.setdefault(tuple(key), row)
        if earlier != row:
            said = ", ".join(f"{name} {value}" for name, value in zip(keys, key, strict=True))
            yield problem(file, row, "", f"repeats row {earlier} ({said}).", "Keep one of the two.")
