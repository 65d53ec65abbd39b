"""Bodies of entries: one frozen dataclass a kind, to JSON data and back, strictly.

A body may hold str, int, bool, None, date, datetime (UTC), PartialDate, Decimal, enums of strings, tuples, mappings with
string keys, other such dataclasses, and plain JSON data (`Json`). Floats are refused: two machines may print one
number in two ways, and then the same entry would have two hashes.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache, lru_cache
from typing import Any, ClassVar, Protocol, Union

from protocord.errors import LedgerProblems, Place, Problem
from protocord.values.dates import PartialDate

type_hints = lru_cache(maxsize=None)(typing.get_type_hints)

# JSON data: None, bool, int, str, lists and string-keyed mappings of these. Never a float.
Json = Any


class Body(Protocol):
    """What an entry says: a frozen dataclass that knows the name of its kind."""

    kind: ClassVar[str]


def canonical(data: Json) -> str:
    """This will return the one JSON text of `data`: keys sorted, no blanks, no escapes but those JSON needs.

    Text is kept exactly as typed: no Unicode normalisation, which would change Chinese compatibility characters. Raises
    TypeError for a float and for a key that is not text, ValueError for text that has no UTF-8.
    """
    _refuse_floats(data)
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()  # a lone surrogate has no UTF-8: better refused now than when it is hashed
    return text


def _refuse_floats(data: Json) -> None:
    if isinstance(data, float):
        message = f"the number {data!r} is a float; write it as text or as an integer"
        raise TypeError(message)
    if isinstance(data, Mapping):
        for key, value in data.items():
            if not isinstance(key, str):
                message = f"the key {key!r} is not text"
                raise TypeError(message)
            _refuse_floats(value)
    elif isinstance(data, list | tuple):
        for value in data:
            _refuse_floats(value)


def to_data(value: Any) -> Json:
    """This will return `value` as JSON data; fields of a dataclass that equal their default are left out."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, PartialDate):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        return {
            field.name: to_data(here)
            for field in dataclasses.fields(value)
            if (here := getattr(value, field.name)) != field.default or field.default is dataclasses.MISSING
        }
    if isinstance(value, Mapping):
        return {key: to_data(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_data(item) for item in value]
    return _scalar_to_data(value)


def _scalar_to_data(value: Any) -> Json:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(to_data(item) for item in value)
    message = f"an entry's body cannot hold a {type(value).__name__}"
    raise TypeError(message)


def from_data(wanted: Any, data: Json) -> Any:
    """This will return `data` as a value of the type `wanted`; raises ValueError naming the key that does not fit."""
    return _reader(wanted)(data)


@cache
def _reader(wanted: Any) -> Callable[[Json], Any]:
    """This will return the function that reads one type, worked out once for each type."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return lambda data: data
    if origin in (Union, types.UnionType):
        return _union_reader(arguments)
    if origin is tuple:
        element = _reader(arguments[0])
        return lambda data: tuple(element(item) for item in _expect(list, data))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        element = _reader(arguments[1])
        return lambda data: types.MappingProxyType({key: element(item) for key, item in _expect(dict, data).items()})
    if origin is typing.Literal:
        return lambda data: _one_of(arguments, data)
    if dataclasses.is_dataclass(wanted) and wanted is not PartialDate:
        return _dataclass_reader(typing.cast("type", wanted))
    return _scalar_reader(wanted)


def _scalar_reader(wanted: Any) -> Callable[[Json], Any]:
    if wanted is PartialDate:
        return lambda data: _partial_date(_expect(str, data))
    if wanted is datetime:
        return lambda data: datetime.fromisoformat(_expect(str, data))
    if wanted is date:
        return lambda data: date.fromisoformat(_expect(str, data))
    if wanted is Decimal:
        return lambda data: Decimal(_expect(str, data))
    if isinstance(wanted, type) and issubclass(wanted, StrEnum):
        return lambda data: wanted(_expect(str, data))
    if wanted in (str, int, bool):
        return lambda data: _expect(wanted, data)
    if wanted is type(None):
        return lambda data: _expect(type(None), data)
    message = f"an entry's body cannot hold a {wanted}"
    raise TypeError(message)


def _partial_date(text: str) -> PartialDate:
    return PartialDate(*(int(part) for part in text.split("-")))


def _union_reader(arguments: tuple[Any, ...]) -> Callable[[Json], Any]:
    rest = [argument for argument in arguments if argument is not type(None)]
    optional = len(rest) < len(arguments)
    readers = [_reader(argument) for argument in rest]

    def read(data: Json) -> Any:
        if data is None and optional:
            return None
        for reader in readers[:-1]:
            try:
                return reader(data)
            except (ValueError, TypeError):
                continue
        return readers[-1](data)

    return read


def _dataclass_reader(wanted: type) -> Callable[[Json], Any]:
    hints = type_hints(wanted)
    fields = {field.name: field for field in dataclasses.fields(wanted) if field.init}
    readers = {name: _reader(hints[name]) for name in fields}
    needed = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def read(data: Json) -> Any:
        given = _expect(dict, data)
        if strange := sorted(set(given) - set(fields)):
            message = f"{wanted.__name__} has no `{strange[0]}`"
            raise ValueError(message)
        if missing := sorted(needed - set(given)):
            message = f"{wanted.__name__} lacks `{missing[0]}`"
            raise ValueError(message)
        return wanted(**{name: readers[name](item) for name, item in given.items()})

    return read


def _one_of(arguments: tuple[Any, ...], data: Json) -> Any:
    if data not in arguments:
        message = f"{data!r} is none of {', '.join(map(str, arguments))}"
        raise ValueError(message)
    return data


def _expect(wanted: type, data: Json) -> Any:
    if type(data) is not wanted:
        message = f"{data!r} is not a {wanted.__name__}"
        raise ValueError(message)
    return data


class Kinds(Mapping[str, type]):
    """The kinds of entry that a reader knows: name of the kind to the dataclass of its body."""

    def __init__(self, bodies: Iterable[type]) -> None:
        self._bodies: dict[str, type] = {}
        for body in bodies:
            kind: str = body.kind  # type: ignore[attr-defined]
            if kind in self._bodies:
                message = f"two bodies claim the kind {kind}"
                raise ValueError(message)
            self._bodies[kind] = body

    def __getitem__(self, kind: str) -> type:
        return self._bodies[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies)

    def read(self, kind: str, body: str, *, place: Place | None = None) -> Any:
        """This will return the typed body of an entry of `kind`; raises LedgerProblems for an unknown kind or a body that does not fit it."""
        where = place or Place()
        if kind not in self._bodies:
            raise LedgerProblems([Problem(where, f"No entry kind is called `{kind}`.", "A newer Protocord may have written it.")])
        try:
            return from_data(self._bodies[kind], json.loads(body))
        except (ValueError, TypeError) as problem:
            raise LedgerProblems([Problem(where, f"The body of this `{kind}` entry cannot be read: {problem}.")]) from problem
