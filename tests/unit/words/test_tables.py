"""Every area of the word tables says the same things in each language."""

from __future__ import annotations

import re

import pytest

from protocord import words
from protocord.values import LANGUAGES

AREAS = words.areas("en")
_SLOT = re.compile(r"[a-z][a-z0-9_]*(:term)?")


def test_the_same_areas_exist_in_each_language() -> None:
    assert AREAS, "no word tables at all"
    assert words.areas("zh") == AREAS


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_the_same_keys_in_each_language(area: str) -> None:
    assert set(words.table(area, "en")) == set(words.table(area, "zh"))


@pytest.mark.parametrize("area", AREAS)
def test_a_sentence_has_the_same_slots_in_each_language(area: str) -> None:
    english, chinese = words.table(area, "en"), words.table(area, "zh")
    differing = {
        key: (english[key], chinese[key]) for key in english if words.slots(english[key]) != words.slots(chinese.get(key, ""))
    }
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", AREAS)
def test_no_sentence_is_empty_and_every_slot_is_a_plain_name(area: str, language: str) -> None:
    table = words.table(area, language)  # type: ignore[arg-type]
    assert table, f"{area}.yaml is empty"
    assert not [key for key, sentence in table.items() if not sentence.strip()]
    assert not [(key, slot) for key, sentence in table.items() for slot in words.slots(sentence) if not _SLOT.fullmatch(slot)]


def test_no_key_stands_in_two_areas() -> None:
    seen: dict[str, str] = {}
    double = [(key, area, seen[key]) for area in AREAS for key in words.table(area, "en") if seen.setdefault(key, area) != area]
    assert not double
