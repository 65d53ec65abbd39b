"""Read one document: YAML with the line of every node, each scalar as it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from protocord.concepts.documents import Reading, is_null, read_text
from protocord.errors import Place, Problem

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A document as it was read: the name people know it by, its text, and its nodes."""

    file: str
    text: str = ""
    root: yaml.Node | None = None

    def node(self, loc: Loc) -> yaml.Node | None:
        """This will return the node at `loc`, or the innermost one that exists on the way to it.

        What a loc names and the file does not write (the kind of a union, the index of a list of one) is passed over.
        """
        node = self.root
        for step in loc:
            node = _child(node, step) or node
        return node

    def line(self, loc: Loc) -> int:
        """This will return the line, counted from 1, of the value at `loc` (of its key, where it has one)."""
        node, line = self.root, 1
        if node is not None:
            line = node.start_mark.line + 1
        for step in loc:
            child = _child(node, step)
            if child is None:
                continue
            key = _key(node, step)
            line = (key or child).start_mark.line + 1
            node = child
        return line

    def item(self, loc: Loc) -> str:
        """This will return `loc` as people read it: identifiers in place of indices, as in `visits.C1D8.window`."""
        said: list[str] = []
        node = self.root
        for step in loc:
            child = _child(node, step)
            if isinstance(step, int):
                if child is not None:
                    name = _name(child)
                    if name or not said:
                        said.append(name or f"[{step + 1}]")
                    else:
                        said[-1] += f"[{step + 1}]"
            elif step != "[key]" and (child is not None or (step == loc[-1] and step != scalar(_child(node, "kind")))):
                said.append(step)
            node = child or node
        return ".".join(said)

    def place(self, loc: Loc = ()) -> Place:
        """This will return the place of the value at `loc`."""
        return Place(self.file, self.line(loc), self.item(loc))

    def find(self, pattern: str) -> Iterator[tuple[Loc, yaml.Node]]:
        """This will return each node that a dotted pattern reaches, with its loc; `*` stands for any index or key."""
        if self.root is not None:
            yield from _find(self.root, pattern.split("."), ())


@dataclass
class Sources:
    """The documents of a study as they were read, by the name of the document (`study`, `forms/laboratory`)."""

    folder: str = ""
    documents: dict[str, Source] = field(default_factory=dict)

    def place(self, document: str, *loc: str | int) -> Place:
        """This will return the place of a value; a step that is the id of a list's item finds that item."""
        source = self.documents.get(document)
        if source is None:
            return Place(f"{self.folder}/{document}.yaml", 0, ".".join(str(step) for step in loc))
        return source.place(_by_index(source.root, loc))

    def place_within(self, document: str, *loc: str | int, line: int, column: int) -> Place:
        """This will return the place of a position (line and column from 1) inside a text of several lines, such as a rule's."""
        found = self.position_within(document, *loc, line=line, column=column)
        return found[0] if found else self.place(document, *loc)

    def position_within(self, document: str, *loc: str | int, line: int, column: int) -> tuple[Place, int] | None:
        """This will return the place and the file's column of such a position; None where no text of the document stands there."""
        source = self.documents.get(document)
        found = () if source is None else _by_index(source.root, loc)
        node = None if source is None else source.node(found)
        if source is None or not isinstance(node, yaml.ScalarNode):
            return None
        there, across = position_in_scalar(source, node, line, column)
        return Place(source.file, there, source.item(found)), across


def read_document(path: Path, problems: list[Problem]) -> Source:
    """This will return the document with its nodes; what cannot be read, and keys that stand twice, go to `problems`."""
    text = read_text(path, problems)
    if text is None:
        return Source(str(path))
    root = Reading(str(path), problems).compose(text)
    if root is not None and "*" in text:
        fault = _alias_fault(root)
        if fault:
            problems.append(Problem(Place(str(path), fault[0].start_mark.line + 1), fault[1], "Write the content out."))
            return Source(str(path), text)
    source = Source(str(path), text, root)
    if root is None and not any(problem.place.file == str(path) for problem in problems):
        problems.append(Problem(Place(str(path), 1), "the document is empty.", "Write its keys, or take the file away."))
    return source


def plain(source: Source, problems: list[Problem]) -> Any:
    """This will return the document's content: mappings, lists and text; a key without a value counts as left out."""
    return None if source.root is None else _plain(source.root, source, problems)


def _alias_fault(root: yaml.Node) -> tuple[yaml.Node, str] | None:
    """What is wrong with the aliases of a document: one inside what it repeats, or far more content than was written."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, inside: frozenset[int]) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1
        if id(node) in inside:
            raise _Circle(node)
        if id(node) not in sizes:
            within = inside | {id(node)}
            children = node.value if isinstance(node, yaml.SequenceNode) else [child for _, child in node.value]
            sizes[id(node)] = 1 + sum(size(child, within) for child in children)
        return sizes[id(node)]

    try:
        return (root, "its aliases repeat far more than a study can hold.") if size(root, frozenset()) > _MOST_NODES else None
    except _Circle as wrong:
        return wrong.node, "an alias stands inside what it repeats."


_MOST_NODES = 1_000_000


class _Circle(Exception):
    def __init__(self, node: yaml.Node) -> None:
        super().__init__()
        self.node = node


def _plain(node: yaml.Node, source: Source, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return None if is_null(node) else node.value
    content: Any
    if isinstance(node, yaml.SequenceNode):
        content = [_plain(child, source, problems) for child in node.value]
    else:
        content = {}
        seen: set[str] = set()
        for key, child in node.value:
            place = Place(source.file, key.start_mark.line + 1)
            if not isinstance(key, yaml.ScalarNode):
                problems.append(
                    Problem(place, "a key must be a word.", "Write `key: value`; put text with brackets in it in quotes.")
                )
                continue
            if key.value in seen:
                problems.append(Problem(place, f"the key {key.value!r} stands twice.", "Keep one of the two."))
            seen.add(key.value)
            value = _plain(child, source, problems)
            if value is not None:
                content[key.value] = value
    return content


def duplicate_ids(source: Source, problems: list[Problem]) -> None:
    """This will note every item of a list whose id (or code, of a choice) another item of that list has."""
    if source.root is not None:
        _duplicates(source.root, (), source, problems)


def _duplicates(node: yaml.Node, loc: Loc, source: Source, problems: list[Problem]) -> None:
    if isinstance(node, yaml.SequenceNode):
        unique = ("id", "code") if loc and loc[-1] in ("choices", "sites") else ("id",)
        first: dict[tuple[str, str], int] = {}
        for index, child in enumerate(node.value):
            for key in unique:
                value = scalar(_child(child, key))
                if value is None:
                    continue
                if (key, value) in first:
                    what = f"the {key} {value!r} stands already in line {first[key, value]}."
                    problems.append(Problem(source.place((*loc, index, key)), what, "Give each its own."))
                first.setdefault((key, value), child.start_mark.line + 1)
            _duplicates(child, (*loc, index), source, problems)
    elif isinstance(node, yaml.MappingNode):
        for key_node, child in node.value:
            if not isinstance(child, yaml.ScalarNode):
                _duplicates(child, (*loc, str(key_node.value)), source, problems)


def scalar(node: yaml.Node | None) -> str | None:
    """This will return the text of a scalar node; None for nothing, and for lists and mappings."""
    return node.value.strip() if isinstance(node, yaml.ScalarNode) and not is_null(node) else None


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _key(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        return next((key for key, _ in node.value if key.value == step), None)
    return None


def _name(node: yaml.Node) -> str:
    for key in ("id", "code", "concept", "item", "event", "when", "scale"):
        value = scalar(_child(node, key))
        if value:
            return value
    return ""


def _find(node: yaml.Node, pattern: list[str], loc: Loc) -> Iterator[tuple[Loc, yaml.Node]]:
    if not pattern:
        yield loc, node
        return
    step, rest = pattern[0], pattern[1:]
    if step == "*":
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                yield from _find(child, rest, (*loc, index))
        elif isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                yield from _find(child, rest, (*loc, str(key.value)))
        return
    child = _child(node, step)
    if child is not None:
        yield from _find(child, rest, (*loc, step))


def _by_index(root: yaml.Node | None, loc: Loc) -> Loc:
    node, found = root, []
    for step in loc:
        index: str | int = step
        if isinstance(node, yaml.SequenceNode) and isinstance(step, str):
            index = next((i for i, child in enumerate(node.value) if _name(child) == step), 0)
        found.append(index)
        node = _child(node, index)
    return tuple(found)


def line_in_scalar(source: Source, node: yaml.ScalarNode, line: int, column: int) -> int:
    """This will return the file's line of a position (line and column from 1) inside a scalar's text, however it was folded."""
    return position_in_scalar(source, node, line, column)[0]


def position_in_scalar(source: Source, node: yaml.ScalarNode, line: int, column: int) -> tuple[int, int]:
    """This will return the file's line and column of a position (both from 1) inside a scalar's text, however it was folded.

    Folding changes white space only, so the position is found again by counting the other characters. The column is 0 where the
    position is not among them, and not to be relied on in double quotes, which may write a character as several.
    """
    lines = node.value.splitlines() or [""]
    before = "".join(lines[: line - 1]) + (lines[line - 1][: column - 1] if line <= len(lines) else "")
    wanted = len("".join(before.split()))
    first = node.start_mark.line
    written = source.text.splitlines()[first : node.end_mark.line + 1]
    if not written:
        return first + 1, 0
    block = node.style in ("|", ">")
    start = 0 if block else node.start_mark.column + (1 if node.style else 0)
    written[0] = "" if block else " " * start + written[0][start:]  # the indicator's own line, or what stands before the text
    counted = 0
    for number, text in enumerate(written):
        here = [at for at, letter in enumerate(text) if not letter.isspace()]
        if counted + len(here) > wanted:
            return first + number + 1, here[wanted - counted] + 1
        counted += len(here)
    return (first + len(written) if not block else max(first + 1, first + len(lines))), 0


def keys(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    """This will return the nodes of a mapping by key; nothing for anything else."""
    return {str(key.value): value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
