"""However a bundle, a facts file or a mapping is damaged, the reader answers with problems, never with a traceback."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocord import concepts
from protocord.errors import Place, Problem, SubjectProblems
from protocord.exchange.fhir import Imported, from_bundle
from protocord.exchange.mapping import read_mapping
from protocord.protocol.subjects import subject_from_data
from protocord.values import SubjectRecord

HERE = Path(__file__).parent
CONCEPTS = concepts.load()
MAPPING = read_mapping(HERE / "hospital.yaml", CONCEPTS)
CHILD = json.loads((HERE / "child.json").read_text("utf-8"), parse_float=Decimal)
FACTS = {
    "subject": "A",
    "facts": [
        {
            "concept": "ANC",
            "value": "1.10",
            "unit": "10*9/L",
            "date": "2025-06-05",
            "range": {"low": "1.2", "high": "7", "age": [2, 6]},
        },
        {"concept": "Vincristine", "start": "2025-06", "ongoing": True},
        {"concept": "Sex", "code": "female"},
        {"concept": "Guardian consent", "value": "yes", "date": "2025-06-10"},
    ],
    "histories": [{"concept": "Chemotherapy", "since": "birth", "until": "2025-06"}],
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.sampled_from(
        ["", "x", "2025-02-30", "2025-06-05", "Patient", "Observation", "<1", "1,5", "yes", "unknown", "ANC", "a", "mo"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["code", "value", "start", "concept", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(deeper for key, child in children for deeper in places(child, (*path, key)))]


def damaged(data: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    broken = copy.deepcopy(data)
    parent = broken
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = junk
    return broken


def well_said(problem: Problem) -> bool:
    return bool(problem.what.strip()) and problem.what.rstrip().endswith(".")


def read(bundle: Any) -> tuple[Imported | None, tuple[Problem, ...]]:
    try:
        return from_bundle(bundle, concepts=CONCEPTS, mapping=MAPPING), ()
    except SubjectProblems as refused:
        return None, refused.problems


@given(st.sampled_from(places(CHILD)), JUNK)
def test_a_damaged_bundle_is_read_or_refused_in_words(path: tuple[Any, ...], junk: Any) -> None:
    imported, problems = read(damaged(CHILD, path, junk))
    assert bool(problems) == (imported is None)
    assert all(well_said(problem) for problem in problems)
    if imported is not None:
        assert SubjectRecord.from_data(json.loads(json.dumps(imported.record.as_data()))) == imported.record
        ids = [fact.id for fact in imported.record.facts]
        assert len(ids) == len(set(ids))


@given(st.sampled_from(places(FACTS)[1:]), JUNK)
def test_damaged_facts_are_read_or_told_in_words(path: tuple[Any, ...], junk: Any) -> None:
    record, problems = subject_from_data(damaged(FACTS, path, junk), place=Place("examples.yaml", 3, "V01"))
    assert all(well_said(problem) and problem.place.file == "examples.yaml" for problem in problems)
    assert SubjectRecord.from_data(json.loads(json.dumps(record.as_data()))) == record
