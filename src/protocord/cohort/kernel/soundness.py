"""Whether files are still what was written: a size and a checksum for each, kept in a head that carries its own.

The checksum is quick (about ten bytes a nanosecond, so that whole stores are checked each time they are opened) and finds what goes
wrong by itself: a disk that fails, a copy cut short, a file of another store, an edit by hand. It is no signature: who means to deceive
can write a store that agrees with itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from protocord.statistics.compiled import compiled

Array = npt.NDArray[Any]

_ODD, _EVEN = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F)
_LEFT, _RIGHT = np.uint64(31), np.uint64(33)
_FOLD = np.uint64(29)
_SEAL = "checksum"


@compiled
def _mixed(words: Array, seed: int) -> Any:
    """Mix words into one, four apart at a time. Each step is one to one in word and sum: a change of one word is never missed."""
    one, two = np.uint64(seed), np.uint64(seed) + _ODD
    three, four = np.uint64(seed) ^ _EVEN, np.uint64(seed) + _EVEN
    whole = words.size - words.size % 4
    for at in range(0, whole, 4):
        one += words[at] * _EVEN
        one = ((one << _LEFT) | (one >> _RIGHT)) * _ODD
        two += words[at + 1] * _EVEN
        two = ((two << _LEFT) | (two >> _RIGHT)) * _ODD
        three += words[at + 2] * _EVEN
        three = ((three << _LEFT) | (three >> _RIGHT)) * _ODD
        four += words[at + 3] * _EVEN
        four = ((four << _LEFT) | (four >> _RIGHT)) * _ODD
    for at in range(whole, words.size):
        one += words[at] * _EVEN
        one = ((one << _LEFT) | (one >> _RIGHT)) * _ODD
    for other in (two, three, four):
        one = (one ^ other) * _ODD
        one = (one ^ (one >> _FOLD)) * _EVEN
    return one ^ (one >> _FOLD)


def mapped(path: Path) -> Array:
    """This will return the bytes of a file, mapped into memory for reading. Raises OSError where there is none."""
    return np.asarray(np.memmap(path, np.uint8, "r")) if path.stat().st_size else np.empty(0, np.uint8)


def checksum(content: Array) -> str:
    """This will return the checksum of bytes (uint8), 16 hexadecimal digits; how many they are is mixed in."""
    whole = content.size - content.size % 8
    rest = np.zeros(8, np.uint8)
    rest[: content.size - whole] = content[whole:]
    first = int(_mixed(content[:whole].view(np.uint64), content.size))
    return f"{int(_mixed(rest.view(np.uint64), np.uint64(first))):016x}"  # type: ignore[arg-type]


def kept(path: Path) -> dict[str, Any]:
    """This will return what a head keeps of a file: how many bytes, and their checksum."""
    content = mapped(path)
    return {"bytes": content.size, "checksum": checksum(content)}


def size_wrong(path: Path, told: Mapping[str, Any]) -> str:
    """This will return what is wrong with a file by its size alone, in words; nothing where nothing is."""
    try:
        size = path.stat().st_size
    except OSError:
        return "is missing."
    return "" if size == told["bytes"] else f"has {size} bytes instead of {told['bytes']}."


def content_wrong(path: Path, told: Mapping[str, Any]) -> str:
    """This will return what is wrong with a file by its size and its checksum, in words; nothing where nothing is."""
    if wrong := size_wrong(path, told):
        return wrong
    try:
        return "" if checksum(mapped(path)) == told["checksum"] else ALTERED
    except OSError as failed:
        return f"cannot be read: {failed.strerror}."


ALTERED = "is not what was written: its checksum is another."


def sealed(head: Mapping[str, Any]) -> dict[str, Any]:
    """This will return a head with a checksum over all that it says."""
    return {**head, _SEAL: _seal(head)}


def is_sealed(head: Mapping[str, Any]) -> bool:
    """This will tell whether a head says what it said when it was sealed."""
    return head.get(_SEAL) == _seal({name: value for name, value in head.items() if name != _SEAL})


def _seal(head: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(head, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
