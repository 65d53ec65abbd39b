"""A study's own concepts: read beside the shipped ones, checked as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from protocord import concepts
from protocord.errors import DocumentProblems

GOOD = "- {id: Serum amyloid A, kind: measurement, name: {en: Serum amyloid A, zh: 血清淀粉样蛋白 A}, unit: mg/L, units: {mg/dL: '10'},"
GOOD += " source: convention, citation: ours}\n"


def record(**changed: str) -> str:
    usual = {
        "id": "Mine",
        "kind": "condition",
        "name": "{en: mine, zh: 我的}",
        "source": "convention",
        "citation": "ours",
    } | changed
    return "- {" + ", ".join(f"{key}: {value}" for key, value in usual.items() if value) + "}\n"


def problems_of(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "concepts.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(DocumentProblems) as raised:
        concepts.load(file)
    return [str(problem).replace(f"{file}:", "") for problem in raised.value.problems]


def test_a_studys_own_concepts_join_the_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "concepts.yaml"
    file.write_text(GOOD + record(id="Myelofibrosis drug", kind="exposure", is_a="[Tyrosine kinase inhibitor]"), "utf-8")
    found = concepts.load(file)
    assert len(found) == len(concepts.load()) + 2
    assert "Non-chemotherapy anticancer therapy" in found.ancestors("Myelofibrosis drug")
    assert "Myelofibrosis drug" in found.descendants("Anticancer therapy")
    assert "Myelofibrosis drug" not in concepts.load(), "the shipped concepts stay as they are"


def test_the_shipped_concepts_are_read_once() -> None:
    assert concepts.load() is concepts.load()


def test_a_file_may_give_defaults_for_its_records(tmp_path: Path) -> None:
    file = tmp_path / "concepts.yaml"
    file.write_text(
        "defaults: {kind: exposure, source: convention, citation: ours}\nconcepts:\n- {id: New drug, name: {en: new drug, zh: 新药}}\n"
        "- {id: Other, kind: procedure, name: {en: other, zh: 其他}}\n",
        "utf-8",
    )
    found = concepts.load(file)
    assert (found["New drug"].kind, found["Other"].kind, found["Other"].citation) == ("exposure", "procedure", "ours")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (record(kind="conditio"), "1: Mine: 'conditio' is not a kind of concept. Did you mean 'condition'?"),
        (record(name="{en: mine}"), "1: Mine: the key 'zh' is missing. Add 'zh'."),
        (record(name="{en: mine, zh: }"), "1: Mine: the name in zh is empty. Write the name."),
        (record(source="registri"), "1: Mine: 'registri' is not a source. Did you mean 'registry'?"),
        (record(source=""), "1: Mine: the concept has no 'source'. Add 'source'."),
        (record(citation=""), "1: Mine: the concept has no 'citation'. Add 'citation'."),
        (record(kinds="condition"), "1: the key 'kinds' is not known here. Did you mean 'kind'?"),
        (record(kind="measurement"), "1: Mine: a measurement needs its unit."),
        (record(kind="score"), "for example {score}."),
        (record(unit="mg/L"), "1: Mine: a concept of kind condition has no unit, units or plausible range."),
        (
            record(values="{a: {en: a, zh: 甲}}"),
            "1: Mine: only a coded concept has values, a value set or a code pattern; this is a condition.",
        ),
        (
            record(is_a="[Liver metastases]"),
            "1: Mine: its parent 'Liver metastases' does not exist. Did you mean 'Liver metastasis'?",
        ),
        (record(is_a="[Vincristine]"), "1: Mine: its kind is condition, that of its parent 'Vincristine' exposure."),
        (record(id="ANC"), "1: ANC: the concept stands already at"),
        (record(codes="{snomed: ['27503000']}"), "the code 27503000 (http://snomed.info/sct) already means 'Gilbert syndrome'"),
        (record(codes="{snowmed: ['1']}"), "1: Mine: the key 'snowmed' is not known here. Did you mean 'snomed'?"),
        (record(kind="measurement", unit="mg/L", units="{mg/dL: ten}"), "1: Mine: 'ten' is not a number"),
        (record(kind="measurement", unit="mg/L", units="{mg/dL: '-1'}"), "1: Mine: the factor of 'mg/dL' must be above 0."),
        (record(kind="measurement", unit="mg/L", units="{mg/dL: '<1'}"), "1: Mine: <1 is not one number."),
        (record(kind="measurement", unit="mg/L", units="{mg/L: '1'}"), "1: Mine: 'mg/L' is the standard unit; its factor is 1."),
        (record(kind="measurement", unit="mg/L", plausible="{low: '5', high: '5'}"), "1: Mine: the plausible range is empty"),
        (record(kind="measurement", unit="mg/L", is_a="[ALT]"), "1: Mine: its unit is mg/L, that of its parent 'ALT' U/L."),
        (record(kind="coded", code_pattern="'['"), "1: Mine: the code pattern cannot be read"),
        (record(kind="measurement", unit="mgs/L"), "1: Mine: 'mgs/L' is not a UCUM unit: it cannot be read from character"),
        (record(kind="measurement", unit="mg/L", units="{mg/DL: '1'}"), "1: Mine: 'mg/DL' is not a UCUM unit"),
        (
            record(id="A", is_a="[B]") + record(id="B", is_a="[A]"),
            "1: A: it is its own ancestor: A > B > A. Take one of these `is_a` out.",
        ),
        (record(is_a="[Mine]"), "1: Mine: it is its own ancestor: Mine > Mine."),
        ("defaults: {kind: exposure}\n", "1: the key 'concepts' is missing."),
        ("- [", "this is not well-formed"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    found = problems_of(tmp_path, text)
    assert any(said in problem for problem in found), found


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    assert len(problems_of(tmp_path, record(kind="conditio", source="registri") + record(id="Yours", is_a="[Nobody]"))) == 3


def test_a_unit_that_no_shipped_concept_lists_is_accepted_when_ucum_knows_it(tmp_path: Path) -> None:
    file = tmp_path / "concepts.yaml"
    file.write_text(record(kind="measurement", unit="kat/dm3"), "utf-8")
    assert concepts.load(file)["Mine"].unit == "kat/dm3"


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentProblems, match="there is no such file"):
        concepts.load(tmp_path / "concepts.yaml")


def test_the_unit_parser_is_not_loaded_for_units_that_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "concepts.yaml"
    file.write_text(GOOD, "utf-8")
    script = (
        f"import sys, pathlib, protocord.concepts as c; c.load(pathlib.Path({str(file)!r})); sys.exit('ucumvert' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
