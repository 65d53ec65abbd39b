"""Plain tables are read whole, or refused with every problem by row and column."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocord.tables import Column, Table, TableProblems, fingerprint, problem, read

LABS = Table(
    "labs",
    "Results of a laboratory.",
    (
        Column("subject", "text", "Who."),
        Column("value", "number", "The number.", empty=True, low=0, high=1000, unit="mg/L"),
        Column("day", "date", "The day."),
        Column("at", "datetime", "The time.", required=False),
        Column("count", "integer", "How many.", required=False),
        Column("fasting", "yes_no", "Whether fasting.", required=False),
        Column("kind", "choice", "What kind.", required=False, choices=("local", "central")),
    ),
    key=("subject", "day"),
    open=True,
)
CLOSED = Table("closed", "Two columns.", LABS.columns[:2])


def written(folder: Path, text: str, name: str = "labs.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def said(source: Path | pl.DataFrame, table: Table = LABS) -> list[str]:
    with pytest.raises(TableProblems) as found:
        read(table, source)
    return [str(item) for item in found.value.problems]


def test_every_kind_of_cell_is_read(tmp_path: Path) -> None:
    text = "subject,value,day,at,count,fasting,kind\n007,1.50,2025-01-02,2025-01-02T09:15,3,Yes,local\n8,,2025-01-03,2025-01-03 10:00:05,,否,\n"

    frame = read(LABS, written(tmp_path, text))

    assert frame.drop("at").rows() == [
        (1, "007", 1.5, date(2025, 1, 2), 3, True, "local"),
        (2, "8", None, date(2025, 1, 3), None, False, None),
    ]
    assert [str(at) for at in frame["at"]] == ["2025-01-02 09:15:00", "2025-01-03 10:00:05"]


def test_a_column_that_may_be_left_out_comes_back_empty_and_of_its_kind(tmp_path: Path) -> None:
    frame = read(LABS, written(tmp_path, "subject,value,day\nA,1,2025-01-02\n"))

    assert frame["count"].to_list() == [None]
    assert frame.schema["count"] == pl.Int64
    assert frame.schema["at"] == pl.Datetime("us")


def test_an_open_table_carries_other_columns_as_text_behind_its_own(tmp_path: Path) -> None:
    frame = read(LABS, written(tmp_path, "site,subject,value,day\n01,A,1,2025-01-02\n"))

    assert frame.columns[-1] == "site"
    assert frame["site"].to_list() == ["01"]


def test_the_mark_that_spreadsheets_put_before_utf_8_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(CLOSED, written(tmp_path, "\ufeffsubject,value\nA,1\n")).height == 1


def test_tabs_parquet_and_frames_are_read_alike(tmp_path: Path) -> None:
    from_csv = read(LABS, written(tmp_path, "subject,value,day,site\nA,0.1,2025-01-02,x\n"))
    from_tsv = read(LABS, written(tmp_path, "subject\tvalue\tday\tsite\nA\t0.1\t2025-01-02\tx\n", "labs.tsv"))
    from_csv.drop("row").write_parquet(tmp_path / "labs.parquet")

    assert from_tsv.equals(from_csv)
    assert read(LABS, tmp_path / "labs.parquet").equals(from_csv)
    assert read(LABS, from_csv).equals(from_csv)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (",1,2025-01-02", "row 1, column subject: is empty. It holds: Who."),
        ("A,1;5,2025-01-02", "row 1, column value: '1;5' is not a number. Write it with a decimal point and without a unit, such as 1.25."),
        ("A,nan,2025-01-02", "row 1, column value: 'nan' is not a number. Write it with a decimal point and without a unit, such as 1.25."),
        ("A,-0.1,2025-01-02", "row 1, column value: -0.1 is below 0. Allowed: from 0 to 1000 mg/L."),
        ("A,1000.1,2025-01-02", "row 1, column value: 1000.1 is above 1000. Allowed: from 0 to 1000 mg/L."),
        ("A,1,2025-2-1", "row 1, column day: '2025-2-1' is not a day. Write it as 2025-06-30."),
        ("A,1,2025-02-29", "row 1, column day: '2025-02-29' is not a day. Write it as 2025-06-30."),
        ("A,1,02/01/2025", "row 1, column day: '02/01/2025' is not a day. Write it as 2025-06-30."),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_used_is_named_with_the_remedy(tmp_path: Path, cells: str, expected: str) -> None:
    assert said(written(tmp_path, f"subject,value,day\n{cells}\n")) == [f"labs.csv: {expected}"]


def test_all_problems_of_all_rows_are_named_in_one_go(tmp_path: Path) -> None:
    text = "subject,value,day,at,count,fasting,kind\nA,x,2025-01-02,noon,1.5,maybe,locl\n,2,2025-13-01,,,,\n"

    assert [item.split(": ")[1] for item in said(written(tmp_path, text))] == [
        "row 2, column subject",
        "row 1, column value",
        "row 2, column day",
        "row 1, column at",
        "row 1, column count",
        "row 1, column fasting",
        "row 1, column kind",
    ]


def test_a_misspelt_choice_and_a_misspelt_column_say_what_was_probably_meant(tmp_path: Path) -> None:
    choice = said(written(tmp_path, "subject,value,day,kind\nA,1,2025-01-02,locl\n"))
    column = said(written(tmp_path, "subject,vlaue\nA,1\n"), CLOSED)

    assert choice == ["labs.csv: row 1, column kind: 'locl' is not one of the choices. Did you mean 'local'?"]
    assert column == [
        "labs.csv: column value: is missing. Is it the column 'vlaue'?",
        "labs.csv: column vlaue: is not a column of the table 'closed'. Did you mean 'value'?",
    ]


def test_a_repeated_row_names_the_earlier_one(tmp_path: Path) -> None:
    text = "subject,value,day\nA,1,2025-01-02\nB,1,2025-01-02\nA,2,2025-01-02\n"

    assert said(written(tmp_path, text)) == ["labs.csv: row 3: repeats row 1 (subject A, day 2025-01-02). Keep one of the two."]


def test_many_problems_of_one_column_are_counted_after_the_first_twenty(tmp_path: Path) -> None:
    found = said(written(tmp_path, "subject,value\n" + "A,x\n" * 25), CLOSED)

    assert len(found) == 21
    assert found[-1] == "labs.csv: column value: has 5 more problems. Mend those above first."


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("labs.xlsx", b"PK", "labs.xlsx: .xlsx is no known table. Give .csv, .tsv or .parquet."),
        ("labs.csv", "subject,value\n中,1\n".encode("gb18030"), "labs.csv: The file is not UTF-8. Save it as CSV UTF-8."),
        ("labs.csv", b"", "labs.csv: The file cannot be read as a table: "),
        ("labs.parquet", b"no", "labs.parquet: The file cannot be read as a table: "),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)

    assert said(tmp_path / name, CLOSED)[0].startswith(expected)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert said(tmp_path / "gone.csv") == ["gone.csv: There is no such file. Check the path."]


def test_a_frame_of_typed_columns_is_held_to_the_same_rules() -> None:
    frame = pl.DataFrame({"subject": ["A", None], "value": [1.0, 2.0], "day": [date(2025, 1, 2), date(2025, 1, 3)]})

    assert said(frame) == ["labs: row 2, column subject: is empty. It holds: Who."]


@pytest.mark.parametrize(
    "build",
    [
        lambda: Column("a", "choice", "x"),
        lambda: Column("a", "text", "x", choices=("b",)),
        lambda: Column("row", "text", "x"),
        lambda: Table("t", "x", (Column("a", "text", "x"), Column("a", "text", "x"))),
        lambda: Table("t", "x", (Column("a", "text", "x"),), key=("b",)),
    ],
)
def test_a_table_that_contradicts_itself_is_a_fault_of_the_program(build: object) -> None:
    with pytest.raises(ValueError, match=r"column|table"):
        build()  # type: ignore[operator]


def test_a_problem_of_a_whole_column_names_no_row() -> None:
    assert str(problem("a.csv", None, "x", "is odd.")) == "a.csv: column x: is odd."


FRAMES = st.lists(
    st.tuples(
        st.text("abc-1, \"'", min_size=1, max_size=5).map(str.strip).filter(bool),
        st.none() | st.floats(0, 1000, allow_nan=False),
        st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: (row[0], row[2]),
)


@given(FRAMES)
def test_a_table_written_as_csv_or_parquet_reads_back_with_the_same_fingerprint(rows: list[tuple[object, ...]]) -> None:
    import tempfile

    given_frame = read(LABS, pl.DataFrame(rows, schema={"subject": pl.String, "value": pl.Float64, "day": pl.Date}, orient="row"))
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("a.csv", given_frame.write_csv), ("a.parquet", given_frame.write_parquet)):
            write(Path(folder) / name)
            again = read(LABS, Path(folder) / name)

            assert again.equals(given_frame)
            assert fingerprint(again) == fingerprint(given_frame)


TYPED = Table(
    "typed",
    "One column of each kind that a frame can hold.",
    (
        Column("number", "number", "x", low=-5, high=1e6),
        Column("maybe", "number", "x", empty=True),
        Column("integer", "integer", "x", low=0),
        Column("day", "date", "x"),
        Column("at", "datetime", "x", empty=True),
        Column("sure", "yes_no", "x", required=False),
    ),
    key=("integer", "day"),
)
CELLS = st.tuples(
    st.floats(-6, 2e6) | st.sampled_from([0.1, -5.0, 1e6, 1e-300, -0.0, float("nan"), float("inf"), None]),
    st.none() | st.floats(),
    st.integers(-1, 3) | st.sampled_from([2**53 + 1, 2**63 - 1, None]),
    st.none() | st.dates(),
    st.none() | st.datetimes(),
    st.none() | st.booleans(),
)
KINDS = {
    "number": pl.Float64,
    "maybe": pl.Float64,
    "integer": pl.Int64,
    "day": pl.Date,
    "at": pl.Datetime("us"),
    "sure": pl.Boolean,
}


def outcome(source: pl.DataFrame) -> pl.DataFrame | list[str]:
    try:
        return read(TYPED, source)
    except TableProblems as found:
        return [str(item) for item in found.problems]


@given(st.lists(CELLS, min_size=1, max_size=4) | st.lists(st.tuples(
    st.floats(-5, 1e6), st.floats(-1e300, 1e300), st.integers(0, 9), st.dates(date(1000, 1, 1)), st.datetimes(datetime.fromisoformat("1000-01-01")),
    st.booleans(),
), min_size=1, max_size=4))  # fmt: skip
def test_a_typed_frame_and_its_text_read_alike_or_are_refused_alike(rows: list[tuple[object, ...]]) -> None:
    typed = pl.DataFrame(rows, schema=KINDS, orient="row")
    text = typed.with_columns(
        pl.col("at").dt.to_string("iso:strict"), sure=pl.when("sure").then(pl.lit("yes")).when(~pl.col("sure")).then(pl.lit("no"))
    ).cast(pl.String)

    one, other = outcome(typed), outcome(text)

    assert one.equals(other) if isinstance(one, pl.DataFrame) and isinstance(other, pl.DataFrame) else one == other


def test_a_fingerprint_changes_with_a_value_a_kind_and_the_order_of_rows_but_not_of_columns() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    others = [
        frame.with_columns(a=pl.Series([1, 3])),
        frame.cast({"a": pl.Float64}),
        frame.reverse(),
        frame.with_columns(b=pl.Series(["x", ""])),
    ]

    assert fingerprint(frame.select("b", "a")) == fingerprint(frame)
    assert len({fingerprint(item) for item in [frame, *others]}) == 5
    assert fingerprint(frame, frame) != fingerprint(frame)
