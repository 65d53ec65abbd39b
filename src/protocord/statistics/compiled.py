"""Compile a numeric function, once a machine and a state of its sources, and keep its type for the type checker.

Numba keeps machine code on disk and checks one file before using it again: that of the compiled function. What the function calls
is compiled into it, though, and may stand in other files. So the stamp that numba compares is widened here to every file of the
package that the function's module imports, directly or through others; after an edit of any of them it is compiled anew.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """This will return `function` compiled at its first call and kept on disk beside the module.

    It runs on one thread: a result that depended on the number of threads could not be repeated. Floating-point operations stay
    in the order in which they are written (no `fastmath`), so compiled and interpreted results agree to the bit.
    """
    dispatcher: Any = numba.njit(cache=True, nogil=True)(function)
    # Numba offers no public way to say what a function depends on; should these names ever change, reading them fails at import.
    index = dispatcher._cache._cache_file
    index._source_stamp = (index._source_stamp, sources_stamp(Path(inspect.getfile(function))))
    index._load_index = _forgiving(index._load_index)
    return cast("Function", dispatcher)


def _forgiving(load: Callable[[], dict[Any, Any]]) -> Callable[[], dict[Any, Any]]:
    """What reads an index, as empty where it speaks of a class that an earlier version had: numba reads it before it looks at the stamp."""

    def loaded() -> dict[Any, Any]:
        try:
            return load()
        except (AttributeError, ImportError):
            return {}

    return loaded


def sources_stamp(path: Path) -> str:
    """This will return the SHA-256 (hex) of a module's source and of every module of its package that it imports, however far."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        module = waiting.pop()
        if module not in seen and module.is_file():
            seen.add(module)
            waiting.extend(_imported(module))
    stamp = hashlib.sha256()
    for module in sorted(seen):
        stamp.update(_hash(module))
    return stamp.hexdigest()


@cache
def _hash(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """This will return the files of the same package that a module imports by name."""
    root = path.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    top = path.relative_to(root).parts[0]
    found = (_file_of(root, name) for name in _names(path, root) if name.split(".")[0] == top)
    return tuple(dict.fromkeys(file for file in found if file is not None))


def _names(path: Path, root: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            within = path.parents[node.level - 1].relative_to(root).parts if node.level else ()
            source = ".".join([*within, *([node.module] if node.module else [])])
            yield source
            # A name taken from a package may be a module of its own.
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _file_of(root: Path, name: str) -> Path | None:
    place = root.joinpath(*name.split("."))
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)
