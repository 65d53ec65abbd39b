"""Say reasons and fixed terms in a reader's language, from the word tables `words/<language>/<area>.yaml`.

A table maps a key (a kind of reason, or a label) to a sentence. `{name}` in it takes the particular of that name; `{name:term}`
takes the words that the tables hold for the particular, itself a key. A literal brace is doubled.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from protocord.values import Language, Particular, Reason
from protocord.words.showing import shown

__all__ = ["TABLES", "WordsMissing", "areas", "say", "shown", "slots", "table", "term"]

TABLES = Path(__file__).parent

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays text: `yes` is a word here


class WordsMissing(LookupError):
    """A kind of reason, a label or a particular that the tables or the reason lack: a fault of the program, not of a person."""


def areas(language: Language) -> tuple[str, ...]:
    """This will return the names of the areas that have a table in `language`."""
    return tuple(sorted(file.stem for file in (TABLES / language).glob("*.yaml")))


@cache
def table(area: str, language: Language) -> Mapping[str, str]:
    """This will return the words of one area. Raises WordsMissing where its file is not a mapping of keys to text."""
    file = TABLES / language / f"{area}.yaml"
    found = yaml.load(file.read_text("utf-8"), Loader=_Loader) or {}
    if not isinstance(found, dict) or not all(isinstance(words, str) for words in found.values()):
        message = f"{file.name} ({language}) must map keys to sentences"
        raise WordsMissing(message)
    return MappingProxyType(found)


@cache
def _all_words(language: Language) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for area in areas(language):
        for key, words in table(area, language).items():
            if key in found:
                message = f"{key!r} stands in two word tables of {language}; one of them is {area}.yaml"
                raise WordsMissing(message)
            found[key] = words
    return MappingProxyType(found)


def _words(key: str, language: Language) -> str:
    try:
        return _all_words(language)[key]
    except KeyError:
        message = f"no words for {key!r} in {language}: add it to words/{language}/<area>.yaml, in each language"
        raise WordsMissing(message) from None


@cache
def _parts(sentence: str) -> tuple[tuple[str, str | None, str], ...]:
    return tuple((literal, name, form or "") for literal, name, form, _ in string.Formatter().parse(sentence))


def slots(sentence: str) -> frozenset[str]:
    """This will return the slots of a sentence as written, such as `value` or `answer:term`. Raises ValueError where a brace is loose."""
    return frozenset(f"{name}:{form}" if form else name for _, name, form in _parts(sentence) if name is not None)


def say(reason: Reason, language: Language) -> str:
    """This will return the reason as a sentence in `language`.

    Raises WordsMissing where the tables lack its kind, or the reason lacks a particular that the sentence asks for.
    """
    said: list[str] = []
    for literal, name, form in _parts(_words(reason.kind, language)):
        said.append(literal)
        if name is not None:
            said.append(_filled(reason, name, form, language))
    return "".join(said)


def _filled(reason: Reason, name: str, form: str, language: Language) -> str:
    if name not in reason.particulars:
        has = ", ".join(reason.particulars) or "none"
        message = f"the words for {reason.kind!r} ask for {name!r}, which the reason lacks (it has: {has})"
        raise WordsMissing(message)
    value: Particular = reason.particulars[name]
    if form == "term":
        return _words(str(value), language)
    return shown(value, language)


def term(key: str, language: Language) -> str:
    """This will return the fixed label `key` in `language`. Raises WordsMissing where the tables lack it."""
    return _words(key, language)
