"""Say a validation error as a person would: what is wrong here, and what to write instead."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from protocord.concepts.documents import did_you_mean
from protocord.errors import Place, Problem
from protocord.protocol.reading import Source

# Type of a pydantic error -> (what, remedy); the slots are filled from the error's context and input.
_SAID: dict[str, tuple[str, str]] = {
    "int_parsing": ("{input!r} is not a whole number.", "Write digits only."),
    "int_from_float": ("{input!r} is not a whole number.", "Write digits only."),
    "decimal_parsing": ("{input!r} is not a number.", "Write a decimal number such as 0.5."),
    "finite_number": ("{input!r} is not a finite number.", "Write a decimal number such as 0.5."),
    "bool_parsing": ("{input!r} is neither yes nor no.", "Write true or false."),
    "greater_than": ("{input} is too small: it must be greater than {gt}.", ""),
    "greater_than_equal": ("{input} is too small: it must be at least {ge}.", ""),
    "less_than": ("{input} is too large: it must be less than {lt}.", ""),
    "less_than_equal": ("{input} is too large: it must be at most {le}.", ""),
    "string_too_short": ("nothing is written here.", "Write it out."),
    "too_short": ("the list is empty.", "Write at least {min_length}."),
    "too_long": ("the list is too long.", "Write at most {max_length}."),
    "union_tag_not_found": ("`kind` is missing.", "Write one of: {expected_tags}."),
}
_NEEDED = {
    "string": "a single value is needed here",
    "int": "a whole number is needed here",
    "decimal": "a number is needed here",
    "bool": "yes or no is needed here",
    "date": "a date is needed here",
    "tuple": "a list is needed here",
    "mapping": "a mapping of keys to values is needed here",
    "dict": "a mapping of keys to values is needed here",
    "model": "a mapping of keys to values is needed here",
    "dataclass": "a mapping with the keys en and zh is needed here",
    "literal": "a single value is needed here",
    "enum": "a single value is needed here",
}
_PATTERNS = {
    r"^[A-Za-z0-9][A-Za-z0-9_-]*$": ("is not an identifier.", "Use letters, digits, hyphens and underscores, no spaces."),
    r"^[a-z][a-z0-9_]*$": ("is not a name for this.", "Use lower-case letters, digits and underscores, a letter first."),
    r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$": ("does not name an item.", "Write `item`, or `section.item`."),
    r"^\d+\.\d+\.\d+$": ("is not a version.", 'Write three numbers in quotes, such as "1.0.0".'),
    r"^[A-Z]{2}$": ("is not a country code.", "Write two capital letters (ISO 3166-1), such as CN."),
    r"^[A-Za-z]+$": ("is not an abbreviation.", "Use letters only."),
    r"^[A-Za-z0-9]+$": ("is not a code.", "Use letters and digits only."),
}
_OWN = {
    "is not a length of time": "Write a number and a unit, such as `5 days`, `12 weeks`, `36 months` or `30 minutes`.",
    "is not a date": "Write the full date as year-month-day, such as 2026-11-22.",
}


def reworded(error: dict[str, Any], source: Source, model: type[BaseModel]) -> Problem:
    """This will return a pydantic error as a problem: its place in the file, what is wrong, and the likely remedy."""
    loc, kind = error["loc"], error["type"]
    context = error.get("ctx", {})
    if kind in ("missing", "missing_argument"):
        place = source.place(loc[:-1])
        return Problem(place, f"the key {loc[-1]!r} is missing.", f"Add `{loc[-1]}: …`." + _meaning(model, loc))
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = known_keys(model, loc[:-1])
        hint = did_you_mean(str(loc[-1]), known) or (f"The keys here are: {', '.join(known)}." if known else "")
        place = source.place(loc)
        return Problem(Place(place.file, place.line, source.item(loc[:-1])), f"the key {loc[-1]!r} is not known here.", hint)
    place = source.place(loc)
    written = error.get("input")
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        return _not_among(place, written, context)
    if kind == "string_pattern_mismatch":
        what, remedy = _PATTERNS.get(
            context["pattern"], ("does not have the form asked for.", f"The form is {context['pattern']}.")
        )
        return Problem(place, f"{written!r} {what}", remedy)
    if kind == "value_error":
        said = str(context.get("error", error["msg"]))
        return Problem(place, f"{written!r} {said}.", _OWN.get(said, ""))
    if kind in _SAID:
        what, remedy = _SAID[kind]
        slots = {"input": written, **context}
        return Problem(place, what.format(**slots), remedy.format(**slots))
    needed = _NEEDED.get(kind.split("_")[0])
    if needed:
        return Problem(
            place,
            f"{needed}, not {_shape(written)}.",
            "Begin each item with a dash, or write [a, b]." if "list" in needed else "",
        )
    return Problem(place, f"{error['msg'][:1].lower()}{error['msg'][1:]}.", "")


def _not_among(place: Place, written: Any, context: Mapping[str, Any]) -> Problem:
    if "tag" in context:
        written, expected = context["tag"], context["expected_tags"]
    else:
        expected = context["expected"]
    names = [name.strip(" '") for name in str(expected).replace(" or ", ", ").split(",")]
    names = [name for name in names if name]
    hint = did_you_mean(str(written), names) or f"Write one of: {', '.join(names)}."
    if isinstance(written, Mapping | list | tuple):
        return Problem(place, f"a single value is needed here, not {_shape(written)}.", hint)
    return Problem(place, f"{written!r} is not one of the values here.", hint)


def _shape(written: Any) -> str:
    if isinstance(written, Mapping):
        return "a mapping"
    if isinstance(written, list | tuple):
        return "a list"
    return repr(written)


def _meaning(model: type[BaseModel], loc: tuple[str | int, ...]) -> str:
    parent = type_at(model, loc[:-1])
    if isinstance(parent, type) and issubclass(parent, BaseModel):
        for name, field in parent.model_fields.items():
            if loc[-1] in (name, field.alias) and field.description:
                return f" {field.description}"
    return ""


def known_keys(model: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """This will return the keys that the model allows at `loc`."""
    found = type_at(model, loc)
    if is_dataclass(found):
        return tuple(field.name for field in fields(found))
    if isinstance(found, type) and issubclass(found, BaseModel):
        return tuple(field.alias or name for name, field in found.model_fields.items())
    return ()


def type_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> Any:
    """This will return the type that a model has at the loc of one of its errors; None where it cannot be told."""
    found: Any = model
    for step in loc:
        found = _step(found, step)
        if found is None:
            return None
    return _bare(found)


def _bare(kind: Any) -> Any:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        if len(options) == 1:
            return _bare(options[0])
    return kind


def _step(kind: Any, step: str | int) -> Any:
    kind = _bare(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return next((field.annotation for name, field in kind.model_fields.items() if step in (name, field.alias)), None)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return arguments[0]
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return arguments[1]
    if origin in (Union, types.UnionType):  # a union told apart by `kind`: the step is the tag, and no key of the file
        for option in arguments:
            tag = _bare(option).model_fields.get("kind") if isinstance(_bare(option), type) else None
            if tag is not None and step in get_args(tag.annotation):
                return option
    return None
