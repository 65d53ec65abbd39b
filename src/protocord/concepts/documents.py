"""Read a YAML (or JSON) document keeping the line of every node, each scalar as the text that was written.

Numbers stay text until somebody makes a Decimal of them, so `1.10` never passes through binary floating point; `yes` and
`2025-06` stay what the author typed. Every problem is collected, none stops the reading.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import yaml

from protocord.errors import Place, Problem

Node = yaml.Node
_BaseLoader: Callable[[str], Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml where PyYAML was built with it


def nearest(written: str, known: Iterable[str]) -> str | None:
    """This will return the known word nearest to the one written, letter case aside, if one is near enough."""
    by_small = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(written.casefold(), by_small, n=1, cutoff=0.6)
    return by_small[near[0]] if near else None


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """This will return a hint that names the nearest known word, or an empty string."""
    near = nearest(written, known)
    return f"Did you mean {near!r}?" if near else ""


class Reading:
    """One document being read; its problems gather in `problems`, each with the document's name and line."""

    def __init__(self, file: str, problems: list[Problem] | None = None) -> None:
        self.file = file
        self.problems: list[Problem] = [] if problems is None else problems

    def compose(self, text: str) -> Node | None:
        """This will return the document's root node; None, with a problem, where it is not YAML, and None where it is empty."""
        loader = _BaseLoader(text)
        try:
            return loader.get_single_node()  # type: ignore[no-any-return]
        except yaml.YAMLError as wrong:
            mark = getattr(wrong, "problem_mark", None)
            what = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or str(wrong)
            context = getattr(wrong, "context", None)
            said = f"this is not well-formed: {what}" + (f" ({context})" if context else "") + "."
            place = Place(self.file, mark.line + 1 if mark else 0)
            self.problems.append(
                Problem(place, said, "Look for a missing quote, bracket, colon or indentation here or just above.")
            )
            return None
        finally:
            loader.dispose()

    def problem(self, node: Node | None, what: str, remedy: str = "", item: str = "") -> None:
        """This will note that something is wrong at `node`."""
        line = node.start_mark.line + 1 if node is not None else 0
        self.problems.append(Problem(Place(self.file, line, item), what, remedy))

    def fields(self, node: Node, allowed: Collection[str], required: Collection[str] = (), item: str = "") -> dict[str, Node]:
        """This will return the nodes of a mapping by key, noting keys that are unknown, double or lacking."""
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, "a mapping of keys to values is needed here.", f"Its keys are: {', '.join(allowed)}.", item)
            return {}
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            if key not in allowed:
                hint = did_you_mean(key, allowed) or f"Known keys: {', '.join(allowed)}."
                if key.isdigit():  # `{value: 1,5}` reads as a value of 1 and a key 5
                    hint = "A comma ends a value: write a point for decimals."
                self.problem(key_node, f"the key {key!r} is not known here.", hint, item)
            elif key in found:
                self.problem(key_node, f"the key {key!r} stands twice.", "Keep one of the two.", item)
            else:
                found[key] = value
        for key in required:
            if key not in found:
                self.problem(node, f"the key {key!r} is missing.", f"Add {key!r}.", item)
        return found

    def pairs(self, node: Node | None, item: str = "") -> list[tuple[str, Node]]:
        """This will return key and value node of each entry of a mapping whose keys are free; a key that stands twice is noted."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.MappingNode):
            self.problem(node, "a mapping of keys to values is needed here.", "", item)
            return []
        found: dict[str, Node] = {}
        for key_node, value in node.value:
            if key_node.value in found:
                self.problem(key_node, f"the key {key_node.value!r} stands twice.", "Keep one of the two.", item)
            found[str(key_node.value)] = value
        return list(found.items())

    def items(self, node: Node | None, item: str = "") -> list[Node]:
        """This will return the nodes of a list; an empty list for nothing."""
        if node is None or is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.problem(node, "a list is needed here.", "Begin each item with a dash, or write [a, b].", item)
            return []
        return list(node.value)

    def text(self, node: Node | None, item: str = "") -> str | None:
        """This will return a scalar as it was written; None for nothing, `null` or `~`."""
        if node is None or is_null(node):
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.problem(node, "a single value is needed here, not a list or a mapping.", "", item)
            return None
        return str(node.value).strip()

    def texts(self, node: Node | None, item: str = "") -> tuple[str, ...]:
        """This will return a list of scalars; a single scalar counts as a list of one."""
        if isinstance(node, yaml.ScalarNode) and not is_null(node):
            return (str(node.value).strip(),)
        return tuple(text for one in self.items(node, item) if (text := self.text(one, item)) is not None)


def is_null(node: Node) -> bool:
    """This will tell whether nothing was written: an empty plain value, `null` or `~`."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "null", "Null", "NULL", "~")


def read_text(path: Path, problems: list[Problem]) -> str | None:
    """This will return the file's text; None, with a problem, where it cannot be read as UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        problems.append(Problem(Place(str(path)), "there is no such file.", "Check the path."))
    except UnicodeDecodeError as wrong:
        what = f"this is not UTF-8 text (byte {wrong.start})."
        problems.append(Problem(Place(str(path)), what, "Save the file with the encoding UTF-8."))
    except OSError as wrong:
        problems.append(
            Problem(Place(str(path)), f"the file cannot be read: {wrong.strerror}.", "Check the path and its permissions.")
        )
    return None
