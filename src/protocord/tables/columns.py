"""What a table has to look like: its columns, their kinds and limits, and which of them tell its rows apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "integer", "date", "datetime", "yes_no", "choice"]

ROW = "row"  # the name of the column that `read` adds: the number of the data row, from 1


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it holds, in which unit, and what is refused in it.

    `low` and `high` are inclusive. `required` says whether the table may lack the column, `empty` whether its cells may be
    empty. A column that a table lacks reads as empty in every row.
    """

    name: str
    kind: Kind
    about: str
    required: bool = True
    empty: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if (self.kind == "choice") != bool(self.choices):
            message = f"column {self.name!r}: choices belong to the kind `choice`, and to it alone"
            raise ValueError(message)
        if self.name == ROW:
            message = f"no column may be named {ROW!r}: reading adds one of that name"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that people hand in: its columns, in order.

    `key` names the columns whose values, together, no two rows may share. `open` lets other columns through, as text,
    to group by or to carry along; a closed table names each as a problem.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    open: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names) or not set(self.key) <= set(names):
            message = f"table {self.name!r}: column names must differ, and its key must name some of them"
            raise ValueError(message)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(column.name for column in self.columns)
