"""Runs a clinical trial from its protocol.

>>> import protocord
>>> protocol = protocord.load(protocord.STUDIES / "nct06848582")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from protocord.eligibility import screen, timeline
    from protocord.errors import DocumentProblems, LedgerProblems, Problem, ProblemsFound, Refused, SubjectProblems
    from protocord.protocol import STUDIES, Protocol, load
    from protocord.protocol.subjects import read_subject
    from protocord.schedule import plan
    from protocord.values.facts import SubjectRecord

__version__ = "0.1.0"

__all__ = [
    "STUDIES",
    "DocumentProblems",
    "LedgerProblems",
    "Problem",
    "ProblemsFound",
    "Protocol",
    "Refused",
    "SubjectProblems",
    "SubjectRecord",
    "load",
    "plan",
    "read_subject",
    "screen",
    "timeline",
]

# Each public name and the module that has it: loaded when first asked for, so that `import protocord` costs nothing.
_HOMES = {
    "DocumentProblems": "protocord.errors",
    "LedgerProblems": "protocord.errors",
    "Problem": "protocord.errors",
    "ProblemsFound": "protocord.errors",
    "Protocol": "protocord.protocol",
    "Refused": "protocord.errors",
    "STUDIES": "protocord.protocol",
    "SubjectProblems": "protocord.errors",
    "SubjectRecord": "protocord.values.facts",
    "load": "protocord.protocol",
    "plan": "protocord.schedule",
    "read_subject": "protocord.protocol.subjects",
    "screen": "protocord.eligibility",
    "timeline": "protocord.eligibility",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        message = f"module 'protocord' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
