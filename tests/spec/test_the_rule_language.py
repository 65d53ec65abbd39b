"""The rule language by small tables: facts, a rule, a day, and the answer that must come out. The manual shows the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import yaml

from protocord import concepts
from protocord.criteria import Anchors, FactIndex, check, parse
from protocord.criteria.functions import FUNCTIONS
from protocord.criteria.wording import SPEC, reference
from protocord.protocol.subjects import subject_from_data

CONCEPTS = concepts.load()
VALUE_SETS = {"sarcoma": ("8900/3", "8910/3")}


def rows() -> Iterator[Any]:
    for table in sorted(SPEC.glob("*.yaml")):
        for number, row in enumerate(yaml.load(table.read_text("utf-8"), Loader=yaml.BaseLoader), start=1):
            if isinstance(row, dict):
                yield pytest.param(row, id=f"{table.stem}-{number}")


@pytest.mark.parametrize("row", list(rows()))
def test_the_table_holds(row: dict[str, Any]) -> None:
    histories = [{"concept": one} if isinstance(one, str) else one for one in row.get("histories", [])]
    record, problems = subject_from_data({"subject": "1", "facts": row["facts"], "histories": histories}, concepts=CONCEPTS)
    assert not problems
    rule = check(parse(row["rule"]), concepts=CONCEPTS, value_sets=VALUE_SETS)
    day = date.fromisoformat(row["on"])
    assert rule.evaluate(FactIndex(record, CONCEPTS), Anchors(day, day)).truth == row["answer"]


def test_every_function_has_a_table() -> None:
    assert set(FUNCTIONS) == {table.stem for table in SPEC.glob("*.yaml")} - {"logic"}


def test_the_manual_shows_every_function_and_every_row() -> None:
    page = reference()
    for name, function in FUNCTIONS.items():
        assert f"### `{function.signature}`" in page, name
        assert function.manual.splitlines()[0] in page
    assert sum(page.count(f"| {answer} |\n") for answer in ("true", "false", "unknown")) == len(list(rows()))
