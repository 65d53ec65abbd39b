"""What one program asks on one day, as small arrays that the machine reads: which facts each leaf looks at, with its days and limits.

Everything that depends on the day, the limits or the study is data here; nothing of it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from protocord.cohort.kernel.compact import Array, Compact
from protocord.cohort.kernel.marks import (
    ABOVE,
    AGES,
    ANYTHING,
    ASKED,
    BY_AGE,
    BY_VALUE,
    BY_YES,
    EVERYTHING,
    HAS,
    IN_ORDER,
    RECOVERED,
    RESULTS,
    SECOND,
    SKIPPED,
    TIMES_LIMIT,
    WHOLE,
)
from protocord.cohort.kernel.outcomes import outcomes
from protocord.cohort.kinds import FALSE, TRUE, UNKNOWN, Kind, Operator
from protocord.cohort.plan.classes import OPERATORS, Classes, cleared_until, opens
from protocord.cohort.plan.program import Leaf, Program
from protocord.concepts import Concepts


class Presence(NamedTuple):
    """Ever and Recorded: for each concept the windows in which its facts count, and for which leaves."""

    concept: Array  # concepts that are asked for
    window_at: Array  # windows of concept k: window_at[k] to window_at[k + 1]
    opens: Array
    day: Array
    unless_no: Array  # whether a value of no means that nothing happened
    entry_at: Array  # entries of a window
    leaf: Array
    certain: Array


class Washouts(NamedTuple):
    """Washout: for each concept the leaves, and the earliest of their bounds."""

    concept: Array
    entry_at: Array
    least: Array  # what is over by then is over for every leaf
    leaf: Array
    certain: Array
    until: Array
    day: Array
    known: Array


class Judged(NamedTuple):
    """Leaves that the latest fact decides, in groups that look at the same facts on one day."""

    takes: Array  # of a group
    opens: Array
    day: Array
    entry_at: Array
    concept: Array
    certain: Array
    leaf_at: Array
    leaf: Array  # of a group's leaf
    mode: Array
    operator: Array
    bound: Array
    back: Array
    row_at: Array  # where the rows of a group begin: for each of its concepts, for each of its leaves
    row: Array  # of `said`, for BY_VALUE
    said: Array  # uint8, rows x values: what each value says


class Grouped(NamedTuple):
    """Leaves that look at all of a person's facts together; `related` holds a square of entries for each leaf."""

    leaf: Array
    kind: Array
    opens: Array
    day: Array
    entry_at: Array
    concept: Array
    certain: Array
    marks: Array
    row: Array  # of `said`, for RECOVERED
    related_at: Array
    related: Array  # uint8


class Needs(NamedTuple):
    """What histories must cover. Windows stand in groups that end on one day, in each group the longest first; a need is a leaf's."""

    closes: Array  # the last day of a group's windows
    group_at: Array
    opens: Array  # the first day of a window
    window: Array  # of each need
    last: Array
    leaf: Array
    concept_at: Array
    concept: Array


class Tables(NamedTuple):
    """All of it."""

    leaves: int
    concepts: int
    presence: Presence
    washouts: Washouts
    judged: Judged
    grouped: Grouped
    needs: Needs


def _ints(these: Iterable[int]) -> Array:
    return np.array(list(these), np.int64)


def _ends(lengths: Iterable[int]) -> Array:
    """Where parts of these lengths begin, and where the last one ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(_ints(lengths), dtype=np.int64)])


@dataclass
class _Asking:
    classes: Classes
    compact: Compact
    rows: list[Array] = field(default_factory=list)
    numbered: dict[object, int] = field(default_factory=dict)
    counts: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)

    def counted(self, asked: str) -> list[tuple[int, bool]]:
        """The concepts whose facts count, and whether surely."""
        if asked not in self.counts:
            self.counts[asked] = list(self.classes.counted(asked))
        return self.counts[asked]

    def row(self, key: object, make: Callable[[], Array]) -> int:
        """The number of a row of `said`, made once for each key."""
        if key not in self.numbered:
            self.numbered[key] = len(self.rows)
            self.rows.append(make())
        return self.numbered[key]

    # ---- what a value says

    def number(self, operator: int, bound: float) -> int:
        """A number compared with a limit; what is no number and could not be one is no candidate."""
        values = self.compact.values

        def make() -> Array:
            said: Array = outcomes(values.low, values.high, values.strict, operator, bound)
            said[(values.kind == Kind.NONE) | (values.kind == Kind.UNUSABLE)] = UNKNOWN
            said[(values.kind == Kind.YES) | (values.kind == Kind.NO) | (values.kind == Kind.CODE)] = SKIPPED
            return said

        return self.row((operator, bound), make)

    def statement(self) -> int:
        """Yes or no."""
        kind = self.compact.values.kind
        return self.row(
            "statement", lambda: np.select([kind == Kind.YES, kind == Kind.NO], [TRUE, FALSE], UNKNOWN).astype(np.uint8)
        )

    def code(self, leaf: Leaf, concept: int) -> int:
        """A code in the value set, or readable and not in it."""
        pattern = self.classes.concepts[self.classes.numbering.ids[concept]].code_pattern
        listed = frozenset(leaf.arguments[1])

        def make() -> Array:
            of_code = [
                TRUE if code in listed else FALSE if pattern is None or pattern.fullmatch(code) else UNKNOWN
                for code in self.compact.codes
            ]
            said = np.array([*of_code, UNKNOWN], np.uint8)[self.compact.values.code]
            return np.where(self.compact.values.kind == Kind.CODE, said, UNKNOWN).astype(np.uint8)

        return self.row((listed, pattern), make)

    # ---- leaves

    def presence(self) -> Presence:
        windows: dict[int, dict[tuple[int, int, bool], list[tuple[int, bool]]]] = {}
        for place, leaf in self.classes.leaves("Ever", "Recorded"):
            window = (opens(leaf) if leaf.function == "Recorded" else opens(leaf, 9), leaf.day, leaf.function == "Ever")
            for concept, certain in self.counted(leaf.arguments[0]):
                windows.setdefault(concept, {}).setdefault(window, []).append((place, certain))
        each = [window for asked in windows.values() for window in asked.items()]
        entries = [entry for _, found in each for entry in found]
        return Presence(
            _ints(windows), _ends(len(asked) for asked in windows.values()), _ints(key[0] for key, _ in each), _ints(key[1] for key, _ in each),
            _ints(key[2] for key, _ in each), _ends(len(found) for _, found in each), _ints(one[0] for one in entries), _ints(one[1] for one in entries),
        )  # fmt: skip

    def washouts(self) -> Washouts:
        found: dict[int, list[tuple[int, ...]]] = {}
        for place, leaf in self.classes.leaves("Washout"):
            until = cleared_until(leaf.arguments[1], leaf.day)
            for concept, certain in self.counted(leaf.arguments[0]):
                found.setdefault(concept, []).append((place, certain, until, leaf.day, leaf.known))
        entries = [entry for several in found.values() for entry in several]
        columns = [_ints(entry[k] for entry in entries) for k in range(5)]
        least = _ints(min(entry[2] for entry in several) for several in found.values())
        return Washouts(_ints(found), _ends(len(several) for several in found.values()), least, *columns)

    def judged(self) -> Judged:
        groups: dict[tuple[int, str, int, int], list[tuple[int, Leaf]]] = {}
        for place, leaf in self.classes.leaves("Latest", "TimesULN", "Attested", "CodeIn", "AgeInYearsAt"):
            takes = {"Latest": RESULTS, "TimesULN": RESULTS, "AgeInYearsAt": AGES}.get(leaf.function, ANYTHING)
            opened = opens(leaf, 9 if leaf.function in ("CodeIn", "AgeInYearsAt") else 1)
            groups.setdefault((takes, leaf.arguments[0], opened, leaf.day), []).append((place, leaf))
        entries = [self.counted(asked) for _, asked, _, _ in groups]
        leaves = [one for several in groups.values() for one in several]
        modes = {"TimesULN": TIMES_LIMIT, "AgeInYearsAt": BY_AGE}
        rows = [
            self._row(leaf, concept)
            for several, counted in zip(groups.values(), entries, strict=True)
            for concept, _ in counted
            for _, leaf in several
        ]
        return Judged(
            _ints(key[0] for key in groups), _ints(key[2] for key in groups), _ints(key[3] for key in groups),
            _ends(map(len, entries)), _ints(one for counted in entries for one, _ in counted), _ints(sure for counted in entries for _, sure in counted),
            _ends(map(len, groups.values())), _ints(place for place, _ in leaves), _ints(modes.get(leaf.function, BY_VALUE) for _, leaf in leaves),
            _ints(_operator(leaf) for _, leaf in leaves), np.array([_bound(leaf) for _, leaf in leaves], np.float64),
            _ints(_back(leaf) for _, leaf in leaves),
            _ends(len(counted) * len(several) for several, counted in zip(groups.values(), entries, strict=True)), _ints(rows),
            np.empty((0, 0), np.uint8),
        )  # fmt: skip

    def _row(self, leaf: Leaf, concept: int) -> int:
        """The row of `said` for a leaf and a concept whose facts count for it."""
        match leaf.function:
            case "Latest":
                return self.number(_operator(leaf), _bound(leaf))
            case "Attested":
                return self.statement()
            case "CodeIn":
                return self.code(leaf, concept)
            case _:
                return 0

    def grouped(self) -> Grouped:
        leaves: list[tuple[int, int, int, int, int]] = []
        entries: list[list[tuple[int, bool, int]]] = []
        squares: list[Array] = []
        for place, leaf in self.classes.leaves("Has", "RecoveredTo", "OnOrBefore"):
            kind = {"Has": HAS, "RecoveredTo": RECOVERED, "OnOrBefore": IN_ORDER}[leaf.function]
            opened = opens(leaf) if kind == HAS else opens(leaf, 9)
            row = self.number(int(Operator.AT_MOST), float(leaf.arguments[1])) if kind == RECOVERED else 0
            own = list(self._marked(leaf, kind))
            leaves.append((place, kind, opened, leaf.day, row))
            entries.append(own)
            squares.append(self._square(leaf, kind, own))
        flat = [entry for several in entries for entry in several]
        columns = [_ints(one[k] for one in leaves) for k in range(5)]
        related = np.concatenate([np.zeros(0, np.uint8), *(square.ravel() for square in squares)])
        concept, certain, marks = (_ints(entry[k] for entry in flat) for k in range(3))
        leaf_at, kinds, opened_at, days, rows = columns
        return Grouped(
            leaf_at, kinds, opened_at, days, _ends(map(len, entries)), concept, certain, marks, rows,
            _ends(square.size for square in squares), related,
        )  # fmt: skip

    def _marked(self, leaf: Leaf, kind: int) -> Iterator[tuple[int, bool, int]]:
        """The entries of a leaf: concept, whether it surely counts, marks."""
        concepts, ids = self.classes.concepts, self.classes.numbering.ids
        asked = leaf.arguments[0]
        above = concepts.ancestors(asked) | {asked}
        for second in (0, 1) if kind == IN_ORDER else (0,):
            for concept, certain in self.counted(leaf.arguments[second]):
                name = ids[concept]
                marks = SECOND * second + BY_YES * self.classes.is_answered_by_yes(concept) + ABOVE * (name in above)
                yield concept, certain, marks + ASKED * (name == asked) + WHOLE * bool(concepts.descendants(name))

    def _square(self, leaf: Leaf, kind: int, entries: list[tuple[int, bool, int]]) -> Array:
        """HAS: whether a denial of the second denies the first; RECOVERED: whether both may be the same toxicity."""
        if kind == IN_ORDER:
            return np.zeros((0, 0), np.uint8)
        concepts, ids = self.classes.concepts, self.classes.numbering.ids
        names = [ids[concept] for concept, _, _ in entries]
        if kind == RECOVERED:
            own = [concepts.descendants(name) | {name} for name in names]
            return np.array([[not one.isdisjoint(other) for other in own] for one in own], np.uint8)
        above = []
        for name, (_, certain, _) in zip(names, entries, strict=True):
            more = set() if certain else set(concepts.ancestors(leaf.arguments[0])) | {leaf.arguments[0]}
            above.append(set(concepts.ancestors(name)) | {name} | more)
        return np.array([[name in one for name in names] for one in above], np.uint8)

    def needs(self) -> Needs:
        asked = self.classes.needs()
        windows = sorted({(last, first) for _, _, first, last in asked})
        closes = sorted({last for last, _ in windows})
        place = {window: number for number, window in enumerate(windows)}
        return Needs(
            _ints(closes), _ends(sum(last == one for last, _ in windows) for one in closes), _ints(first for _, first in windows),
            _ints(place[last, first] for _, _, first, last in asked), _ints(last for *_, last in asked), _ints(leaf for leaf, *_ in asked),
            _ends(len(names) + 1 for _, names, _, _ in asked), _ints(one for _, names, _, _ in asked for one in (*names, EVERYTHING)),
        )  # fmt: skip


def _operator(leaf: Leaf) -> int:
    return int(OPERATORS[leaf.operator]) if leaf.operator else 0


def _bound(leaf: Leaf) -> float:
    return 0.0 if leaf.limit is None else float(leaf.limit)


def _back(leaf: Leaf) -> int:
    """How many days before the fact an age is asked for."""
    before = leaf.arguments[1] if leaf.function == "AgeInYearsAt" and len(leaf.arguments) > 1 else None
    return before.days if before else 0


def tables(program: Program, concepts: Concepts, compact: Compact) -> Tables:
    """This will return what a program asks of a store's facts."""
    asking = _Asking(Classes(program, concepts), compact)
    judged, grouped = asking.judged(), asking.grouped()
    size = compact.values.kind.size
    said = np.stack(asking.rows) if asking.rows else np.zeros((1, size), np.uint8)
    return Tables(
        len(program.leaves), len(concepts), asking.presence(), asking.washouts(), judged._replace(said=said), grouped, asking.needs(),
    )  # fmt: skip
