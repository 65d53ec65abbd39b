"""Every choice behind a number has a name, a default and a source, and every name that is used has its row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from protocord.statistics import convention, conventions

SOURCE = Path(__file__).resolve().parents[3] / "src" / "protocord"


def texts_in_code() -> set[str]:
    """Every string in the program's code that looks like an id."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z][a-z0-9_]*", node.value):
                found.add(node.value)
    return found


def ids_used() -> set[str]:
    """Every id that stands where conventions are named: `conventions=("…", …)`, whatever calls with it."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in {"conventions", "convention"}:
                found |= {
                    part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return found


@pytest.mark.parametrize("one", conventions().values(), ids=lambda one: one.id)
def test_a_convention_says_in_both_languages_what_it_chooses_instead_of_what_and_from_where(one: object) -> None:
    from protocord.statistics import Convention

    assert isinstance(one, Convention)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", one.id)
    assert one.text.en.endswith(".")
    assert one.text.zh.endswith("。")
    assert re.search(r"[\u4e00-\u9fff]", one.text.zh)
    assert one.default
    assert one.source


def test_every_convention_that_is_named_has_its_row() -> None:
    assert ids_used() - set(conventions()) == set()


def test_a_convention_that_does_not_exist_is_a_fault() -> None:
    with pytest.raises(KeyError):
        convention("no_such_convention")


def test_conventions_are_kept_by_the_order_of_their_files() -> None:
    areas = [one.area for one in conventions().values()]

    assert areas == sorted(areas)
