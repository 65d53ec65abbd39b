from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from protocord.cli.commands import main
from protocord.criteria import check, parse
from protocord.criteria.functions import FUNCTIONS
from protocord.errors import DocumentProblems
from protocord.exchange.cql import library
from protocord.exchange.cql.elm import translated
from protocord.exchange.cql.resources import resources
from protocord.protocol import STUDIES, load

STUDY = load(STUDIES / "nct06848582")


def test_each_criterion_has_its_defines_with_its_id_and_text() -> None:
    text = library.study_library(STUDY)
    for criterion in STUDY.eligibility.criteria:
        for part in ("", " rule", " review"):
            assert text.count(f'define "{criterion.id}{part}":') == 1
        assert f"@criterion: {criterion.id}\n" in text
        assert f"@text: {' '.join(criterion.text.en.split())}" in text


def test_the_writer_knows_every_function_of_the_language() -> None:
    assert set(library._TRUTHS) | set(library._NUMBERS) == set(FUNCTIONS)


def test_the_helper_library_has_no_placeholder_left_and_qualifies_its_types() -> None:
    text = library.helper_library()
    assert not re.search(r"\$[A-Z]", text)
    assert not re.search(r"returns (Boolean|Integer|Decimal|String|Date|Quantity)\b", text)  # these would be the types of FHIR


def test_the_same_study_is_written_in_the_same_way() -> None:
    assert library.study_library(STUDY) == library.study_library(load(STUDIES / "nct06848582"))


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ('Latest("ALT", 7 days) > Latest("AST", 7 days)', "both asked of the child"),
        ("Latest(\"ALT\", 7 days) > 1.000000001 'U/L'", "eight decimal places"),
    ],
)
def test_what_cql_cannot_repeat_is_refused_by_name(rule: str, what: str) -> None:
    checked = check(parse(rule), concepts=STUDY.concepts)
    with pytest.raises(DocumentProblems) as found:
        library.rules_library("Rules", {"liver": checked}, STUDY.concepts)
    assert [what in str(problem) for problem in found.value.problems] == [True]
    assert str(found.value.problems[0]).startswith("liver")


def test_the_resources_hold_the_text_and_name_one_define_a_criterion() -> None:
    text = library.study_library(STUDY)
    helpers, own, variable, group = (entry["resource"] for entry in resources(STUDY, text, {"NCT06848582": "{}"})["entry"])
    assert base64.b64decode(own["content"][0]["data"]).decode() == text
    assert [one["contentType"] for one in own["content"]] == ["text/cql", "application/elm+json"]
    assert own["relatedArtifact"][0]["resource"] == f"{helpers['url']}|{helpers['version']}"
    named = [one["definitionExpression"]["expression"] for one in variable["characteristic"]]
    assert named == [f'"{one.id}"' for one in STUDY.eligibility.criteria]
    assert group["actual"] is False


def test_the_command_writes_the_libraries_and_the_resources(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "cql", "nct06848582", "--out", str(tmp_path / "cql")])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "cql").iterdir()) == [
        "NCT06848582.cql",
        "ProtocordHelpers.cql",
        "resources.json",
    ]


def test_the_export_of_a_ledger_still_asks_for_its_database(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["export", "nct06848582", str(tmp_path / "study.jsonl")], env={"PROTOCORD_DATABASE_URL": ""})
    assert done.exit_code == 2
    assert "--database" in done.output


def test_a_folder_without_the_translator_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DocumentProblems, match="npm install"):
        translated({}, tmp_path)
