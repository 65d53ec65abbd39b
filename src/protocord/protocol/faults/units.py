"""Units that UCUM does not know, wherever a document states one."""

from __future__ import annotations

from collections.abc import Iterable

from protocord.concepts.documents import did_you_mean
from protocord.errors import Problem
from protocord.protocol.reading import Sources, scalar

_STATED: tuple[tuple[str, str], ...] = (
    ("dosing", "dose.unit"),
    ("dosing", "volume.*.unit"),
    ("dosing", "release_tests.*.limit.unit"),
    ("dosing", "premedication.*.dose.unit"),
    ("dosing", "premedication.*.at_most_unit"),
    ("dosing", "lymphodepletion.medicines.*.dose.unit"),
    ("dosing", "lymphodepletion.medicines.*.at_most_unit"),
    ("safety", "dlt.events.*.any_of.*.unit"),
    ("kinetics", "analytes.*.unit"),
    ("assumptions", "assumptions.*.unit"),
    ("forms", "sections.*.items.*.units.*"),
)
# Units that studies state without a concept. They are known beforehand because the library that reads any other takes a second to
# import; a test holds this list against that library.
COMMON = frozenset(
    {
        "1", "%", "min", "h", "d", "wk", "mo", "a", "/h", "/d", "/wk", "/mo", "/a", "mg", "g", "ug", "kg", "mL", "L", "mm", "cm", "mm2",
        "mg/kg", "ug/kg", "g/kg", "mL/kg", "mg/m2", "[IU]/kg", "mg/kg/d", "mg/m2/d", "/kg", "10*5/kg", "10*6/kg", "10*7/kg", "10*8/kg",
        "/mL", "10*5/mL", "10*6/mL", "10*7/mL", "10*6", "10*7", "10*8", "10*9", "[EU]/mL", "[EU]/kg/h", "{CFU}", "{MFI}", "{score}", "{grade}",
        "{copies}/ug", "{cells}/uL", "/uL", "10*9/L", "pg/mL", "ng/mL", "ug/L", "mg/L", "g/L", "Gy",
    }
)  # fmt: skip


def unit_faults(sources: Sources, accepted: Iterable[str], problems: list[Problem]) -> None:
    """This will note every unit that neither a concept accepts nor UCUM knows."""
    known = COMMON.union(accepted)
    for document, pattern in _STATED:
        for name, source in sources.documents.items():
            if name != document and not (document == "forms" and name.startswith("forms/")):
                continue
            for loc, node in source.find(pattern):
                unit = scalar(node)
                if unit is None or unit in known:
                    continue
                from protocord.concepts.units import ucum_fault  # only where a unit is not known beforehand: see COMMON

                fault = ucum_fault(unit)
                if fault:
                    hint = did_you_mean(unit, known) or "UCUM minds letter case: see ucum.org."
                    problems.append(Problem(source.place(loc), f"{unit!r} is not a UCUM unit: {fault}.", hint))
