"""Every kind of reason that the ledger, forms and conduct give is said in the word tables, with what its sentence asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import protocord
from protocord import words
from protocord.conduct import KINDS, Role, Status
from protocord.conduct.wishes import Wish

ROOT = Path(protocord.__file__).parent
FILES = [file for package in ("ledger", "forms", "conduct") for file in (ROOT / package).rglob("*.py")]
AREAS = ("ledger", "forms", "conduct")
KIND = re.compile(r"(form|conduct|due|deviation)_\w*[a-z]")

# Kinds that are put together where they are used.
COMPOSED = {
    *(f"form_{kind}" for kind in ("number_missing", "decimal_comma", "not_a_number")),
    *(f"conduct_status_{status}" for status in Status),
    *(f"conduct_role_{role}" for role in Role),
    *(f"conduct_wish_{wish.__name__}" for wish in Wish.__args__),
}


def used() -> Iterator[tuple[str, set[str] | None]]:
    """Each kind written in the source, with the particulars given beside it where the call gives them by name."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and KIND.fullmatch(argument.value):
                        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                        given = {keyword.arg or "" for keyword in node.keywords} if name != "DeviationOpened" else {"days"}
                        yield argument.value, given
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
                yield node.value, None


def said() -> dict[str, str]:
    return {key: sentence for area in AREAS for key, sentence in words.table(area, "en").items()}


def test_each_kind_has_its_sentence_and_gives_what_the_sentence_asks_for() -> None:
    sentences = said()
    kinds = [(kind, given) for kind, given in used() if kind not in KINDS]

    assert {kind for kind, _ in kinds} <= set(sentences)
    lacking = [
        (kind, slot)
        for kind, given in kinds
        if given is not None
        for slot in words.slots(sentences[kind])
        if slot.partition(":")[0] not in given
    ]
    assert lacking == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_sentence_is_left_over(language: str) -> None:
    tables = {key for area in AREAS for key in words.table(area, language)}  # type: ignore[arg-type]
    details = {
        f"ledger_{detail}"
        for file in (ROOT / "ledger").glob("*.py")
        for detail in re.findall(r'"(\w+)"', file.read_text("utf-8"))
    }

    assert tables - {kind for kind, _ in used()} - COMPOSED - details == set()
