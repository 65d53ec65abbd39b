"""Lay text out in columns, in a terminal where a Chinese character is two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

WIDTH = 100  # columns; the widest line that any command prints of its own

_NEVER_STARTS_A_LINE = "，。；：、！？）】》”’％,.;:!?)]}%"
_NEVER_ENDS_A_LINE = "（【《“‘([{"


def width(text: str) -> int:
    """This will return the number of terminal columns that `text` takes (East Asian wide characters take two)."""
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def pad(text: str, columns: int) -> str:
    """This will fill `text` with spaces to `columns`; text already wider is left whole."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """This will break `text` into lines of at most `columns`: at spaces, and between Chinese characters.

    A single word wider than `columns` stands alone on its line, whole: a cut-off code or path is worth nothing.
    """
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for piece in _pieces(paragraph):
            if line and width(line) + width(piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


def hanging(text: str, *, first: str, columns: int = WIDTH) -> list[str]:
    """This will wrap `text` behind the prefix `first`, the later lines indented by the prefix's width."""
    indent = " " * width(first)
    lines = wrap(text, columns - width(first))
    return [(first + lines[0]).rstrip(), *((indent + line).rstrip() for line in lines[1:])]


def table(
    rows: Iterable[Sequence[str]], *, indent: str = "", gap: str = "  ", columns: int = WIDTH, widest: Sequence[int] = ()
) -> list[str]:
    """This will align the rows' cells in columns; the last column takes what room is left, and each cell wraps in its own.

    `widest` limits the first columns; a column without a limit is as wide as its widest cell.
    """
    cells = [list(row) for row in rows]
    if not cells:
        return []
    last = max(len(row) for row in cells) - 1
    widths = [max((width(row[at]) for row in cells if len(row) > at), default=0) for at in range(last)]
    widths = [min(found, limit) for found, limit in zip_longest(widths, widest[:last], fillvalue=columns)]
    widths.append(columns - width(indent) - sum(width(gap) + found for found in widths))
    lines: list[str] = []
    for row in cells:
        filled = row + [""] * (last + 1 - len(row))
        wrapped = [wrap(cell, room) for cell, room in zip(filled, widths, strict=True)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            lines.append((indent + gap.join(pad(part, room) for part, room in zip(parts, widths, strict=True))).rstrip())
    return lines


def _pieces(paragraph: str) -> Iterator[str]:
    """The smallest parts between which a line may break; each carries the spaces that follow it."""
    piece = ""
    for at, character in enumerate(paragraph):
        piece += character
        following = paragraph[at + 1] if at + 1 < len(paragraph) else ""
        if following and _may_break(character, following):
            yield piece
            piece = ""
    if piece:
        yield piece


def _may_break(before: str, after: str) -> bool:
    if after == " ":
        return False
    if before == " ":
        return True
    if after in _NEVER_STARTS_A_LINE or before in _NEVER_ENDS_A_LINE:
        return False
    return unicodedata.east_asian_width(before) in "WF" or unicodedata.east_asian_width(after) in "WF"
