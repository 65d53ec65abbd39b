"""States of subjects, folded from their chains; a chain is folded once in a process and then only its new entries are.

What is remembered is keyed by the hash of the chain's last entry, so it cannot be stale, whatever other processes write and
whatever transaction is rolled back: another chain has another hash.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from protocord import conduct
from protocord.conduct import StudyState, SubjectLine, SubjectState
from protocord.ledger import Entry
from protocord.store import record
from protocord.store.models import SubjectRow

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Folded:
    """A subject's state and the entry that it ends with."""

    state: SubjectState
    last: Entry


class _Memory:
    """The states last used, the least recently used forgotten first. Shared by the threads of a server."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Folded] = OrderedDict()
        self._lock = Lock()

    def get(self, study: str, subject: str) -> Folded | None:
        with self._lock:
            found = self._kept.get((study, subject))
            if found is not None:
                self._kept.move_to_end((study, subject))
            return found

    def put(self, study: str, subject: str, folded: Folded) -> None:
        with self._lock:
            self._kept[study, subject] = folded
            self._kept.move_to_end((study, subject))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_memory = _Memory()


def remember(folded: Folded) -> None:
    """This will keep a state for the next question; only a state that was committed, or will be, is worth keeping."""
    _memory.put(folded.state.study, folded.state.id, folded)


def forget_all() -> None:
    """This will empty the memory, as a new process would find it."""
    _memory.clear()


def at_head(study: str, subject: str, position: int, hash_: str) -> Folded | None:
    """This will return the state at a chain's head (as read, and where writing locked, by the caller); None for an empty chain."""
    if position == 0:
        return None
    known = _memory.get(study, subject)
    if known is not None and known.last.hash == hash_:
        return known
    return _catch_up(known, record.chain(study, subject))


def state(study: str, subject: str) -> SubjectState | None:
    """This will return the subject's state now, or None where there is no such chain."""
    head = record.head_of(study, subject)
    folded = at_head(study, subject, *head) if head else None
    return folded.state if folded else None


def state_as_of(study: str, subject: str, moment: datetime) -> SubjectState | None:
    """This will return the state after the entries made up to `moment` (UTC, inclusive), or None before the first."""
    return conduct.fold(record.chain(study, subject, until=moment))


def states(study: str, subjects: Iterable[str]) -> Mapping[str, SubjectState]:
    """This will return the states of many subjects, with two queries at most."""
    wanted = set(subjects)
    heads = {head.subject: head for head in record.heads(study) if head.subject in wanted}
    found: dict[str, SubjectState] = {}
    cold: list[str] = []
    for name, head in heads.items():
        assert name is not None
        known = _memory.get(study, name)
        if known is not None and known.last.hash == head.hash:
            found[name] = known.state
        else:
            cold.append(name)
    for name, entries in record.chains(study, cold).items():
        folded = _catch_up(None, entries)
        if folded is not None:
            found[name] = folded.state
    return found


def study_state(study: str) -> StudyState:
    """This will return the study's subjects as numbering and caps count them, from the projection."""
    rows = SubjectRow.objects.filter(study=study).values_list("subject", "site", "status", "enrolled_on")
    return StudyState(
        study,
        {
            subject: SubjectLine(site, conduct.Status(status), enrolled_on is not None)
            for subject, site, status, enrolled_on in rows
        },
    )


def _catch_up(known: Folded | None, entries: tuple[Entry, ...]) -> Folded | None:
    """This will fold what is new; when the known state is not in this chain (rolled back, restored) all of it."""
    if not entries:
        return None
    begin = next((number for number, entry in enumerate(entries, 1) if known is not None and entry.hash == known.last.hash), 0)
    folded = conduct.fold(entries[begin:], known.state if begin and known is not None else None)
    assert folded is not None
    result = Folded(folded, entries[-1])
    remember(result)
    return result
