"""A hospital's own mapping file."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocord import concepts
from protocord.errors import DocumentProblems
from protocord.exchange.mapping import SiteMapping, read_mapping

CONCEPTS = concepts.load()


def test_all_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    file.write_text(
        'codes:\n  "NEUT#": ANC\n  "a|b": ANCC\nunits: {"x10^9/L": 10^9/l}\nranges_are_age_specific: perhaps\n'
        'coverage: {"a|c": Chemotherpy, "a|c": Chemotherapy}\nunit: {}\n',
        "utf-8",
    )
    with pytest.raises(DocumentProblems) as raised:
        read_mapping(file, CONCEPTS)
    assert [str(problem).replace(f"{file}:", "") for problem in raised.value.problems] == [
        "2: codes: 'NEUT#' does not name its system. Write 'system|NEUT#', or '|NEUT#' where none is sent.",
        "3: codes: there is no concept 'ANCC'. Did you mean 'ANC'?",
        "4: units: no concept accepts the unit '10^9/l'. Write the UCUM unit of the concept.",
        "5: ranges_are_age_specific: 'perhaps' is neither yes nor no. Write true or false.",
        "6: coverage: the key 'a|c' stands twice. Keep one of the two.",
        "7: the key 'unit' is not known here. Did you mean 'units'?",
    ]


def test_an_empty_file_maps_nothing(tmp_path: Path) -> None:
    file = tmp_path / "hospital.yaml"
    file.write_text("# nothing yet\n", "utf-8")
    assert read_mapping(file, CONCEPTS) == SiteMapping()
