from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from protocord.cli.commands import main
from protocord.criteria import check, parse
from protocord.criteria.functions import FUNCTIONS
from protocord.errors import DocumentProblems
from protocord.exchange.cql import codes, library
from protocord.exchange.cql.characteristics import codable
from protocord.exchange.cql.resources import resources
from protocord.exchange.cql.writer import _NUMBERS, _TRUTHS
from protocord.exchange.mapping import SiteMapping
from protocord.protocol import STUDIES, Protocol, load
from protocord.values import Text

STUDY = load(STUDIES / "nct06848582")


def test_each_criterion_has_its_defines_with_its_id_and_text() -> None:
    text = library.study_library(STUDY)
    for criterion in STUDY.eligibility.criteria:
        for part in ("", " rule", " review"):
            assert text.count(f'define "{criterion.id}{part}":') == 1
        assert f"@criterion: {criterion.id}\n" in text
        assert f"@text: {' '.join(criterion.text.en.split())}" in text


def test_the_writer_knows_every_function_of_the_language() -> None:
    assert set(_TRUTHS) | set(_NUMBERS) == set(FUNCTIONS)


def test_the_helper_library_has_no_placeholder_left_and_qualifies_its_types() -> None:
    text = library.helper_library()
    assert not re.search(r"\$[A-Z]", text)
    assert not re.search(r"returns (Boolean|Integer|Decimal|String|Date|Quantity)\b", text)  # these would be the types of FHIR


@pytest.mark.parametrize(
    ("trap", "caught"),
    [
        (
            r"sort by [^\n]*(as FHIR|\beffective\b|\bid\b)",
            "O sort by (effective as FHIR.dateTime), id",
        ),  # sorts what wraps a value
        (r"\bend of\b", "date from (end of period)"),  # of a period without an end: the last day of all
        (r"\b(AllTrue|AnyTrue)\(", "AllTrue(truths)"),  # leaves out what is unknown
        (r"\bon or (before|after)\b", "where day on or before at"),  # drops what has no date
        (r"(?<![.\w])(Boolean|Integer|Decimal|String|Date|Quantity)\b(?=[,)>:]| \{)", "F(a Boolean): a"),  # the types of FHIR
        (r'Coalesce\([^)]*"(Planned Infusion|Reference Date)"', 'Coalesce("Planned Infusion", at)'),  # unbound is no null there
        (r"\bstarting (?!\()", "aggregate R starting true: R"),
    ],
)
def test_no_pattern_of_a_trap_stands_in_the_text(trap: str, caught: str) -> None:
    assert re.search(trap, caught)
    for text in (library.helper_library(), library.study_library(STUDY)):
        code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        code = "\n".join(line for line in code.splitlines() if not line.startswith("//"))
        assert not re.search(trap, re.sub(r"'[^']*'|(?<=valueset )\"[^\"]*\"", "''", code))


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


def test_the_header_says_what_cql_cannot_repeat_and_which_concepts_no_code_reaches() -> None:
    head = library.study_library(STUDY).split("\nlibrary ")[0]
    for part in ("`review`", "reasons", "first day", "other readings"):
        assert part in head
    assert "//   Able to comply\n" in head
    assert "//   ANC\n" not in head
    mapped = SiteMapping(codes={"s|1": "Able to comply"})
    assert "//   Able to comply\n" not in library.study_library(STUDY, mapped).split("\nlibrary ")[0]


def test_a_text_in_a_tag_neither_ends_the_comment_nor_begins_another_tag() -> None:
    criterion = STUDY.eligibility.criteria[0]
    text = Text("Call */ a@b.org\n@criterion: X", "致电")
    changed = criterion.model_copy(update={"text": text})
    eligibility = STUDY.eligibility.model_copy(update={"criteria": (changed, *STUDY.eligibility.criteria[1:])})
    assert "@text: Call * / a(at)b.org (at)criterion: X\n" in library.study_library(replace(STUDY, eligibility=eligibility))


def test_an_exclusion_criterion_has_a_define_that_says_whether_it_keeps_out() -> None:
    text = library.study_library(excluding("I02"))
    assert 'define "I02 excludes":\n  if "I02 review" is false then "I02 rule" else null' in text
    assert 'define "I02":\n  not "I02 excludes"' in text


def excluding(name: str) -> Protocol:
    """The study with one of its criteria as an exclusion criterion."""
    criteria = tuple(
        one.model_copy(update={"type": "exclusion"}) if one.id == name else one for one in STUDY.eligibility.criteria
    )
    return replace(STUDY, eligibility=STUDY.eligibility.model_copy(update={"criteria": criteria}))


def test_evidence_variable_and_group_carry_the_text_the_define_and_the_flag_of_each_criterion() -> None:
    study = excluding("I02")
    text = library.study_library(study)
    entries = [entry["resource"] for entry in resources(study, text, {"NCT06848582": "{}"})["entry"]]
    helpers, own, variable, group = entries[:4]
    assert base64.b64decode(own["content"][0]["data"]).decode() == text
    assert [one["contentType"] for one in own["content"]] == ["text/cql", "application/elm+json"]
    assert [one["contentType"] for one in helpers["content"]] == ["text/cql"]
    logic = f"{own['url']}|{own['version']}"
    for criterion, of_variable, of_group in zip(
        study.eligibility.criteria, variable["characteristic"], group["characteristic"], strict=True
    ):
        keeps_out = criterion.id == "I02"
        expression = f'"{criterion.id} excludes"' if keeps_out else f'"{criterion.id}"'
        assert of_variable["description"] == f"{criterion.id}: {criterion.text.en}"
        assert criterion.text.zh in str(of_variable["_description"])
        assert of_variable["definitionExpression"] == {"language": "text/cql", "expression": expression, "reference": logic}
        assert of_group["extension"][0]["valueExpression"]["expression"] == expression
        assert of_variable["exclude"] is of_group["exclude"] is keeps_out
    assert group["actual"] is False


@pytest.mark.parametrize(
    ("rule", "codes", "value"),
    [
        ("AgeInYears() <= 18", ["30525-0"], ("<=", 18, "a")),
        ("18 > AgeInYears()", ["30525-0"], ("<", 18, "a")),
        ("Latest(\"ANC\", 7 days) >= 0.5 '10*9/L'", ["751-8"], (">=", 0.5, "10*9/L")),
        ('Has("Bone marrow involvement")', None, True),
        ('Attested("Able to comply")', [], True),
        ('TimesULN("ALT", 7 days) <= 3', [], True),
        ('Has("Bone marrow involvement") and AgeInYears() < 18', [], True),
        ("Latest(\"ANC\", 7 days) != 0.5 '10*9/L'", [], True),
    ],
)
def test_a_group_has_a_code_and_a_limit_where_a_rule_asks_one_thing(rule: str, codes: list[str] | None, value: object) -> None:
    coding, found = codable(check(parse(rule), concepts=STUDY.concepts).plan, STUDY.concepts)
    if codes:
        assert set(codes) <= {one["code"] for one in coding}
    elif codes == []:
        assert not coding
    else:
        assert coding
    if isinstance(value, tuple):
        quantity = found["valueQuantity"]
        assert (quantity["comparator"], quantity["value"], quantity["code"]) == value
    else:
        assert found == {"valueBoolean": value}


# ---- value sets


def test_a_value_set_holds_the_codes_of_its_concept_and_of_all_below_it() -> None:
    sets = library.study_code_sets(STUDY)
    for name, one in sets.of_concepts.items():
        below = {name, *STUDY.concepts.descendants(name)}
        assert set(one.codings) == {code for concept in below for code in STUDY.concepts[concept].codes}
    assert set(sets.of_concepts["Cyclophosphamide"].codings) < set(sets.of_concepts["Chemotherapy"].codings)
    assert set(sets.of_study) == set(STUDY.value_sets)


def test_value_sets_have_addresses_of_their_own_under_the_base_that_is_named() -> None:
    sets = list(library.study_code_sets(STUDY, "https://sponsor.example.org/fhir/"))
    assert len({one.url for one in sets}) == len({one.id for one in sets}) == len(sets)
    for one in sets:
        assert one.url == f"https://sponsor.example.org/fhir/ValueSet/{one.id}"
        assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", one.id)
        assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", one.resource("1")["name"])
    assert "'https://sponsor.example.org/fhir/ValueSet/NCT06848582-anc'" in library.study_library(
        STUDY, base="https://sponsor.example.org/fhir"
    )


def test_a_value_set_names_its_systems_once_and_the_licence_of_each() -> None:
    resource = library.study_code_sets(STUDY).of_concepts["ANC"].resource("1.0.0")
    systems = [one["system"] for one in resource["compose"]["include"]]
    assert len(systems) == len(set(systems))
    assert "http://loinc.org" in systems
    assert "loinc.org/license" in resource["copyright"]


def test_a_rule_names_its_list_by_its_value_set() -> None:
    text = library.study_library(STUDY)
    assert 'P.CodesOf("list soft_tissue_sarcoma")' in text


def test_names_that_make_the_same_id_or_too_long_a_one_are_kept_apart() -> None:
    names = ("A b", "a-b", "…", "x" * 80, "x" * 81)
    ids = codes._ids("STUDY", names)
    assert len(set(ids.values())) == len(names)
    assert all(len(one) <= 64 for one in ids.values())
    assert ids == codes._ids("STUDY", names)
